"""/v1/registrations: register, simulate, list and read."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, resource_response, to_response
from app.api.http.bodies.media_types import negotiate_media_type, negotiated
from app.api.http.bodies.resource_responses import found, no_response, resource_renderer
from app.api.http.bodies.tables.table_responses import LIST_MEDIA_TYPES, TABLE_RESPONSES
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Paging, equality_filters
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import JSON_MEDIA_TYPE, IdempotencyKey, IfNoneMatch, require_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.decision_history import DecisionsResource, past_decision_resource
from app.api.registrations.decision_words import put_words_in
from app.api.registrations.registration_filters import RegistrationFilters
from app.api.registrations.registration_requests import RegistrationRequest
from app.api.registrations.registration_resources import (
    PreviewResource,
    RegistrationResource,
    preview_resource,
    registration_as_seen,
)
from app.api.registrations.registration_table import respond_as_table
from app.persistence.engine.driver_types import Row
from app.persistence.registrations import registration_texts, registrations
from app.use_cases.registrations.register_adviser import preview
from app.use_cases.sessions.register_in_session import preview_in_session, register_in_session
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_WRITE))]

NOT_FOUND = Sentence(
    fr="Aucune inscription de votre périmètre n’a cet identifiant.",
    en="No registration that you may see has this identifier.",
)
ORGANISATION_REQUIRED = Sentence(fr="training_organisation_id est requis.", en="training_organisation_id is required.")
OTHER_ORGANISATION = Sentence(
    fr="Un organisme de formation n’inscrit qu’à ses propres sessions.",
    en="A training organisation registers only to its own sessions.",
)


def _requested_organisation(authorised: AuthorisedRequest, body: RegistrationRequest) -> UUID | None:
    """A training organisation registers to its own sessions only; None: the published session’s. Raise Problem."""
    requested = body.training_organisation_id or authorised.owner
    if requested is None and body.session_id is None:
        errors = [field_error("/training_organisation_id", "missing", ORGANISATION_REQUIRED)]
        raise Problem("validation-error", ORGANISATION_REQUIRED, errors)
    if authorised.owner is not None and requested != authorised.owner:
        raise Problem("forbidden", OTHER_ORGANISATION)
    return requested


@router.post(
    "",
    status_code=201,
    operation_id="registerAdviser",
    summary="Inscrire un conseiller",
    response_model=RegistrationResource,
    responses=problem_responses(
        "idempotency-key-missing",
        "duplicate-registration",
        "unknown-reference",
        "adviser-anonymised",
        "session-closed",
        "session-cancelled",
    ),
)
async def register_adviser(
    body: RegistrationRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Décide aussitôt selon les règles publiées et enregistre l’inscription.

    Un refus est une réponse 201 avec `status: refused` et **tous** ses motifs, chacun avec ce qu’il faut faire et qui
    doit agir. Au-delà du quota, l’inscription attend le choix du conseiller (`awaiting_choice`).
    """
    organisation = _requested_organisation(authorised, body)
    render = resource_renderer(
        authorised, partial(registration_as_seen, authorised), status=201, location="/v1/registrations/{id}"
    )
    context, service = (
        authorised.request_context(render, require_idempotency_key(idempotency_key), body),
        authorised.service,
    )
    if body.session_id is None:
        new = body.to_new_registration(organisation)
        return to_response(await service.registration_batches.register(new, context))
    wanted = body.to_session_registration(body.session_id, organisation)
    async with service.session_turns.of(body.session_id):
        return to_response(await register_in_session(service.database, wanted, context))


@router.post(
    "/preview",
    operation_id="previewRegistration",
    summary="Simuler une inscription",
    response_model=PreviewResource,
    responses=problem_responses(
        "duplicate-registration", "unknown-reference", "adviser-anonymised", "session-closed", "session-cancelled"
    ),
)
async def preview_registration(body: RegistrationRequest, authorised: WriteAccess) -> Response:
    """Donne la décision que recevrait cette demande, sans rien enregistrer ni prévenir personne."""
    organisation, context = _requested_organisation(authorised, body), authorised.request_context(no_response)
    if body.session_id is None:
        previewed = await preview(authorised.database, body.to_new_registration(organisation), context)
    else:
        wanted = body.to_session_registration(body.session_id, organisation)
        previewed = await preview_in_session(authorised.database, wanted, context)
    resource = preview_resource(previewed, authorised.language, authorised.owner)
    return await authorised.audit_read(json_response(resource, authorised.language), body.adviser_id)


@router.get(
    "",
    operation_id="listRegistrations",
    summary="Lister les inscriptions",
    response_model=page_model(RegistrationResource),
    responses=problem_responses("not-acceptable") | TABLE_RESPONSES,
)
async def list_registrations(
    request: Request, authorised: ReadAccess, paging: Paging, filters: RegistrationFilters
) -> Response:
    """Dans l’ordre de leur création ; par date de modification avec `updated_since`, pour se synchroniser.

    En CSV ou en classeur XLSX avec `Accept`, pour un tableur français : toute la liste dans un fichier, jusqu’à 5 000
    lignes (ou `limit`) ; s’il y en a d’autres, `Link` mène au fichier suivant.
    """
    media_type = negotiate_media_type(request.headers.get("accept"), LIST_MEDIA_TYPES)
    own = [*filters, *equality_filters(training_organisation_id=authorised.owner)]
    read = partial(
        registration_texts.list_page,
        base_url=authorised.service.base_url,
        with_messages=authorised.has_scope(Scope.MESSAGES_READ),
    )
    if media_type != JSON_MEDIA_TYPE:
        return await respond_as_table(authorised, paging, media_type, read, own)
    words = partial(put_words_in, language=authorised.language, owner=authorised.owner)
    return negotiated(await paging.respond_with_texts(authorised, read, own, words))


async def _read(authorised: AuthorisedRequest, registration: UUID) -> Row:
    """Raise Problem when there is none, or when it is not the caller's."""
    return found(await registrations.read(authorised.reader, registration, owner=authorised.owner), NOT_FOUND)


@router.get(
    "/{registration_id:uuid}",  # `preview` is no registration
    operation_id="getRegistration",
    summary="Lire une inscription",
    response_model=RegistrationResource,
)
async def get_registration(registration_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """L’état présent, avec la dernière décision et ses motifs."""
    row = await _read(authorised, registration_id)
    response = resource_response(registration_as_seen(authorised, row), authorised.language, if_none_match)
    return await authorised.audit_read(response, row["adviser_id"], registration_id)


@router.get(
    "/{registration_id}/decisions",
    operation_id="listDecisions",
    summary="Lire l’historique des décisions",
    response_model=DecisionsResource,
)
async def list_decisions(registration_id: Id, authorised: ReadAccess) -> Response:
    """Toutes les décisions, la plus récente d’abord, chacune avec les faits lus : de quoi la rejouer."""
    registration = await _read(authorised, registration_id)
    with_motives = authorised.owner is None
    rows = await registrations.list_decisions(authorised.reader, registration_id, with_motives=with_motives)
    body = {
        "data": [past_decision_resource(row, authorised.client, authorised.language) for row in rows],
        "pagination": {"next": None},
    }
    return await authorised.audit_read(
        json_response(body, authorised.language), registration["adviser_id"], registration_id
    )
