"""/v1/sessions: publish, list, read, change."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request
from starlette.responses import Response
from uuid_utils.compat import uuid7

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_response, to_response
from app.api.http.bodies.media_types import negotiate_media_type, negotiated
from app.api.http.bodies.merge_patch import patched_body
from app.api.http.bodies.path_id_checks import check_id_matches_path, check_no_id
from app.api.http.bodies.resource_responses import ToResource, found, resource_renderer
from app.api.http.bodies.tables.table import Table
from app.api.http.bodies.tables.table_pages import respond_with_table
from app.api.http.bodies.tables.table_responses import LIST_MEDIA_TYPES, TABLE_RESPONSES
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Paging
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import (
    JSON_MEDIA_TYPE,
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    parse_idempotency_key,
    parse_if_match,
)
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.registering_routes import ORGANISATION_REQUIRED
from app.api.sessions.session_filters import Filters
from app.api.sessions.session_requests import OTHER_ORGANISATION, PublishedSessionRequest
from app.api.sessions.session_resources import DeedResource, PublishedSessionResource, deed_response, session_as_seen
from app.api.sessions.session_table import session_table
from app.domain.facts.calendar import civil_date
from app.persistence.engine.driver_types import Row
from app.persistence.sessions import sessions
from app.use_cases.preconditions import Precondition
from app.use_cases.sessions.change_session import replace_session
from app.use_cases.sessions.publish_session import SessionDescription, publish_session
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_WRITE))]

NOT_FOUND = Sentence(fr="Aucune session n’a cet identifiant.", en="No session has this identifier.")
LOCATION = "/v1/sessions/{id}"
ASKED: dict[int | str, dict[str, Any]] = {
    202: {"description": "Demandé pour toutes les inscriptions", "model": DeedResource}
}


def to_resource(authorised: AuthorisedRequest) -> ToResource:
    return partial(session_as_seen, authorised)


def _description(authorised: AuthorisedRequest, body: PublishedSessionRequest) -> SessionDescription:
    """A training organisation publishes its own sessions only. Raise Problem."""
    organisation = body.training_organisation_id or authorised.owner
    if organisation is None:
        error = field_error("/training_organisation_id", "missing", ORGANISATION_REQUIRED)
        raise Problem("validation-error", ORGANISATION_REQUIRED, [error])
    if authorised.owner not in {None, organisation}:
        raise Problem("forbidden", OTHER_ORGANISATION)
    return body.description(organisation)


@router.post(
    "",
    status_code=201,
    operation_id="publishSession",
    summary="Publier une session",
    response_model=PublishedSessionResource,
    responses=problem_responses("unknown-reference", "reference-taken", "session-started"),
)
async def post_session(
    body: PublishedSessionRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """L’identifiant est attribué ici. Les inscriptions la nomment ensuite par `session_id`, et y prennent les places
    dans l’ordre ; quand il n’y en a plus, elles attendent."""
    check_no_id(body.id, "PUT /v1/sessions/{id}")
    render = resource_renderer(authorised, to_resource(authorised), status=201, location=LOCATION)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    description = _description(authorised, body)
    return to_response(await publish_session(authorised.database, uuid7(), description, context))


async def _replace(
    authorised: AuthorisedRequest, session: UUID, body: PublishedSessionRequest, expected: Precondition
) -> Response:
    """201 when it is new, 202 when registrations are concerned, else 200."""
    description = _description(authorised, body)
    context = authorised.request_context(partial(deed_response, authorised))
    row, is_new = await replace_session(authorised.database, session, description, expected, context)
    if is_new:
        render = resource_renderer(authorised, to_resource(authorised), status=201, location=LOCATION)
        return to_response(render(row))
    return to_response(deed_response(authorised, row))


CHANGE_PROBLEMS = problem_responses(
    "unknown-reference", "reference-taken", "session-started", "session-cancelled", "seats-taken"
)


@router.put(
    "/{session_id:uuid}",  # `calendar.ics` is no session
    operation_id="putSession",
    summary="Publier ou remplacer une session",
    response_model=PublishedSessionResource,
    responses=CHANGE_PROBLEMS | ASKED | {201: {"description": "Publiée", "model": PublishedSessionResource}},
)
async def put_session(
    session_id: Id, body: PublishedSessionRequest, authorised: WriteAccess, if_match: IfMatch = None
) -> Response:
    """L’identifiant est choisi par l’appelant. Ce qui change concerne toutes les inscriptions, comme avec PATCH."""
    check_id_matches_path("id", session_id, body.id)
    return await _replace(authorised, session_id, body, parse_if_match(if_match))


@router.get(
    "",
    operation_id="listSessions",
    summary="Lister les sessions",
    response_model=page_model(PublishedSessionResource),
    responses=problem_responses("not-acceptable") | TABLE_RESPONSES,
)
async def list_sessions(request: Request, authorised: ReadAccess, paging: Paging, filters: Filters) -> Response:
    """Dans l’ordre de leur publication ; par date de modification avec `updated_since`. Tous les clients les lisent
    toutes : elles ne nomment personne.

    En CSV ou en classeur XLSX avec `Accept`, pour un tableur français : toute la liste dans un fichier, jusqu’à 5 000
    lignes (ou `limit`) ; s’il y en a d’autres, `Link` mène au fichier suivant.
    """
    media_type = negotiate_media_type(request.headers.get("accept"), LIST_MEDIA_TYPES)
    wanted, resource = filters.on(civil_date(authorised.now)), to_resource(authorised)
    if media_type == JSON_MEDIA_TYPE:
        return negotiated(await paging.respond(authorised, sessions.list_page, wanted, resource))

    def to_table(rows: Sequence[Row]) -> Table:
        return session_table([resource(row) for row in rows], authorised.now)

    return await respond_with_table(paging, authorised, media_type, sessions.list_page, wanted, to_table)


@router.get(
    "/{session_id:uuid}", operation_id="getSession", summary="Lire une session", response_model=PublishedSessionResource
)
async def get_session(session_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """Ses places, et l’avancement de ce qui est fait de toutes ses inscriptions (`progress`)."""
    row: Row = found(await sessions.read(authorised.reader, session_id), NOT_FOUND)
    return resource_response(to_resource(authorised)(row), authorised.language, if_none_match)


@router.patch(
    "/{session_id:uuid}",
    operation_id="patchSession",
    summary="Modifier une session",
    response_model=PublishedSessionResource,
    responses=CHANGE_PROBLEMS | ASKED,
)
async def patch_session(
    session_id: Id,
    patch: Annotated[dict[str, Any], Body(examples=[{"seats": {"maximum": 14}}])],
    authorised: WriteAccess,
    if_match: IfMatch = None,
) -> Response:
    """Fusion JSON (RFC 7396). De nouveaux jours, horaires ou lieu concernent toutes les inscriptions : 202, chacune est
    décidée à nouveau, et chaque personne prévenue une fois. D’autres places vont aussitôt à qui attend."""
    row = found(await sessions.read(authorised.reader, session_id), NOT_FOUND)
    expected = parse_if_match(if_match).narrowed(row["version"])
    shown = to_resource(authorised)(row)
    given = {name: shown[name] for name in PublishedSessionRequest.model_fields if name in shown}
    body = patched_body(PublishedSessionRequest, given, patch)
    check_id_matches_path("id", session_id, body.id)
    return await _replace(authorised, session_id, body, expected)
