"""/v1/registrations: list and read, with the decisions."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, resource_response
from app.api.http.bodies.resource_responses import found
from app.api.http.fields.field_types import CodeFilter, Id
from app.api.http.fields.list_parameters import parse_uuids
from app.api.http.pagination import Paging, equality_filters
from app.api.http.request_headers import IfNoneMatch
from app.api.http.routing import StrictRoute, page_model
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.decision_history import DecisionsResource, past_decision_resource
from app.api.registrations.decision_words import put_words_in
from app.api.registrations.registration_resources import (
    RegistrationResource,
    registration_as_seen,
)
from app.domain.facts.registration_terms import Status
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.persistence.registrations import registration_texts, registrations
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_WRITE))]

IdsFilter = Annotated[
    str | None,
    Query(
        max_length=20_000,
        description="Identifiants séparés par des virgules.",
        json_schema_extra={"pattern": "^ *[0-9A-Fa-f-]{36} *(, *[0-9A-Fa-f-]{36} *)*$"},
    ),
]

NOT_FOUND = Sentence(
    fr="Aucune inscription de votre périmètre n’a cet identifiant.",
    en="No registration that you may see has this identifier.",
)


@router.get(
    "",
    operation_id="listRegistrations",
    summary="Lister les inscriptions",
    response_model=page_model(RegistrationResource),
)
async def list_registrations(
    authorised: ReadAccess,
    paging: Paging,
    adviser_id: Id | None = None,
    training_organisation_id: Id | None = None,
    status: Status | None = None,
    module_code: CodeFilter | None = None,
    ids: IdsFilter = None,
) -> Response:
    """Dans l’ordre de leur création ; par date de modification avec `updated_since`, pour se synchroniser."""
    filters = equality_filters(
        adviser_id=adviser_id,
        training_organisation_id=training_organisation_id,
        status=status,
        module_code=module_code,
    )
    filters += equality_filters(training_organisation_id=authorised.owner)
    if ids is not None:
        filters.append(Filter("{t}.id = ANY({})", parse_uuids("ids", ids)))
    read = partial(
        registration_texts.list_page,
        base_url=authorised.service.base_url,
        with_messages=authorised.has_scope(Scope.MESSAGES_READ),
    )
    words = partial(put_words_in, language=authorised.language, owner=authorised.owner)
    return await paging.respond_with_texts(authorised, read, filters, words)


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
