"""/v1/statistics: registrations counted by what they have in common, as JSON or as a table (CSV)."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NotRequired, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import PRIVATE_NO_CACHE, json_response
from app.api.http.bodies.media_types import CSV, negotiate_media_type, negotiated
from app.api.http.bodies.spreadsheet_escaping import escape_formulas
from app.api.http.fields.day_parameter import parse_day_parameter
from app.api.http.fields.field_types import Count, DayText, Department, ModuleCodeText
from app.api.http.language_negotiation import language_headers
from app.api.http.problems.problem_details import invalid_parameter
from app.api.http.request_headers import JSON_MEDIA_TYPE
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.domain.decisions.refusals import Reason
from app.domain.facts.registration_terms import Funding, Status
from app.persistence.administration.statistics import (
    MAX_GROUPS,
    AfterQuota,
    Grouping,
    Measure,
    Period,
    TooManyGroups,
    count_registrations,
)
from app.wording.languages import Language, Sentence

router = APIRouter(prefix="/v1/statistics", tags=["Administration"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.STATISTICS_READ))]
NameEnum = TypeVar("NameEnum", bound=StrEnum)
MEDIA_TYPES = (JSON_MEDIA_TYPE, CSV)
MAX_DAYS = 100_000
MAX_LINE_LENGTH = 500


def list_schema(names: type[StrEnum]) -> dict[str, Any]:
    """The JSON Schema of a list of these names, at least one."""
    one = "|".join(names)
    return {"pattern": f"^({one})(,({one}))*$"}


DAY_SCHEMA = {"format": "date"}
FromParameter = Annotated[
    DayText | None, Query(alias="from", description="Premier jour des demandes.", json_schema_extra=DAY_SCHEMA)
]
ToParameter = Annotated[DayText | None, Query(description="Dernier jour des demandes.", json_schema_extra=DAY_SCHEMA)]
GroupByParameter = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Ce par quoi grouper, séparé par des virgules. `reason` : une fois par motif. `over_quota` : ce "
        "qu’est devenue une inscription qui a dépassé le quota ; null pour les autres.",
        json_schema_extra=list_schema(Grouping),
    ),
]
MeasuresParameter = Annotated[
    str | None,
    Query(
        max_length=100,
        description="Ce qu’il faut mesurer en plus : `funded`, combien sont financées ; `derogated`, combien ont "
        "été acceptées par dérogation ; `corrected`, combien ont une présence corrigée ; `days_to_decision` et "
        "`days_to_session`, la médiane des jours de la demande à la décision en vigueur et au premier jour.",
        json_schema_extra=list_schema(Measure),
    ),
]

ENDS_BEFORE_START = Sentence(fr="Précède `from`.", en="Is before `from`.")
TOO_MANY_GROUPS = Sentence(
    fr="Trop de groupes : une période plus courte, ou moins de noms.",
    en="Too many groups: a shorter period, or fewer names.",
)


CSV_SCHEMA = {"type": "string", "pattern": r"^[a-z_]+(,[a-z_]+)*\r\n", "maxLength": MAX_GROUPS * MAX_LINE_LENGTH}

MonthText = Annotated[str, Field(max_length=7, pattern="^[0-9]{4}-[0-9]{2}$")]


class StatisticResource(TypedDict):
    """Un groupe d’inscriptions, telles qu’elles sont à présent ; les champs demandés par `group_by`, puis par
    `measures`."""

    month: NotRequired[MonthText]
    training_organisation_id: NotRequired[UUID]
    module_code: NotRequired[ModuleCodeText]
    department: NotRequired[Department | None]
    status: NotRequired[Status]
    funding: NotRequired[Funding | None]
    reason: NotRequired[Reason | None]
    over_quota: NotRequired[AfterQuota | None]
    count: Count
    funded: NotRequired[Count]
    derogated: NotRequired[Count]
    corrected: NotRequired[Count]
    days_to_decision: NotRequired[Annotated[int, Field(ge=0, le=MAX_DAYS)] | None]
    days_to_session: NotRequired[Annotated[int, Field(ge=0, le=MAX_DAYS)] | None]


class StatisticsResource(TypedDict):
    """Des groupes, dans l’ordre de leurs valeurs."""

    data: Annotated[list[StatisticResource], Field(max_length=MAX_GROUPS)]


@router.get(
    "",
    operation_id="readStatistics",
    summary="Compter les inscriptions",
    response_model=StatisticsResource,
    responses=problem_responses("not-acceptable") | {200: {"content": {CSV: {"schema": CSV_SCHEMA}}}},
)
async def read_statistics(
    request: Request,
    authorised: ReadAccess,
    from_: FromParameter = None,
    to: ToParameter = None,
    group_by: GroupByParameter = None,
    measures: MeasuresParameter = None,
) -> Response:
    """Une inscription compte au mois de sa demande, telle qu’elle est à présent. En CSV avec `Accept: text/csv`. Un
    organisme de formation compte les siennes. Personne n’est nommé ; un petit nombre peut pourtant désigner quelqu’un :
    ne le publiez pas."""
    media_type = negotiate_media_type(request.headers.get("accept"), MEDIA_TYPES)
    period = Period(*parse_period(from_, to))
    groups, extra = parse_names("group_by", group_by, Grouping), parse_names("measures", measures, Measure)
    try:
        rows = await authorised.run_heavy_work(
            lambda: count_registrations(authorised.reader, period, groups, extra, owner=authorised.owner)
        )
    except TooManyGroups:
        raise invalid_parameter("group_by", TOO_MANY_GROUPS) from None
    if media_type == CSV:
        return csv_response([*groups, "count", *extra], (row.values() for row in rows), authorised.language)
    return negotiated(json_response({"data": [dict(row) for row in rows]}, authorised.language))


def parse_period(from_: str | None, to: str | None) -> tuple[date | None, date | None]:
    """The first and the last day, None without a limit. Raise Problem when the first is after the last."""
    first, last = parse_day_parameter(from_, "from"), parse_day_parameter(to, "to")
    if first and last and last < first:
        raise invalid_parameter("to", ENDS_BEFORE_START)
    return first, last


def parse_names(parameter: str, listed: str | None, names: type[NameEnum]) -> list[NameEnum]:
    """The names of a list, each once. Raise Problem when one is none of `names`."""
    given = dict.fromkeys(listed.split(",")) if listed is not None else {}
    if not given.keys() <= {*names}:
        raise invalid_parameter(parameter, _names_expected(", ".join(names)))
    return [names(name) for name in given]


def _names_expected(known: str) -> Sentence:
    return Sentence(fr=f"Des noms parmi {known}.", en=f"Names among {known}.")


def csv_response(headings: Sequence[str], rows: Iterable[Iterable[object]], language: Language) -> Response:
    """A CSV (RFC 4180) whose cells no spreadsheet takes for formulas."""
    text = io.StringIO()
    for row in (headings, *rows):
        csv.writer(text).writerow([escape_formulas(cell) if isinstance(cell, str) else cell for cell in row])
    response = Response(text.getvalue(), headers={"Cache-Control": PRIVATE_NO_CACHE, **language_headers(language)})
    response.headers["Content-Type"] = f"{CSV}; charset=utf-8; header=present"
    return negotiated(response)
