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

from app.api.administration.statistics_routes import csv_response
from app.api.http.application_state import ApplicationState
from app.api.http.fields.field_types import CIVIL_DATE_PATTERN
from app.api.http.problems.problem_details import Problem
from app.api.http.routing import JSON_BODY, LimitedBodyRequest
from app.api.identity.authorisation import SCOPES_BY_ROLE, Scope
from app.api.pages import statistics_charts
from app.api.pages.template_rendering import render_page
from app.domain.decisions.refusals import Actor, Reason, Refusal
from app.persistence.administration.clients import Client
from app.persistence.administration.statistics import AfterQuota, Grouping, Measure, Period, count_registrations
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox
from app.use_cases.civil_date import civil_date
from app.wording.dates import format_day
from app.wording.languages import Language
from app.wording.refusals import refusal_label

PATH, COOKIE, SEAL_PURPOSE = "/statistics", "statistics", "statistics"
SESSION_LIFETIME = timedelta(hours=1)
STATISTICS_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
_KEY_PATTERN = re.compile(r"insc_[\w-]{1,200}", re.ASCII)
ACTOR_LABELS = {
    Actor.EMPLOYER: "La structure employeuse",
    Actor.ADVISER: "Le conseiller",
    Actor.TRAINING_ORGANISATION: "L’organisme de formation",
    Actor.NOBODY: "Personne",
}
AFTER_QUOTA_LABELS = {
    AfterQuota.WAITING: "Attendent une réponse",
    AfterQuota.KEPT: "Conservées sans prise en charge",
    AfterQuota.CANCELLED: "Annulées",
    AfterQuota.FUNDED: "Financées ensuite, un droit s’étant libéré",
    AfterQuota.REFUSED: "Refusées ensuite",
    AfterQuota.RELEASED: "Droit rendu après une absence",
}
TABLE_HEADINGS = {
    Grouping.TRAINING_ORGANISATION: "Organisme de formation",
    Grouping.MODULE: "Module",
    Grouping.DEPARTMENT: "Département",
    Grouping.REASON: "Motif",
    Grouping.MONTH: "Mois",
}


def _cookie_box(service: ApplicationState) -> SecretBox:
    return SecretBox(service.pepper.secrets, SEAL_PURPOSE)


async def _client_of_cookie(request: Request) -> Client | None:
    """Who holds the key of the cookie, as long as both live."""
    service: ApplicationState = request.app.state.service
    try:
        sealed = request.cookies.get(COOKIE, "").encode()
        key = _cookie_box(service).open_within(sealed, SESSION_LIFETIME, service.clock())
    except SealedByAnotherKeyError:
        return None
    return await _client_with_key(request, key)


async def _client_with_key(request: Request, key: str) -> Client | None:
    """None when the key may not read statistics, or nothing at all. Raise Problem when too many that nobody knows came
    from there."""
    service: ApplicationState = request.app.state.service
    client = await service.authenticate(key, service.clock(), request.scope) if _KEY_PATTERN.fullmatch(key) else None
    allowed = client is not None and Scope.STATISTICS_READ in SCOPES_BY_ROLE[client.role]
    return client if client is not None and allowed and client.has_scope(Scope.STATISTICS_READ) else None


async def _show_page(request: Request) -> Response:
    try:
        client = await _client_of_cookie(request)
    except Problem as refused:
        return _rate_limited_form(refused)
    if client is None:
        return _key_form()
    service: ApplicationState = request.app.state.service
    return await service.heavy_work.run(client.id, lambda: _statistics_page(request, client))


def _key_form(*, wrong: bool = False, too_often: bool = False) -> Response:
    response = _with_private_headers(
        render_page("statistics_key.html", csp=STATISTICS_CSP, wrong=wrong, too_often=too_often)
    )
    response.status_code = 429 if too_often else 403 if wrong else 200
    return response


def _rate_limited_form(problem: Problem) -> Response:
    response = _key_form(too_often=True)
    response.headers.update(problem.headers)
    return response


async def _log_in(request: Request) -> Response:
    """Keep the key of the form for an hour."""
    service: ApplicationState = request.app.state.service
    body = await LimitedBodyRequest(request.scope, request.receive, JSON_BODY).body()
    key = parse_qs(body.decode("utf-8", "replace")).get("key", [""])[-1].strip()
    try:
        if await _client_with_key(request, key) is None:
            return _key_form(wrong=True)
    except Problem as refused:
        return _rate_limited_form(refused)
    answer = _with_private_headers(RedirectResponse(PATH, 303))
    answer.set_cookie(
        COOKIE,
        _cookie_box(service).seal_at(key, service.clock()).decode(),
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path=PATH,
        secure=service.base_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return answer


async def _log_out(_: Request) -> Response:
    answer = _with_private_headers(RedirectResponse(PATH, 303))
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
    return answer


def _parse_period(query: Mapping[str, str], today: date) -> tuple[date, date] | None:
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


def _period_shortcuts(today: date) -> dict[str, str]:
    """Shortcuts: their names, and what to ask for."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    before = month - timedelta(days=1)
    named = {
        "Ce mois-ci": (month, today),
        "Le mois dernier": (before.replace(day=1), before),
        "Cette année": (year, today),
        "L’année dernière": (year.replace(year=year.year - 1), year - timedelta(days=1)),
    }
    return {name: _period_query(*days) for name, days in named.items()}


def _period_query(first: date, last: date) -> str:
    return urlencode({"from": first.isoformat(), "to": last.isoformat()})


async def _labels(reader: Reader) -> dict[str | None, tuple[str, str]]:
    """What ids, codes and reasons are called, and by whom a reason can be put right."""
    organisations = {str(row["id"]): (row["name"], "") for row in await TRAINING_ORGANISATIONS.read_all(reader)}
    modules = {row["code"]: (row["title"], "") for row in await MODULES.read_all(reader)}
    reasons = {str(reason): (refusal_label(Refusal(reason)).fr, ACTOR_LABELS[reason.who_acts]) for reason in Reason}
    return {**organisations, **modules, **reasons, "None": ("Non renseigné", "")}


async def _statistics_page(request: Request, client: Client) -> Response:
    service: ApplicationState = request.app.state.service
    owner, today = client.training_organisation_id, civil_date(service.clock())
    reader, requested = service.database.for_tenant(owner), _parse_period(request.query_params, today)
    first, last = requested or (today.replace(day=1), today)
    period, names = Period(first, last), await _labels(reader)

    async def counted(*groups: Grouping, measures: tuple[Measure, ...] = (), on: Period = period) -> list[Row]:
        return await count_registrations(reader, on, groups, measures, owner=owner)

    refused = [row for row in await counted(Grouping.REASON, Grouping.STATUS) if row["status"] == "refused"]
    months = Period(statistics_charts.first_shown_month(last), last)
    crossings = [row for row in await counted(Grouping.OVER_QUOTA) if row["over_quota"] is not None]
    shares = {
        group: statistics_charts.table_lines(await counted(group, measures=(Measure.FUNDED,)), group, names)
        for group in (Grouping.TRAINING_ORGANISATION, Grouping.MODULE, Grouping.DEPARTMENT)
    }
    response = render_page(
        "statistics.html",
        csp=STATISTICS_CSP,
        is_wrong=requested is None,
        is_this_month=(first, last) == (today.replace(day=1), today),
        first=first.isoformat(),
        last=last.isoformat(),
        said=(format_day(first).fr, format_day(last).fr),
        query=_period_query(first, last),
        periods=_period_shortcuts(today),
        whole=(await counted(measures=tuple(Measure)))[0],
        outcomes=statistics_charts.count_by_category(await counted(Grouping.STATUS, Grouping.FUNDING)),
        labels=statistics_charts.CATEGORY_LABELS,
        reasons=statistics_charts.table_lines(refused, "reason", names),
        columns=statistics_charts.month_columns(
            await counted(Grouping.MONTH, Grouping.STATUS, Grouping.FUNDING, on=months), last
        ),
        size=(statistics_charts.PLOT_WIDTH, statistics_charts.PLOT_HEIGHT),
        answers=statistics_charts.table_lines(
            crossings, "over_quota", {str(key): (value, "") for key, value in AFTER_QUOTA_LABELS.items()}
        ),
        shares=shares,
        headings=TABLE_HEADINGS,
        is_own=owner is not None,
    )
    response.status_code = 400 if requested is None else 200
    return _with_private_headers(response)


async def _download_csv(request: Request) -> Response:
    """What one table of the page shows, for a spreadsheet, under names that people read."""
    client, service = await _client_of_cookie(request), request.app.state.service
    by = request.path_params["by"]
    if client is None or by not in {*TABLE_HEADINGS}:
        return RedirectResponse(PATH, 303, headers=PRIVATE_HEADERS)
    query = {name: value for name, value in request.query_params.items() if name in {"from", "to"}}
    days = _parse_period(query, civil_date(service.clock()))
    owner = client.training_organisation_id
    reader, groups = service.database.seen_by(owner), (Grouping(by), Grouping.STATUS, Grouping.FUNDING)
    counted = partial(count_registrations, reader, Period(*(days or ())), groups, owner=owner)
    rows = await service.heavy.carry_out(client.id, counted)
    names = await _labels(reader)
    answer = csv_response(
        [TABLE_HEADINGS[groups[0]], "Statut", "Prise en charge", "Inscriptions"],
        ([names.get(str(row[by]), (str(row[by]), ""))[0], row["status"], row["funding"], row["count"]] for row in rows),
        Language.FRENCH,
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="inscriptions-{by}.csv"'
    return _with_private_headers(answer)


def _with_private_headers(response: Response) -> Response:
    response.headers.update(PRIVATE_HEADERS)
    return response


def routes() -> list[BaseRoute]:
    return [
        Route(PATH, _show_page, methods=["GET"]),
        Route(PATH, _log_in, methods=["POST"]),
        Route(f"{PATH}/leave", _log_out, methods=["POST"]),
        Route(f"{PATH}/{{by}}.csv", _download_csv, methods=["GET"]),
    ]
