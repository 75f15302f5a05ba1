"""/v1/registrations: ask, and follow."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.http.bodies.json_responses import answer_of, said, shown
from app.api.http.fields.field_types import CodeFilter, Id
from app.api.http.pagination import Paging, equalities, uuids
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import IdempotencyKey, IfNoneMatch, answered, required_key
from app.api.http.routing import Route, listed, problems
from app.api.identity.authorisation import Asking, Needs, Scope
from app.api.registrations.decision_history import DecisionsResource, past_decision_resource
from app.api.registrations.registration_requests import RegistrationRequest
from app.api.registrations.registration_resources import (
    PreviewResource,
    RegistrationResource,
    choices_of,
    entitlement_of,
    reason_resource,
    shown_registration,
)
from app.domain.facts.registration import Status
from app.persistence import registrations
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.registrations.register_adviser import preview, register
from app.wording.decision_summaries import summary_of_decision
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.REGISTRATIONS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.REGISTRATIONS_WRITE))]

Ids = Annotated[
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


def _organisation(asking: Asking, body: RegistrationRequest) -> UUID:
    """A training organisation registers to its own sessions only. Raise Problem."""
    asked = body.training_organisation_id or asking.owner
    if asked is None:
        detail = Sentence(fr="training_organisation_id est requis.", en="training_organisation_id is required.")
        raise Problem("validation-error", detail, [field_error("/training_organisation_id", "missing", detail)])
    if asking.owner is not None and asked != asking.owner:
        detail = Sentence(
            fr="Un organisme de formation n’inscrit qu’à ses propres sessions.",
            en="A training organisation registers only to its own sessions.",
        )
        raise Problem("forbidden", detail)
    return asked


@router.post(
    "",
    status_code=201,
    operation_id="registerAdviser",
    summary="Inscrire un conseiller",
    response_model=RegistrationResource,
    responses=problems("idempotency-key-missing", "duplicate-registration", "unknown-reference", "adviser-anonymised"),
)
async def register_adviser(
    body: RegistrationRequest, asking: Writing, idempotency_key: IdempotencyKey = None
) -> Response:
    """Décide aussitôt selon les règles publiées et enregistre l’inscription.

    Un refus est une réponse 201 avec `status: refused` et **tous** ses motifs, chacun avec ce qu’il faut faire et qui
    doit agir. Au-delà du quota, l’inscription attend le choix du conseiller (`awaiting_choice`).
    """

    def worded(row: Row) -> Answer:
        resource = shown_registration(row, asking)
        return answer_of(resource, asking.language, status=201, location=resource["links"]["self"])

    demand = body.to_demand(_organisation(asking, body))
    return answered(await register(asking.database, demand, asking.asked(worded, required_key(idempotency_key), body)))


@router.post(
    "/preview",
    operation_id="previewRegistration",
    summary="Simuler une inscription",
    response_model=PreviewResource,
    responses=problems("duplicate-registration", "unknown-reference", "adviser-anonymised"),
)
async def preview_registration(body: RegistrationRequest, asking: Writing) -> Response:
    """Donne la décision que recevrait cette demande, sans rien enregistrer ni prévenir personne."""
    demand = body.to_demand(_organisation(asking, body))
    decision = (
        await preview(asking.database, demand, asking.asked(partial(answer_of, language=asking.language)))
    ).decision
    entitlement = entitlement_of(decision.unit)
    summary = summary_of_decision(decision.outcome, decision.funding, entitlement, len(decision.refusals))
    resource: PreviewResource = {
        "outcome": decision.outcome,
        "funding": decision.funding,
        "entitlement": entitlement,
        "policy_version": decision.policy_version,
        "rules": [*decision.rules],
        "reasons": [reason_resource(refusal, asking.language, asking.owner) for refusal in decision.refusals],
        "choices": choices_of(decision.offered_payers),
        "summary": summary.said_in(asking.language),
    }
    return await asking.showing(said(resource, asking.language), body.adviser_id)


@router.get(
    "",
    operation_id="listRegistrations",
    summary="Lister les inscriptions",
    response_model=listed(RegistrationResource),
)
async def list_registrations(
    asking: Reading,
    paging: Paging,
    adviser_id: Id | None = None,
    training_organisation_id: Id | None = None,
    status: Status | None = None,
    module_code: CodeFilter | None = None,
    ids: Ids = None,
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
    return await paging.answered(
        asking,
        registrations.list_page,
        filters,
        lambda row: shown_registration(row, asking),
        whose="adviser_id",
    )


@router.get(
    "/{registration_id:uuid}",  # or it would take `preview` for one
    operation_id="getRegistration",
    summary="Lire une inscription",
    response_model=RegistrationResource,
)
async def get_registration(registration_id: Id, asking: Reading, if_none_match: IfNoneMatch = None) -> Response:
    """L’état présent, avec la dernière décision et ses motifs."""
    row = await registrations.read(asking.reader, registration_id, owner=asking.owner)
    if row is None:
        raise Problem("not-found", NOT_FOUND)
    resource = shown_registration(row, asking)
    response = shown(resource, asking.language, if_none_match)
    return await asking.showing(response, row["adviser_id"], registration_id)


@router.get(
    "/{registration_id}/decisions",
    operation_id="listDecisions",
    summary="Lire l’historique des décisions",
    response_model=DecisionsResource,
)
async def list_decisions(registration_id: Id, asking: Reading) -> Response:
    """Toutes les décisions, la plus récente d’abord, chacune avec les faits lus : de quoi la rejouer."""
    registration = await registrations.read(asking.reader, registration_id, owner=asking.owner)
    if registration is None:
        raise Problem("not-found", NOT_FOUND)
    rows = await registrations.list_decisions(asking.reader, registration_id)
    body = {
        "data": [past_decision_resource(row, asking.client, asking.language) for row in rows],
        "pagination": {"next": None},
    }
    return await asking.showing(said(body, asking.language), registration["adviser_id"], registration_id)
