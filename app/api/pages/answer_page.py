"""The page of an adviser's personal link: the question, its form, and the answer once given. In the State's design.

Mail scanners open links too: a GET changes nothing, and only the form of the page answers.
"""

from fastapi import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

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
from app.api.pages.seat_words import seat_sentence
from app.domain.facts.registration_terms import Choice, Payer, Seat, Status
from app.persistence.registrations.recorded_sessions import recorded_session
from app.use_cases.registrations.answer_personal_link import (
    LinkQuestion,
    LinkReply,
    LinkState,
    link_question_of,
    reply_through_link,
)
from app.use_cases.registrations.personal_links import decision_of_token
from app.wording.dates import format_day, format_period

GONE_STATES = frozenset({LinkState.SUPERSEDED, LinkState.EXPIRED})


async def _show_page(request: Request) -> Response:
    question = await _read_question(request)
    return unknown_link_page(request) if question is None else _question_page(request, question)


async def _submit_answer(request: Request) -> Response:
    """Do what the form says and redirect to the page: a second click, or a reload, shows what the first one did."""
    question = await _read_question(request)
    if question is None:
        return unknown_link_page(request)
    reply = await _parse_reply(request, question)
    if reply is None:
        return _question_page(request, question, wrong=True)
    service = service_of(request)
    await reply_through_link(service.database, question, reply, request.scope["request_id"], service.clock())
    return back_to_page(request)


async def _read_question(request: Request) -> LinkQuestion | None:
    service = service_of(request)
    decision = decision_of_token(request.path_params["token"], service.secrets)
    return await link_question_of(service.database, decision, service.clock()) if decision is not None else None


async def _parse_reply(request: Request, question: LinkQuestion) -> LinkReply | None:
    """What the form says; None when it lacks something."""
    fields = await read_fields(request)
    if fields is None:
        return None
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
    if is_gone and is_rate_limited(request):
        return rate_limited_page()
    recorded = recorded_session(question.row)
    response = render_page(
        "answer.html",
        csp=PERSONAL_PAGE_CSP,
        row=question.row,
        seat=seat_sentence(Status(question.row["status"]), recorded),
        is_waiting=recorded.seat is Seat.WAITING,
        is_published=recorded.session_id is not None,
        is_full=recorded.is_full,
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


def routes() -> list[BaseRoute]:
    return [
        Route("/answer/{token}", _show_page, methods=["GET"]),
        Route("/answer/{token}", _submit_answer, methods=["POST"]),
    ]
