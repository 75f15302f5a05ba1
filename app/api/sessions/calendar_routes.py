"""Sessions as calendar files (iCalendar): one of them, or those of a list."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.files import FILE_NAME_HEADER, MAX_FILE_BYTES, file_response
from app.api.http.bodies.resource_responses import found
from app.api.http.bodies.tables.table_pages import respond_with_file
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Paging
from app.api.http.routing import StrictRoute
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.sessions.session_filters import Filters
from app.api.sessions.session_routes import NOT_FOUND
from app.domain.facts.calendar import civil_date
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.driver_types import Row
from app.persistence.sessions import sessions
from app.wording.calendars.calendar_files import CALENDAR_MEDIA_TYPE, CalendarPerson, calendar_file
from app.wording.calendars.session_calendars import calendar_session

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_READ))]
MAX_SESSIONS = 1_000  # of one file
CALENDAR_NAME = "Sessions de formation"


class CalendarResponse(Response):
    media_type = CALENDAR_MEDIA_TYPE


CALENDAR_SCHEMA = {"type": "string", "pattern": "^BEGIN:VCALENDAR\r\n", "maxLength": MAX_FILE_BYTES}
_LINK = {"$ref": "#/components/headers/Link"}
CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {"Content-Disposition": FILE_NAME_HEADER},
        "content": {CALENDAR_MEDIA_TYPE: {"schema": CALENDAR_SCHEMA}},
    }
}


async def _calendar_response(
    authorised: AuthorisedRequest, rows: Sequence[Row], file_name: str, calendar_name: str | None = None
) -> Response:
    """Written in a thread: whoever else asks need not wait for a long calendar."""
    titles = {row["code"]: row["title"] for row in await MODULES.read_all(authorised.reader)}
    organisations: Mapping[str, CalendarPerson] = {
        str(row["id"]): CalendarPerson(row["name"], row["email"])
        for row in await TRAINING_ORGANISATIONS.read_all(authorised.reader)
    }
    told = [
        calendar_session(row, titles[row["module_code"]], organisations[str(row["training_organisation_id"])])
        for row in rows
    ]
    content = await asyncio.to_thread(calendar_file, told, name=calendar_name)
    return file_response(content, f"{CALENDAR_MEDIA_TYPE}; charset=utf-8", file_name)


@router.get(
    "/calendar.ics",
    operation_id="getSessionsCalendar",
    summary="Lire les sessions dans un agenda",
    response_class=CalendarResponse,
    responses={200: CALENDAR[200] | {"headers": CALENDAR[200]["headers"] | {"Link": _LINK}}},
)
async def get_sessions_calendar(authorised: ReadAccess, paging: Paging, filters: Filters) -> Response:
    """Les mêmes filtres que la liste ; un événement par jour, jusqu’à 1 000 sessions par fichier (ou `limit`), la suite
    par `Link`. Une session annulée y est dite annulée ; déplacée, elle remplace celle que l’agenda connaissait."""
    today = civil_date(authorised.now)

    async def to_response(rows: Sequence[Row]) -> Response:
        return await _calendar_response(authorised, rows, f"sessions-{today}.ics", CALENDAR_NAME)

    return await respond_with_file(
        paging, authorised, sessions.list_page, filters.on(today), to_response, longest=MAX_SESSIONS
    )


@router.get(
    "/{session_id:uuid}/calendar.ics",
    operation_id="getSessionCalendar",
    summary="Lire une session dans un agenda",
    response_class=CalendarResponse,
    responses=CALENDAR,
)
async def get_session_calendar(session_id: Id, authorised: ReadAccess) -> Response:
    """Un événement par jour, aux horaires de la session ; de la journée entière quand elle n’en dit pas."""
    row: Row = found(await sessions.read(authorised.reader, session_id), NOT_FOUND)
    return await _calendar_response(authorised, [row], f"session-{row['starts_on']}.ics")
