"""/v1/registrations: ask, and follow."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, replayable_response, resource_response, to_response
from app.api.http.fields.field_types import CodeFilter, Id
from app.api.http.pagination import Paging, equality_filters, parse_uuids
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import IdempotencyKey, IfNoneMatch, require_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.decision_history import DecisionsResource, past_decision_resource
from app.api.registrations.registration_requests import RegistrationRequest
from app.api.registrations.registration_resources import (
    PreviewResource,
    RegistrationResource,
    choice_resources,
    entitlement_of_unit,
    reason_resource,
    registration_as_seen,
)
from app.domain.facts.registration import Status
from app.persistence import registrations
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.registrations.register_adviser import preview, register
from app.wording.decision_summaries import decision_summary
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


def _requested_organisation(authorised: AuthorisedRequest, body: RegistrationRequest) -> UUID:
    """A training organisation registers to its own sessions only. Raise Problem."""
    requested = body.training_organisation_id or authorised.owner
    if requested is None:
        detail = Sentence(fr="training_organisation_id est requis.", en="training_organisation_id is required.")
        raise Problem("validation-error", detail, [field_error("/training_organisation_id", "missing", detail)])
    if authorised.owner is not None and requested != authorised.owner:
        detail = Sentence(
            fr="Un organisme de formation n’inscrit qu’à ses propres sessions.",
            en="A training organisation registers only to its own sessions.",
        )
        raise Problem("forbidden", detail)
    return requested


@router.post(
    "",
    status_code=201,
    operation_id="registerAdviser",
    summary="Inscrire un conseiller",
    response_model=RegistrationResource,
    responses=problem_responses(
        "idempotency-key-missing", "duplicate-registration", "unknown-reference", "adviser-anonymised"
    ),
)
async def register_adviser(
    body: RegistrationRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Décide aussitôt selon les règles publiées et enregistre l’inscription.

    Un refus est une réponse 201 avec `status: refused` et **tous** ses motifs, chacun avec ce qu’il faut faire et qui
    doit agir. Au-delà du quota, l’inscription attend le choix du conseiller (`awaiting_choice`).
    """

    def render(row: Row) -> ReplayableResponse:
        resource = registration_as_seen(row, authorised)
        return replayable_response(resource, authorised.language, status=201, location=resource["links"]["self"])

    demand = body.to_new_registration(_requested_organisation(authorised, body))
    return to_response(
        await register(
            authorised.database,
            demand,
            authorised.request_context(render, require_idempotency_key(idempotency_key), body),
        )
    )


@router.post(
    "/preview",
    operation_id="previewRegistration",
    summary="Simuler une inscription",
    response_model=PreviewResource,
    responses=problem_responses("duplicate-registration", "unknown-reference", "adviser-anonymised"),
)
async def preview_registration(body: RegistrationRequest, authorised: WriteAccess) -> Response:
    """Donne la décision que recevrait cette demande, sans rien enregistrer ni prévenir personne."""
    demand = body.to_new_registration(_requested_organisation(authorised, body))
    decision = (
        await preview(
            authorised.database,
            demand,
            authorised.request_context(partial(replayable_response, language=authorised.language)),
        )
    ).decision
    entitlement = entitlement_of_unit(decision.unit)
    summary = decision_summary(decision.outcome, decision.funding, entitlement, len(decision.refusals))
    resource: PreviewResource = {
        "outcome": decision.outcome,
        "funding": decision.funding,
        "entitlement": entitlement,
        "policy_version": decision.policy_version,
        "rules": [*decision.rules],
        "reasons": [reason_resource(refusal, authorised.language, authorised.owner) for refusal in decision.refusals],
        "choices": choice_resources(decision.offered_payers),
        "summary": summary.in_language(authorised.language),
    }
    return await authorised.audit_read(json_response(resource, authorised.language), body.adviser_id)


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
    return await paging.respond(
        authorised,
        registrations.list_page,
        filters,
        lambda row: registration_as_seen(row, authorised),
        subject_column="adviser_id",
    )


@router.get(
    "/{registration_id:uuid}",  # or it would take `preview` for one
    operation_id="getRegistration",
    summary="Lire une inscription",
    response_model=RegistrationResource,
)
async def get_registration(registration_id: Id, authorised: ReadAccess, if_none_match: IfNoneMatch = None) -> Response:
    """L’état présent, avec la dernière décision et ses motifs."""
    row = await registrations.read(authorised.reader, registration_id, owner=authorised.owner)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    resource = registration_as_seen(row, authorised)
    response = resource_response(resource, authorised.language, if_none_match)
    return await authorised.audit_read(response, row["adviser_id"], registration_id)


@router.get(
    "/{registration_id}/decisions",
    operation_id="listDecisions",
    summary="Lire l’historique des décisions",
    response_model=DecisionsResource,
)
async def list_decisions(registration_id: Id, authorised: ReadAccess) -> Response:
    """Toutes les décisions, la plus récente d’abord, chacune avec les faits lus : de quoi la rejouer."""
    registration = await registrations.read(authorised.reader, registration_id, owner=authorised.owner)
    if registration is None:
        raise Problem("not-found", NOT_FOUND)
    rows = await registrations.list_decisions(authorised.reader, registration_id)
    body = {
        "data": [past_decision_resource(row, authorised.client, authorised.language) for row in rows],
        "pagination": {"next": None},
    }
    return await authorised.audit_read(
        json_response(body, authorised.language), registration["adviser_id"], registration_id
    )
