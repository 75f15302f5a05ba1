"""The page of an adviser's personal link: the question, its form, and the answer once given. In the State's design.

Mail scanners open links too: a GET changes nothing, and only the form of the page answers.
"""

from importlib.resources import files
from time import monotonic

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.pages.page_rendering import PRIVATE_HEADERS, private_response, render_page
from app.api.pages.page_requests import read_form, service_of
from app.domain.facts.registration import Choice, Payer
from app.use_cases.registrations.answer_personal_link import (
    LinkQuestion,
    LinkReply,
    LinkState,
    link_question_of,
    reply_through_link,
)
from app.use_cases.registrations.personal_links import decision_of_token
from app.wording.dates import format_day, format_period

FORM_TYPE = "application/x-www-form-urlencoded"
GONE_STATES = frozenset({LinkState.SUPERSEDED, LinkState.EXPIRED})
DESIGN_SYSTEM_DIRECTORY = str(files("dsfr") / "static" / "dsfr" / "dist")

# Icons of the design system are masks, its fonts come from here; the form goes nowhere else.
ANSWER_PAGE_CSP = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


async def _show_page(request: Request) -> Response:
    question = await _read_question(request)
    return _unknown_link_page(request) if question is None else _question_page(request, question)


async def _submit_answer(request: Request) -> Response:
    """Do what the form says and redirect to the page: a second click, or a reload, shows what the first one did."""
    question = await _read_question(request)
    if question is None:
        return _unknown_link_page(request)
    reply = await _parse_reply(request, question)
    if reply is None:
        return _question_page(request, question, wrong=True)
    service = service_of(request)
    await reply_through_link(service.database, question, reply, request.scope["request_id"], service.clock())
    # Not `request.url`, which the header Host makes.
    return RedirectResponse(request.scope["path"], 303, headers=PRIVATE_HEADERS)


async def _read_question(request: Request) -> LinkQuestion | None:
    service = service_of(request)
    decision = decision_of_token(request.path_params["token"], service.secrets)
    return await link_question_of(service.database, decision, service.clock()) if decision is not None else None


def _is_rate_limited(request: Request) -> bool:
    """Count a link that leads nowhere against its origin, and say whether that is one too many. A valid link is never
    counted."""
    service = service_of(request)
    return not service.bad_link_limiter.take(service.trusted_proxies.client_address(request.scope), monotonic()).allowed


async def _parse_reply(request: Request, question: LinkQuestion) -> LinkReply | None:
    """What the form says; None when it lacks something."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        return None
    form = await read_form(request)
    fields = {name: values[0] for name, values in form.items() if len(values) == 1}  # given twice is not given
    if not question.is_choice:
        return LinkReply() if "notice" in fields else None
    match fields.get("choice"):
        case Choice.CANCEL:
            return LinkReply(cancels=True)
        case Choice.KEEP if fields.get("payer") in {*question.payers} or question.state is not LinkState.OPEN:
            return LinkReply(keep_at_expense_of=Payer(fields["payer"]) if fields.get("payer") in {*Payer} else None)
        case _:
            return None


def _question_page(request: Request, question: LinkQuestion, *, wrong: bool = False) -> Response:
    is_gone = question.state in GONE_STATES
    if is_gone and _is_rate_limited(request):
        return _rate_limited_page()
    response = render_page(
        "answer.html",
        csp=ANSWER_PAGE_CSP,
        row=question.row,
        state=question.state,
        is_choice=question.is_choice,
        payers=question.payers,
        session=_session_days(question),
        until=format_day(question.answerable_until).fr,
        support=service_of(request).support_email,
        wrong=wrong,
    )
    return private_response(response, 422 if wrong and question.state is LinkState.OPEN else 410 if is_gone else 200)


def _session_days(question: LinkQuestion) -> str:
    first, last = question.row["session_starts_on"], question.row["session_ends_on"]
    return f"le {format_day(first).fr}" if first == last else format_period(first, last)


def _unknown_link_page(request: Request) -> Response:
    if _is_rate_limited(request):
        return _rate_limited_page()
    support = service_of(request).support_email
    page = render_page("answer_unknown.html", csp=ANSWER_PAGE_CSP, support=support, too_often=False)
    return private_response(page, 404)


def _rate_limited_page() -> Response:
    page = render_page("answer_unknown.html", csp=ANSWER_PAGE_CSP, support=None, too_often=True)
    page.headers["Retry-After"] = "60"
    return private_response(page, 429)


def routes() -> list[BaseRoute]:
    return [
        Route("/answer/{token}", _show_page, methods=["GET"]),
        Route("/answer/{token}", _submit_answer, methods=["POST"]),
        Mount("/design-system", StaticFiles(directory=DESIGN_SYSTEM_DIRECTORY)),
    ]
