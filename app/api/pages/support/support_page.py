"""The page of a support link: what was decided and why, a form to contest or justify, and what became of it.

Mail scanners open links too: a GET changes nothing, and only the forms of the page act. The token in the address is all
that opens it, and nothing else acts with it: there is no session that another site could use.
"""

from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.api.http.fields.field_types import Motive
from app.api.http.problems.validation_problems import field_problems
from app.api.pages.page_rendering import private_response, render_page
from app.api.pages.page_requests import service_of
from app.api.pages.personal_link_pages import (
    PERSONAL_PAGE_CSP,
    back_to_page,
    is_rate_limited,
    rate_limited_page,
    read_fields,
    unknown_link_page,
)
from app.api.pages.support.support_page_words import (
    NEXT_ATTEMPT_LABELS,
    decision_shown,
    links_shown,
    matter_label,
    page_heading,
    request_shown,
    subject_facts,
)
from app.use_cases.registrations.support_links import SupportSubject, subject_of_token
from app.use_cases.support.ask_through_support_link import ask, withdraw
from app.use_cases.support.support_page_contents import Matter, SupportPage, support_page_of
from app.wording.dates import format_day

TEXT: TypeAdapter[str] = TypeAdapter(Motive)
TEXT_MISSING = "Écrivez ce que vous demandez, et pourquoi."
MATTER_MISSING = "Choisissez ce que vous demandez."


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form held: the text, the name of the matter, and a sentence for each field that is wrong."""

    text: str = ""
    matter: str | None = None
    errors: dict[str, str] = field(default_factory=dict[str, str])


EMPTY = Filled()


async def _show_page(request: Request) -> Response:
    page = await _read_page(request)
    return unknown_link_page(request) if page is None else _support_page(request, page)


async def _submit(request: Request) -> Response:
    """Do what a form says and redirect to the page; an error is said beside its field, and the text is kept."""
    page = await _read_page(request)
    if page is None:
        return unknown_link_page(request)
    fields = None if page.is_expired else await read_fields(request)
    if fields is None:
        return _support_page(request, page)
    service, now, request_id = service_of(request), service_of(request).clock(), request.scope["request_id"]
    if (withdrawn := _id_in(fields.get("withdraw", ""))) is not None:
        await withdraw(service.database, page, withdrawn, request_id, now)
        return back_to_page(request)
    if not page.matters:
        return back_to_page(request)
    matter, filled = _read_filled(page, fields)
    if matter is None or filled.errors:
        return _support_page(request, page, filled)
    await ask(service.database, page, matter, filled.text, request_id, now)
    return back_to_page(request)


async def _read_page(request: Request) -> SupportPage | None:
    service = service_of(request)
    found = subject_of_token(request.path_params["token"], service.secrets)
    return await support_page_of(service.database, *found, service.clock()) if found is not None else None


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _read_filled(page: SupportPage, fields: dict[str, str]) -> tuple[Matter | None, Filled]:
    """What is asked, None when the form does not say it, and what it held, with its errors."""
    text, name = fields.get("text", ""), fields.get("matter")
    matter, errors = page.matter(name), dict[str, str]()
    if matter is None:
        errors["matter"] = MATTER_MISSING
    try:
        text = TEXT.validate_python(text)
    except ValidationError as wrong:
        errors["text"] = field_problems(wrong.errors())[0].detail.fr if text.strip() else TEXT_MISSING
    return matter, Filled(text, name, errors)


def _support_page(request: Request, page: SupportPage, filled: Filled = EMPTY) -> Response:
    if page.is_expired and is_rate_limited(request):
        return rate_limited_page()
    service, row = service_of(request), page.row
    response = render_page(
        "support.html",
        csp=PERSONAL_PAGE_CSP,
        heading="Ce lien n’est plus valable" if page.is_expired else page_heading(page),
        is_expired=page.is_expired,
        last_day=format_day(page.last_day).fr,
        facts=subject_facts(page),
        decision=decision_shown(row) if page.subject is SupportSubject.REGISTRATION else None,
        next_attempt=NEXT_ATTEMPT_LABELS.get(row["next_attempt_payer"]) if "next_attempt_payer" in row else None,
        links=links_shown(page, service),
        requests=[request_shown(each, page) for each in page.requests],
        matters=[(matter.key, matter_label(matter, page)) for matter in page.matters],
        answer_due_on=format_day(page.answer_due_on).fr,
        filled=filled,
        support=service.support_email,
    )
    return private_response(response, 410 if page.is_expired else 422 if filled.errors else 200)


def routes() -> list[BaseRoute]:
    return [
        Route("/support/{token}", _show_page, methods=["GET"]),
        Route("/support/{token}", _submit, methods=["POST"]),
    ]
