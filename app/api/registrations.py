"""/v1/registrations: ask, and follow."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.access import Asking, Needs, Scope
from app.api.bodies import PRIVATE, answer_of, dumped, shown
from app.api.headers import JSON, IdempotencyKey, IfNoneMatch, answered, required_key
from app.api.pages import Paging, equalities, uuids
from app.api.problems import Problem, field_error
from app.api.registration_requests import RegistrationRequest
from app.api.registration_resources import (
    DecisionsResource,
    PreviewResource,
    RegistrationResource,
    choices_of,
    entitlement_of,
    past_decision_resource,
    reason_resource,
    registration_resource,
)
from app.api.routes import Route, listed, problems
from app.domain.registration import Status
from app.persistence import registrations
from app.persistence.attempts import Answer
from app.persistence.driver import Row
from app.persistence.pages import Filter
from app.use_cases.register import preview, register
from app.wording.summaries import summary_of_decision

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.REGISTRATIONS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.REGISTRATIONS_WRITE))]


def _organisation(asking: Asking, body: RegistrationRequest) -> UUID:
    """A training organisation registers to its own sessions only. Raise Problem."""
    asked = body.training_organisation_id or asking.owner
    if asked is None:
        detail = "training_organisation_id est requis."
        raise Problem("validation-error", detail, [field_error("/training_organisation_id", "missing", detail)])
    if asking.owner is not None and asked != asking.owner:
        raise Problem("forbidden", "Un organisme de formation n’inscrit qu’à ses propres sessions.")
    return asked


@router.post(
    "",
    status_code=201,
    operation_id="registerAdviser",
    summary="Inscrire un conseiller",
    response_model=RegistrationResource,
    responses=problems(409, 422),
)
async def register_adviser(
    body: RegistrationRequest, asking: Writing, idempotency_key: IdempotencyKey = None
) -> Response:
    """Décide aussitôt selon les règles publiées et enregistre l’inscription.

    Un refus est une réponse 201 avec `status: refused` et **tous** ses motifs, chacun avec ce qu’il faut faire et qui
    doit agir. Au-delà du quota, l’inscription attend le choix du conseiller (`awaiting_choice`).
    """

    def worded(row: Row) -> Answer:
        resource = registration_resource(row, asking.service.base_url)
        return answer_of(resource, status=201, location=resource["links"]["self"])

    demand = body.to_demand(_organisation(asking, body))
    return answered(await register(asking.database, demand, asking.asked(worded, required_key(idempotency_key), body)))


@router.post(
    "/preview",
    operation_id="previewRegistration",
    summary="Simuler une inscription",
    response_model=PreviewResource,
    responses=problems(409, 422),
)
async def preview_registration(body: RegistrationRequest, asking: Writing) -> Response:
    """Donne la décision que recevrait cette demande, sans rien enregistrer ni prévenir personne."""
    demand = body.to_demand(_organisation(asking, body))
    decision = (await preview(asking.database, demand, asking.asked(answer_of))).decision
    entitlement = entitlement_of(decision.unit)
    resource: PreviewResource = {
        "outcome": decision.outcome,
        "funding": decision.funding,
        "entitlement": entitlement,
        "policy_version": decision.policy_version,
        "rules": [*decision.rules],
        "reasons": [reason_resource(refusal) for refusal in decision.refusals],
        "choices": choices_of(decision.offered_payers),
        "summary": summary_of_decision(decision.outcome, decision.funding, entitlement, len(decision.refusals)),
    }
    return Response(dumped(resource), media_type=JSON, headers={"Cache-Control": PRIVATE})


@router.get(
    "",
    operation_id="listRegistrations",
    summary="Lister les inscriptions",
    response_model=listed(RegistrationResource),
    responses=problems(400),
)
async def list_registrations(
    asking: Reading,
    paging: Paging,
    adviser_id: UUID | None = None,
    training_organisation_id: UUID | None = None,
    status: Status | None = None,
    module_code: Annotated[str | None, Query(max_length=60, pattern="^[a-z0-9-]+$")] = None,
    ids: Annotated[str | None, Query(max_length=20_000, description="Identifiants séparés par des virgules.")] = None,
) -> Response:
    """Dans l’ordre de leur création ; par date de modification avec `updated_since`, pour se synchroniser."""
    filters = equalities(
        adviser_id=adviser_id,
        training_organisation_id=training_organisation_id,
        status=status,
        module_code=module_code,
    )
    filters += equalities(training_organisation_id=asking.owner)
    if ids is not None:
        filters.append(Filter("{t}.id = ANY({})", uuids("ids", ids)))
    base_url = asking.service.base_url
    return await paging.answered(
        asking, registrations.list_page, filters, lambda row: registration_resource(row, base_url)
    )


@router.get(
    "/{registration_id}",
    operation_id="getRegistration",
    summary="Lire une inscription",
    response_model=RegistrationResource,
    responses=problems(404),
)
async def get_registration(registration_id: UUID, asking: Reading, if_none_match: IfNoneMatch = None) -> Response:
    """L’état présent, avec la dernière décision et ses motifs."""
    row = await registrations.read(asking.database, registration_id, owner=asking.owner)
    if row is None:
        raise Problem("not-found", "Aucune inscription de votre périmètre n’a cet identifiant.")
    return shown(registration_resource(row, asking.service.base_url), if_none_match)


@router.get(
    "/{registration_id}/decisions",
    operation_id="listDecisions",
    summary="Lire l’historique des décisions",
    response_model=DecisionsResource,
    responses=problems(404),
)
async def list_decisions(registration_id: UUID, asking: Reading) -> Response:
    """Toutes les décisions, la plus récente d’abord, chacune avec les faits lus : de quoi la rejouer."""
    if await registrations.read(asking.database, registration_id, owner=asking.owner) is None:
        raise Problem("not-found", "Aucune inscription de votre périmètre n’a cet identifiant.")
    rows = await registrations.list_decisions(asking.database, registration_id)
    body = {"data": [past_decision_resource(row, asking.owner) for row in rows], "pagination": {"next": None}}
    return Response(dumped(body), media_type=JSON, headers={"Cache-Control": PRIVATE})
