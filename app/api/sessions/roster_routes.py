"""/v1/sessions/{id}/roster: who is registered in a session, to convene them and to have them sign."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.files import MAX_FILE_BYTES
from app.api.http.bodies.json_responses import json_response
from app.api.http.bodies.media_types import negotiate_media_type, negotiated
from app.api.http.bodies.resource_responses import found
from app.api.http.bodies.tables.table_responses import LIST_MEDIA_TYPES, TABLE_RESPONSES, table_response
from app.api.http.fields.field_types import Id
from app.api.http.request_headers import JSON_MEDIA_TYPE
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.sessions.roster_resources import RosterResource, roster_line, roster_table
from app.api.sessions.sign_in_sheet import sign_in_sheet
from app.domain.facts.calendar import civil_date
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.driver_types import Row
from app.persistence.rosters import read_roster
from app.persistence.sessions import sessions
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], route_class=StrictRoute)

RosterAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.ROSTERS_READ))]
HTML = "text/html"
ROSTER_MEDIA_TYPES = (*LIST_MEDIA_TYPES, HTML)
NOT_YOURS = Sentence(
    fr="Aucune session de votre organisme n’a cet identifiant.",
    en="No session of your organisation has this identifier.",
)
_SHEET: dict[str, Any] = {
    HTML: {"schema": {"type": "string", "pattern": "^<!doctype html>", "maxLength": MAX_FILE_BYTES}}
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: TABLE_RESPONSES[200] | {"content": {**TABLE_RESPONSES[200]["content"], **_SHEET}}
}


async def _own_session(authorised: AuthorisedRequest, session: UUID) -> Row:
    """Raise Problem when there is none, or when it is not the caller's."""
    row: Row = found(await sessions.read(authorised.reader, session), NOT_YOURS)
    is_own = authorised.owner is None or str(authorised.owner) == str(row["training_organisation_id"])
    return found(row if is_own else None, NOT_YOURS)


@router.get(
    "/{session_id:uuid}/roster",
    operation_id="getRoster",
    summary="Lire la liste des inscrits",
    response_model=RosterResource,
    responses=problem_responses("not-acceptable") | RESPONSES,
)
async def get_roster(request: Request, session_id: Id, authorised: RosterAccess) -> Response:
    """Qui est inscrit, avec une place ou en attente, et de quoi convoquer chaque personne : ses noms, son adresse
    professionnelle, sa structure employeuse et le contact de celle-ci. Réservée à l’organisme de la session et à
    l’administration.

    En CSV ou en classeur XLSX avec `Accept`, pour un tableur français ; avec `Accept: text/html`, la feuille
    d’émargement à imprimer, une page par jour.
    """
    media_type = negotiate_media_type(request.headers.get("accept"), ROSTER_MEDIA_TYPES)
    session = await _own_session(authorised, session_id)
    # Addresses and employers are not shown to an organisation elsewhere: whose session it is was checked just before.
    rows = await read_roster(authorised.database, session_id, civil_date(authorised.now))
    lines = [roster_line(row) for row in rows]
    if media_type == JSON_MEDIA_TYPE:
        body = {"data": lines, "pagination": {"next": None}}
        response = negotiated(json_response(body, authorised.language))
    else:
        response = await authorised.run_heavy_work(lambda: _file(authorised, session, lines, media_type))
    return await authorised.audit_read(response, *(row["adviser_id"] for row in rows))


async def _file(
    authorised: AuthorisedRequest, session: Row, lines: Sequence[Mapping[str, Any]], media_type: str
) -> Response:
    """Written in a thread: whoever else asks need not wait for a sheet of many days."""
    if media_type != HTML:
        return await table_response(roster_table(lines, session["starts_on"]), media_type)
    module = found(await MODULES.read(authorised.reader, session["module_code"]))
    organisation = found(await TRAINING_ORGANISATIONS.read(authorised.reader, session["training_organisation_id"]))
    sheet = await asyncio.to_thread(sign_in_sheet, session, module["title"], organisation["name"], lines)
    return negotiated(sheet)
