"""The page of statistics, and its tables as CSV."""

from datetime import date
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.administration.session_statistics_routes import session_statistics_table
from app.api.administration.statistics_routes import csv_response
from app.api.http.bodies.media_types import CSV
from app.api.http.bodies.tables.table_responses import table_response
from app.api.http.problems.problem_details import Problem
from app.api.pages.page_rendering import PRIVATE_HEADERS, private_response, render_page
from app.api.pages.page_requests import read_form, service_of
from app.api.pages.statistics.statistics_labels import APART_HEADINGS, TABLE_HEADINGS, group_labels
from app.api.pages.statistics.statistics_period import parse_period, period_query, period_shortcuts, this_month
from app.api.pages.statistics.statistics_reader import BY_OUTCOME, StatisticsReader
from app.api.pages.statistics.statistics_session import (
    PATH,
    client_of_session,
    client_with_key,
    end_session,
    start_session,
)
from app.domain.facts.calendar import civil_date
from app.persistence.administration.clients import Client
from app.persistence.administration.statistics import Grouping, Period, count_registrations
from app.persistence.sessions.session_statistics import SessionGrouping
from app.wording.dates import format_day
from app.wording.languages import Language

STATISTICS_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


async def _show_page(request: Request) -> Response:
    try:
        client = await client_of_session(request)
    except Problem as refused:
        return _rate_limited_form(refused)
    if client is None:
        return _key_form()
    return await service_of(request).heavy_work.run(client.id, lambda: _statistics_page(request, client))


def _key_form(*, wrong: bool = False, too_often: bool = False) -> Response:
    page = render_page("statistics_key.html", csp=STATISTICS_CSP, wrong=wrong, too_often=too_often)
    return private_response(page, 429 if too_often else 403 if wrong else 200)


def _rate_limited_form(problem: Problem) -> Response:
    response = _key_form(too_often=True)
    response.headers.update(problem.headers)
    return response


async def _log_in(request: Request) -> Response:
    key = (await read_form(request)).get("key", [""])[-1].strip()
    try:
        if await client_with_key(request, key) is None:
            return _key_form(wrong=True)
    except Problem as refused:
        return _rate_limited_form(refused)
    response = _redirect_to_page()
    start_session(response, service_of(request), key)
    return response


async def _log_out(_: Request) -> Response:
    response = _redirect_to_page()
    end_session(response)
    return response


def _redirect_to_page() -> Response:
    return RedirectResponse(PATH, 303, headers=PRIVATE_HEADERS)


async def _statistics_page(request: Request, client: Client) -> Response:
    service = service_of(request)
    owner, today = client.training_organisation_id, civil_date(service.clock())
    reader, requested = service.database.for_tenant(owner), parse_period(request.query_params, today)
    first, last = requested or this_month(today)
    statistics = StatisticsReader(reader, owner, first, last, await group_labels(reader), today)
    page = render_page(
        "statistics.html",
        csp=STATISTICS_CSP,
        is_wrong=requested is None,
        **_period_context(first, last, today),
        **await statistics.tables_context(),
        is_own=owner is not None,
    )
    return private_response(page, 400 if requested is None else 200)


def _period_context(first: date, last: date, today: date) -> dict[str, Any]:
    return {
        "is_this_month": (first, last) == this_month(today),
        "first": first.isoformat(),
        "last": last.isoformat(),
        "said": (format_day(first).fr, format_day(last).fr),
        "query": period_query(first, last),
        "periods": period_shortcuts(today),
    }


async def _download_csv(request: Request) -> Response:
    """What one table of the page shows, for a spreadsheet, under names that people read."""
    client, by = await client_of_session(request), request.path_params["by"]
    if client is None or by not in {*TABLE_HEADINGS}:
        return _redirect_to_page()
    service, owner, groups = service_of(request), client.training_organisation_id, (Grouping(by), *BY_OUTCOME)
    reader, days = service.database.for_tenant(owner), _requested_days(request)
    count = partial(count_registrations, reader, Period(*(days or ())), groups, [*APART_HEADINGS], owner=owner)
    rows, labels = await service.heavy_work.run(client.id, count), await group_labels(reader)
    counted = ("status", "funding", "count", *APART_HEADINGS)
    response = csv_response(
        [TABLE_HEADINGS[groups[0]], "Statut", "Prise en charge", "Inscriptions", *APART_HEADINGS.values()],
        ([labels.get(str(row[by]), (str(row[by]), ""))[0], *(row[name] for name in counted)] for row in rows),
        Language.FRENCH,
    )
    response.headers["Content-Disposition"] = f'attachment; filename="inscriptions-{by}.csv"'
    return private_response(response)


async def _download_sessions(request: Request) -> Response:
    """What the page shows of sessions, for a French spreadsheet."""
    client = await client_of_session(request)
    if client is None:
        return _redirect_to_page()
    service, owner = service_of(request), client.training_organisation_id
    reader, today = service.database.for_tenant(owner), civil_date(service.clock())
    first, last = _requested_days(request) or this_month(today)
    statistics = StatisticsReader(reader, owner, first, last, await group_labels(reader), today)
    rows = await service.heavy_work.run(client.id, statistics.sessions_by_module)
    return private_response(await table_response(session_statistics_table([SessionGrouping.MODULE], rows, today), CSV))


def _requested_days(request: Request) -> tuple[date, date] | None:
    query = {name: value for name, value in request.query_params.items() if name in {"from", "to"}}
    return parse_period(query, civil_date(service_of(request).clock()))


def routes() -> list[BaseRoute]:
    return [
        Route(PATH, _show_page, methods=["GET"]),
        Route(PATH, _log_in, methods=["POST"]),
        Route(f"{PATH}/leave", _log_out, methods=["POST"]),
        Route(f"{PATH}/sessions.csv", _download_sessions, methods=["GET"]),
        Route(f"{PATH}/{{by}}.csv", _download_csv, methods=["GET"]),
    ]
