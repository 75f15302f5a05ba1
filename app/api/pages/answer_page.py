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
from app.api.http.routing import JSON_BODY, LimitedBodyRequest
from app.api.pages.template_rendering import page
from app.domain.facts.registration import Choice, Payer
from app.use_cases.registrations.answer_personal_link import Question, Reply, Standing, question_of, reply_to
from app.use_cases.registrations.personal_links import decision_named
from app.wording.dates import day_said, days_said

FORM_TYPE = "application/x-www-form-urlencoded"
GONE = frozenset({Standing.SUPERSEDED, Standing.EXPIRED})
DESIGN_SYSTEM = str(files("dsfr") / "static" / "dsfr" / "dist")

# Icons of the design system are masks, its fonts come from here; the form goes nowhere else.
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# The address is a secret: it is kept by no cache and by no search engine. The frame tells it to no other site.
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


async def _opened(request: Request) -> Response:
    question = await _found(request)
    return _unknown(request) if question is None else _page(request, question)


async def _answered(request: Request) -> Response:
    """Do what is asked and lead back to the page: a second click, or a reload, finds what the first one did."""
    question = await _found(request)
    if question is None:
        return _unknown(request)
    reply = await _reply(request, question)
    if reply is None:
        return _page(request, question, wrong=True)
    service: ApplicationState = request.app.state.service
    await reply_to(service.database, question, reply, request.scope["request_id"], service.clock())
    # Not of `request.url`, which is made of whatever Host says.
    return RedirectResponse(request.scope["path"], 303, headers=PRIVATE)


async def _found(request: Request) -> Question | None:
    service: ApplicationState = request.app.state.service
    decision = decision_named(request.path_params["token"], service.pepper.secrets)
    return await question_of(service.database, decision, service.clock()) if decision is not None else None


def _is_one_too_many(request: Request) -> bool:
    """Count a link that leads nowhere, by where it comes from: a good one is never refused for the sake of others."""
    service: ApplicationState = request.app.state.service
    return not service.bad_link_limiter.take(service.trusted_proxies.client_address(request.scope), monotonic()).allowed


async def _reply(request: Request, question: Question) -> Reply | None:
    """What the form says; None when it lacks something."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        return None
    body = await LimitedBodyRequest(request.scope, request.receive, JSON_BODY).body()
    given = parse_qs(body.decode("utf-8", "replace"))
    said = {name: values[0] for name, values in given.items() if len(values) == 1}  # said twice is not said
    if not question.is_choice:
        return Reply() if "notice" in said else None
    match said.get("choice"):
        case Choice.CANCEL:
            return Reply(cancels=True)
        case Choice.KEEP if said.get("payer") in {*question.payers} or question.standing is not Standing.OPEN:
            return Reply(keep_at_expense_of=Payer(said["payer"]) if said.get("payer") in {*Payer} else None)
        case _:
            return None


def _page(request: Request, question: Question, *, wrong: bool = False) -> Response:
    if question.standing in GONE and _is_one_too_many(request):
        return _too_often()
    service: ApplicationState = request.app.state.service
    row = question.row
    first, last = row["session_starts_on"], row["session_ends_on"]
    shown = page(
        "answer.html",
        policy=POLICY,
        row=row,
        standing=question.standing,
        is_choice=question.is_choice,
        payers=question.payers,
        session=f"le {day_said(first).fr}" if first == last else days_said(first, last),
        until=day_said(question.until).fr,
        support=service.support_email,
        wrong=wrong,
    )
    status = 410 if question.standing in GONE else 200
    return _private(shown, 422 if wrong and question.standing is Standing.OPEN else status)


def _unknown(request: Request) -> Response:
    if _is_one_too_many(request):
        return _too_often()
    service: ApplicationState = request.app.state.service
    shown = page("answer_unknown.html", policy=POLICY, support=service.support_email, too_often=False)
    return _private(shown, 404)


def _too_often() -> Response:
    shown = _private(page("answer_unknown.html", policy=POLICY, support=None, too_often=True), 429)
    shown.headers["Retry-After"] = "60"
    return shown


def _private(shown: Response, status: int) -> Response:
    shown.status_code = status
    shown.headers.update(PRIVATE)
    return shown


def routes() -> list[BaseRoute]:
    return [
        Route("/answer/{token}", _opened, methods=["GET"]),
        Route("/answer/{token}", _answered, methods=["POST"]),
        Mount("/design-system", StaticFiles(directory=DESIGN_SYSTEM)),
    ]
