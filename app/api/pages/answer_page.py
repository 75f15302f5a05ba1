"""The personal page of an adviser: what happened, what can be answered, what became of it. In the State's design.

A link is opened by mail scanners too: reading changes nothing, and only the form of the page answers.
"""

from importlib.resources import files
from time import monotonic
from urllib.parse import parse_qs

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.http.application_state import ApplicationState
from app.api.http.bodies.limited_body import JSON_BODY, LimitedBodyRequest
from app.api.pages.template_rendering import render_page
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
GONE_STANDINGS = frozenset({LinkState.SUPERSEDED, LinkState.EXPIRED})
DESIGN_SYSTEM_DIRECTORY = str(files("dsfr") / "static" / "dsfr" / "dist")

# Icons of the design system are masks, its fonts come from here; the form goes nowhere else.
ANSWER_PAGE_CSP = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# The address is a secret: it is kept by no cache and by no search engine. The frame tells it to no other site.
PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


async def _show_page(request: Request) -> Response:
    question = await _read_question(request)
    return _unknown_link_page(request) if question is None else _question_page(request, question)


async def _submit_answer(request: Request) -> Response:
    """Do what is asked and lead back to the page: a second click, or a reload, finds what the first one did."""
    question = await _read_question(request)
    if question is None:
        return _unknown_link_page(request)
    reply = await _parse_reply(request, question)
    if reply is None:
        return _question_page(request, question, wrong=True)
    service: ApplicationState = request.app.state.service
    await reply_through_link(service.database, question, reply, request.scope["request_id"], service.clock())
    # Not of `request.url`, which is made of whatever Host says.
    return RedirectResponse(request.scope["path"], 303, headers=PRIVATE_HEADERS)


async def _read_question(request: Request) -> LinkQuestion | None:
    service: ApplicationState = request.app.state.service
    decision = decision_of_token(request.path_params["token"], service.secrets)
    return await link_question_of(service.database, decision, service.clock()) if decision is not None else None


def _is_rate_limited(request: Request) -> bool:
    """Count a link that leads nowhere, by where it comes from: a good one is never refused for the sake of others."""
    service: ApplicationState = request.app.state.service
    return not service.bad_link_limiter.take(service.trusted_proxies.client_address(request.scope), monotonic()).allowed


async def _parse_reply(request: Request, question: LinkQuestion) -> LinkReply | None:
    """What the form says; None when it lacks something."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        return None
    body = await LimitedBodyRequest(request.scope, request.receive, JSON_BODY).body()
    given = parse_qs(body.decode("utf-8", "replace"))
    fields = {name: values[0] for name, values in given.items() if len(values) == 1}  # said twice is not said
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
    if question.state in GONE_STANDINGS and _is_rate_limited(request):
        return _rate_limited_page()
    service: ApplicationState = request.app.state.service
    row = question.row
    first, last = row["session_starts_on"], row["session_ends_on"]
    response = render_page(
        "answer.html",
        csp=ANSWER_PAGE_CSP,
        row=row,
        standing=question.state,
        is_choice=question.is_choice,
        payers=question.payers,
        session=f"le {format_day(first).fr}" if first == last else format_period(first, last),
        until=format_day(question.answerable_until).fr,
        support=service.support_email,
        wrong=wrong,
    )
    status = 410 if question.state in GONE_STANDINGS else 200
    return _with_private_headers(response, 422 if wrong and question.state is LinkState.OPEN else status)


def _unknown_link_page(request: Request) -> Response:
    if _is_rate_limited(request):
        return _rate_limited_page()
    service: ApplicationState = request.app.state.service
    response = render_page("answer_unknown.html", csp=ANSWER_PAGE_CSP, support=service.support_email, too_often=False)
    return _with_private_headers(response, 404)


def _rate_limited_page() -> Response:
    response = _with_private_headers(
        render_page("answer_unknown.html", csp=ANSWER_PAGE_CSP, support=None, too_often=True), 429
    )
    response.headers["Retry-After"] = "60"
    return response


def _with_private_headers(response: Response, status: int) -> Response:
    response.status_code = status
    response.headers.update(PRIVATE_HEADERS)
    return response


def routes() -> list[BaseRoute]:
    return [
        Route("/answer/{token}", _show_page, methods=["GET"]),
        Route("/answer/{token}", _submit_answer, methods=["POST"]),
        Mount("/design-system", StaticFiles(directory=DESIGN_SYSTEM_DIRECTORY)),
    ]
