"""/v1/statistics/sessions: published sessions counted by what they have in common, with their seats."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NotRequired
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.administration.statistics_routes import (
    DAY_SCHEMA,
    TOO_MANY_GROUPS,
    MonthText,
    list_schema,
    parse_names,
    parse_period,
)
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response
from app.api.http.bodies.media_types import negotiate_media_type, negotiated
from app.api.http.bodies.tables.table import Cell, Column, Table
from app.api.http.bodies.tables.table_responses import LIST_MEDIA_TYPES, TABLE_RESPONSES, table_response
from app.api.http.fields.field_types import Count, DayText, Department, ModuleCodeText
from app.api.http.problems.problem_details import invalid_parameter
from app.api.http.request_headers import JSON_MEDIA_TYPE
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.sessions.session_table import STATUS_WORDS
from app.domain.facts.calendar import civil_date
from app.domain.facts.published_session import SessionStatus
from app.domain.facts.session import SessionFormat
from app.persistence.engine.driver_types import Row
from app.persistence.sessions.session_statistics import (
    MAX_GROUPS,
    FirstDays,
    SessionGrouping,
    SessionMeasure,
    TooManySessionGroups,
    count_sessions,
)
from app.wording.calendars.session_calendars import FORMAT_WORDS

router = APIRouter(prefix="/v1/statistics", tags=["Administration"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.STATISTICS_READ))]
FromParameter = Annotated[
    DayText | None, Query(alias="from", description="Premier des premiers jours.", json_schema_extra=DAY_SCHEMA)
]
ToParameter = Annotated[DayText | None, Query(description="Dernier des premiers jours.", json_schema_extra=DAY_SCHEMA)]
GroupByParameter = Annotated[
    str | None,
    Query(
        max_length=100,
        description="Ce par quoi grouper, séparé par des virgules. `month` : celui du premier jour ; `department` : "
        "celui du lieu.",
        json_schema_extra=list_schema(SessionGrouping),
    ),
]
Sum = Annotated[int, Field(ge=0, le=10**15)]

HEADINGS = {
    SessionGrouping.MONTH: "Mois",
    SessionGrouping.TRAINING_ORGANISATION: "Organisme de formation",
    SessionGrouping.MODULE: "Module",
    SessionGrouping.DEPARTMENT: "Département",
    SessionGrouping.FORMAT: "Modalité",
    SessionGrouping.STATUS: "Statut",
    SessionMeasure.PUBLISHED: "Sessions publiées",
    SessionMeasure.SEATS: "Places",
    SessionMeasure.FILLED: "Places prises",
    SessionMeasure.WAITING: "En attente",
    SessionMeasure.CONFIRMED: "Confirmées",
    SessionMeasure.HELD: "Tenues",
    SessionMeasure.CANCELLED: "Annulées",
    SessionMeasure.CANCELLED_FOR_WANT_OF_PEOPLE: "Annulées faute d’inscrits",
}
_WORDS: Mapping[str, Mapping[str, str]] = {SessionGrouping.FORMAT: FORMAT_WORDS, SessionGrouping.STATUS: STATUS_WORDS}


class SessionStatisticResource(TypedDict):
    """Un groupe de sessions, telles qu’elles sont à présent ; d’abord les champs demandés par `group_by`.

    `seats`, `filled` et `waiting` comptent les places des sessions qui ne sont pas annulées : celles qu’elles offrent
    quand leur nombre est limité, celles qui sont prises, et qui attend. `cancelled_for_want_of_people` : moins de
    places étaient prises, au moment d’annuler, que le minimum annoncé.
    """

    month: NotRequired[MonthText]
    training_organisation_id: NotRequired[UUID]
    module_code: NotRequired[ModuleCodeText]
    department: NotRequired[Department | None]
    format: NotRequired[SessionFormat]
    status: NotRequired[SessionStatus]
    published: Count
    seats: Sum
    filled: Sum
    waiting: Sum
    confirmed: Count
    held: Count
    cancelled: Count
    cancelled_for_want_of_people: Count


class SessionStatisticsResource(TypedDict):
    """Des groupes, dans l’ordre de leurs valeurs."""

    data: Annotated[list[SessionStatisticResource], Field(max_length=MAX_GROUPS)]


@router.get(
    "/sessions",
    operation_id="readSessionStatistics",
    summary="Compter les sessions et leurs places",
    response_model=SessionStatisticsResource,
    responses=problem_responses("not-acceptable") | TABLE_RESPONSES,
)
async def read_session_statistics(
    request: Request,
    authorised: ReadAccess,
    from_: FromParameter = None,
    to: ToParameter = None,
    group_by: GroupByParameter = None,
) -> Response:
    """Une session compte au jour où elle commence, telle qu’elle est à présent. En CSV ou en classeur XLSX avec
    `Accept`, pour un tableur français. Un organisme de formation compte les siennes."""
    media_type = negotiate_media_type(request.headers.get("accept"), LIST_MEDIA_TYPES)
    days = FirstDays(*parse_period(from_, to))
    groups, today = parse_names("group_by", group_by, SessionGrouping), civil_date(authorised.now)
    try:
        rows = await authorised.run_heavy_work(
            lambda: count_sessions(authorised.reader, days, groups, owner=authorised.owner, today=today)
        )
    except TooManySessionGroups:
        raise invalid_parameter("group_by", TOO_MANY_GROUPS) from None
    if media_type != JSON_MEDIA_TYPE:
        return await table_response(session_statistics_table(groups, rows, today), media_type)
    return negotiated(json_response({"data": [dict(row) for row in rows]}, authorised.language))


def session_statistics_table(groups: Sequence[SessionGrouping], rows: Sequence[Row], today: date) -> Table:
    """`today` gives the file its day."""
    columns = [_column(name) for name in (*groups, *SessionMeasure)]
    return Table(f"statistiques-sessions-{today}", "Statistiques des sessions", columns, rows)


def _column(name: SessionGrouping | SessionMeasure) -> Column:
    def cell(row: Mapping[str, Any]) -> Cell:
        value = row[name]
        if value is None or isinstance(value, int):
            return value
        return _WORDS.get(name, {}).get(str(value), str(value))

    return Column(HEADINGS[name], cell)
