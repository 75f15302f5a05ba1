"""The page of statistics, for whoever holds a key that may read them: why registrations are refused, at a glance.

The key is given once, in a form, and comes back sealed in a cookie of this page alone: it is in no address and in no
log, and is looked up again at each visit, so that a key that is revoked shows nothing any more.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from urllib.parse import parse_qs, urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.administration.statistics_routes import table
from app.api.http.application_state import ApplicationState
from app.api.http.fields.field_types import CIVIL_DATE_PATTERN
from app.api.http.problems.problem_details import Problem
from app.api.http.routing import JSON_BODY, LimitedBodyRequest
from app.api.identity.authorisation import SCOPES_BY_ROLE, Scope
from app.api.pages import statistics_charts
from app.api.pages.template_rendering import page
from app.domain.decisions.refusals import Actor, Reason, Refusal
from app.persistence.administration.clients import Client
from app.persistence.administration.statistics import AfterQuota, Grouping, Measure, Period, count_registrations
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import Safe, SealedByAnotherKeyError
from app.persistence.engine.upsert import MODULES, TRAINING_ORGANISATIONS
from app.use_cases.civil_date import civil_date
from app.wording.dates import day_said
from app.wording.languages import Language
from app.wording.refusals import label

PATH, COOKIE, PURPOSE = "/statistics", "statistics", "statistics"
LIFETIME = timedelta(hours=1)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
_KEY = re.compile(r"insc_[\w-]{1,200}", re.ASCII)
ACTORS = {
    Actor.EMPLOYER: "La structure employeuse",
    Actor.ADVISER: "Le conseiller",
    Actor.TRAINING_ORGANISATION: "L’organisme de formation",
    Actor.NOBODY: "Personne",
}
ANSWERS = {
    AfterQuota.WAITING: "Attendent une réponse",
    AfterQuota.KEPT: "Conservées sans prise en charge",
    AfterQuota.CANCELLED: "Annulées",
    AfterQuota.FUNDED: "Financées ensuite, un droit s’étant libéré",
    AfterQuota.REFUSED: "Refusées ensuite",
    AfterQuota.RELEASED: "Droit rendu après une absence",
}
TABLES = {
    Grouping.TRAINING_ORGANISATION: "Organisme de formation",
    Grouping.MODULE: "Module",
    Grouping.DEPARTMENT: "Département",
    Grouping.REASON: "Motif",
    Grouping.MONTH: "Mois",
}


def _safe(service: ApplicationState) -> Safe:
    return Safe(service.pepper.secrets, PURPOSE)


async def _visitor(request: Request) -> Client | None:
    """Who holds the key of the cookie, as long as both live."""
    service: ApplicationState = request.app.state.service
    try:
        sealed = request.cookies.get(COOKIE, "").encode()
        key = _safe(service).open_within(sealed, LIFETIME, service.clock())
    except SealedByAnotherKeyError:
        return None
    return await _holder(request, key)


async def _holder(request: Request, key: str) -> Client | None:
    """None when the key may not read statistics, or nothing at all. Raise Problem when too many that nobody knows came
    from there."""
    service: ApplicationState = request.app.state.service
    client = await service.authenticate(key, service.clock(), request.scope) if _KEY.fullmatch(key) else None
    allowed = client is not None and Scope.STATISTICS_READ in SCOPES_BY_ROLE[client.role]
    return client if client is not None and allowed and client.holds(Scope.STATISTICS_READ) else None


async def _opened(request: Request) -> Response:
    try:
        client = await _visitor(request)
    except Problem as refused:
        return _come_back(refused)
    if client is None:
        return _ask_for_key()
    service: ApplicationState = request.app.state.service
    return await service.heavy_work.run(client.id, lambda: _statistics(request, client))


def _ask_for_key(*, wrong: bool = False, too_often: bool = False) -> Response:
    shown = _private(page("statistics_key.html", policy=POLICY, wrong=wrong, too_often=too_often))
    shown.status_code = 429 if too_often else 403 if wrong else 200
    return shown


def _come_back(refused: Problem) -> Response:
    shown = _ask_for_key(too_often=True)
    shown.headers.update(refused.headers)
    return shown


async def _entered(request: Request) -> Response:
    """Keep the key of the form for an hour."""
    service: ApplicationState = request.app.state.service
    body = await LimitedBodyRequest(request.scope, request.receive, JSON_BODY).body()
    key = parse_qs(body.decode("utf-8", "replace")).get("key", [""])[-1].strip()
    try:
        if await _holder(request, key) is None:
            return _ask_for_key(wrong=True)
    except Problem as refused:
        return _come_back(refused)
    answer = _private(RedirectResponse(PATH, 303))
    answer.set_cookie(
        COOKIE,
        _safe(service).seal_at(key, service.clock()).decode(),
        max_age=int(LIFETIME.total_seconds()),
        path=PATH,
        secure=service.base_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return answer


async def _left(_: Request) -> Response:
    answer = _private(RedirectResponse(PATH, 303))
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
    return answer


def _period(query: Mapping[str, str], today: date) -> tuple[date, date] | None:
    """From the first of the month until today when nothing is asked; None when what is asked is no period."""
    try:
        first, last = (
            date.fromisoformat(query[name]) if CIVIL_DATE_PATTERN.fullmatch(query[name]) else None
            for name in ("from", "to")
        )
    except KeyError:
        return (today.replace(day=1), today) if not query else None
    except ValueError:
        return None
    return (first, last) if first is not None and last is not None and first <= last else None


def _periods(today: date) -> dict[str, str]:
    """Shortcuts: their names, and what to ask for."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    before = month - timedelta(days=1)
    named = {
        "Ce mois-ci": (month, today),
        "Le mois dernier": (before.replace(day=1), before),
        "Cette année": (year, today),
        "L’année dernière": (year.replace(year=year.year - 1), year - timedelta(days=1)),
    }
    return {name: _query(*days) for name, days in named.items()}


def _query(first: date, last: date) -> str:
    return urlencode({"from": first.isoformat(), "to": last.isoformat()})


async def _names(reader: Reader) -> dict[str | None, tuple[str, str]]:
    """What ids, codes and reasons are called, and by whom a reason can be put right."""
    organisations = {str(row["id"]): (row["name"], "") for row in await TRAINING_ORGANISATIONS.read_all(reader)}
    modules = {row["code"]: (row["title"], "") for row in await MODULES.read_all(reader)}
    reasons = {str(reason): (label(Refusal(reason)).fr, ACTORS[reason.who_acts]) for reason in Reason}
    return {**organisations, **modules, **reasons, "None": ("Non renseigné", "")}


async def _statistics(request: Request, client: Client) -> Response:
    service: ApplicationState = request.app.state.service
    owner, today = client.training_organisation_id, civil_date(service.clock())
    reader, asked = service.database.seen_by(owner), _period(request.query_params, today)
    first, last = asked or (today.replace(day=1), today)
    period, names = Period(first, last), await _names(reader)

    async def counted(*groups: Grouping, measures: tuple[Measure, ...] = (), on: Period = period) -> list[Row]:
        return await count_registrations(reader, on, groups, measures, owner=owner)

    refused = [row for row in await counted(Grouping.REASON, Grouping.STATUS) if row["status"] == "refused"]
    months = Period(statistics_charts.first_month(last), last)
    crossings = [row for row in await counted(Grouping.OVER_QUOTA) if row["over_quota"] is not None]
    shares = {
        group: statistics_charts.lines(await counted(group, measures=(Measure.FUNDED,)), group, names)
        for group in (Grouping.TRAINING_ORGANISATION, Grouping.MODULE, Grouping.DEPARTMENT)
    }
    shown = page(
        "statistics.html",
        policy=POLICY,
        is_wrong=asked is None,
        is_this_month=(first, last) == (today.replace(day=1), today),
        first=first.isoformat(),
        last=last.isoformat(),
        said=(day_said(first).fr, day_said(last).fr),
        query=_query(first, last),
        periods=_periods(today),
        whole=(await counted(measures=tuple(Measure)))[0],
        outcomes=statistics_charts.by_outcome(await counted(Grouping.STATUS, Grouping.FUNDING)),
        labels=statistics_charts.OUTCOMES,
        reasons=statistics_charts.lines(refused, "reason", names),
        columns=statistics_charts.columns(
            await counted(Grouping.MONTH, Grouping.STATUS, Grouping.FUNDING, on=months), last
        ),
        size=(statistics_charts.WIDTH, statistics_charts.HEIGHT),
        answers=statistics_charts.lines(
            crossings, "over_quota", {str(key): (value, "") for key, value in ANSWERS.items()}
        ),
        shares=shares,
        headings=TABLES,
        is_own=owner is not None,
    )
    shown.status_code = 400 if asked is None else 200
    return _private(shown)


async def _table(request: Request) -> Response:
    """What one table of the page shows, for a spreadsheet, under names that people read."""
    client, service = await _visitor(request), request.app.state.service
    by = request.path_params["by"]
    if client is None or by not in {*TABLES}:
        return RedirectResponse(PATH, 303, headers=PRIVATE)
    asked = {name: value for name, value in request.query_params.items() if name in {"from", "to"}}
    days = _period(asked, civil_date(service.clock()))
    owner = client.training_organisation_id
    reader, groups = service.database.seen_by(owner), (Grouping(by), Grouping.STATUS, Grouping.FUNDING)
    counted = partial(count_registrations, reader, Period(*(days or ())), groups, owner=owner)
    rows = await service.heavy.carry_out(client.id, counted)
    names = await _names(reader)
    answer = table(
        [TABLES[groups[0]], "Statut", "Prise en charge", "Inscriptions"],
        ([names.get(str(row[by]), (str(row[by]), ""))[0], row["status"], row["funding"], row["count"]] for row in rows),
        Language.FRENCH,
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="inscriptions-{by}.csv"'
    return _private(answer)


def _private(shown: Response) -> Response:
    shown.headers.update(PRIVATE)
    return shown


def routes() -> list[BaseRoute]:
    return [
        Route(PATH, _opened, methods=["GET"]),
        Route(PATH, _entered, methods=["POST"]),
        Route(f"{PATH}/leave", _left, methods=["POST"]),
        Route(f"{PATH}/{{by}}.csv", _table, methods=["GET"]),
    ]
