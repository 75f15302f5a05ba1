"""/v1/registrations: list and read, with the decisions."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, resource_response
from app.api.http.bodies.media_types import negotiate_media_type, negotiated
from app.api.http.bodies.resource_responses import found
from app.api.http.bodies.tables.table_responses import LIST_MEDIA_TYPES, TABLE_RESPONSES
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Paging, equality_filters
from app.api.http.request_headers import JSON_MEDIA_TYPE, IfNoneMatch
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.decision_history import DecisionsResource, past_decision_resource
from app.api.registrations.decision_words import put_words_in
from app.api.registrations.lists.registration_filters import RegistrationFilters
from app.api.registrations.lists.registration_table import respond_as_table
from app.api.registrations.registration_resources import (
    RegistrationResource,
    registration_as_seen,
)
from app.persistence.engine.driver_types import Row
from app.persistence.registrations import registration_texts, registrations
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_WRITE))]

NOT_FOUND = Sentence(
    fr="Aucune inscription de votre périmètre n’a cet identifiant.",
    en="No registration that you may see has this identifier.",
)


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
