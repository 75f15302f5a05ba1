"""/v1/registrations: ask, follow, answer, move, cancel, attend."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ValidationError
from starlette.responses import Response

from app.api.access import Asking, Needs, Scope
from app.api.bodies import PRIVATE, answer_of, dumped, shown
from app.api.headers import JSON, IdempotencyKey, IfMatch, IfNoneMatch, answered, expected, required_key
from app.api.pages import Paging, equalities, uuids
from app.api.problems import Problem, field_error
from app.api.registration_bodies import (
    AttendanceRequest,
    CancellationRequest,
    ChoiceRequest,
    DecisionsResource,
    PositioningTestRequest,
    PreviewResource,
    ReExaminationRequest,
    RegistrationRequest,
    RegistrationResource,
    ReschedulingRequest,
    SessionBody,
    SessionPatch,
    choices_of,
    entitlement_of,
    past_decision_resource,
    reason_resource,
    registration_resource,
)
from app.api.routes import Route, listed, problems
from app.domain.registration import Choice, Status
from app.domain.session import Session
from app.persistence import registrations
from app.persistence.attempts import Answer
from app.persistence.driver import Row
from app.persistence.pages import Filter
from app.use_cases.asked import Asked
from app.use_cases.attend import attend
from app.use_cases.cancel import cancel
from app.use_cases.choose import decline, keep
from app.use_cases.position import position
from app.use_cases.reexamine import reexamine
from app.use_cases.register import preview, register
from app.use_cases.reschedule import reschedule
from app.wording.summaries import summary_of_decision

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.REGISTRATIONS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.REGISTRATIONS_WRITE))]
Holding = Annotated[Asking, Depends(Needs(Scope.SESSIONS_WRITE))]


def _acting(asking: Asking, key: str | None, body: Any) -> Asked:
    """An action under its required key, answered with the registration as it leaves it."""

    def worded(row: Row) -> Answer:
        return answer_of(registration_resource(row, asking.service.base_url))

    return asking.asked(worded, required_key(key), body)


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
    """Par date de création ; par date de modification avec `updated_since`, pour se synchroniser."""
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
    body = {"data": [past_decision_resource(row) for row in rows], "pagination": {"next": None}}
    return Response(dumped(body), media_type=JSON, headers={"Cache-Control": PRIVATE})


@router.post(
    "/{registration_id}/choice",
    operation_id="chooseOverQuota",
    summary="Répondre au dépassement de quota",
    response_model=RegistrationResource,
    responses=problems(404, 409, 422),
)
async def choose(
    registration_id: UUID, body: ChoiceRequest, asking: Writing, idempotency_key: IdempotencyKey = None
) -> Response:
    """Conserver l’inscription sans prise en charge, à la charge d’un des payeurs proposés, ou l’annuler."""
    asked = _acting(asking, idempotency_key, body)
    if body.choice is Choice.KEEP and body.payer is not None:
        return answered(await keep(asking.database, registration_id, body.payer, asked))
    return answered(await decline(asking.database, registration_id, asked))


@router.post(
    "/{registration_id}/re-examination",
    operation_id="reExamineRegistration",
    summary="Demander le réexamen d’un refus",
    response_model=RegistrationResource,
    responses=problems(404, 409, 422),
)
async def re_examine(
    registration_id: UUID,
    asking: Writing,
    body: ReExaminationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """La situation étant régularisée, la demande est décidée à nouveau sur les faits du moment."""
    notice = body or ReExaminationRequest()
    asked = _acting(asking, idempotency_key, notice)
    agreed = notice.employer_agreement
    return answered(await reexamine(asking.database, registration_id, asked, employer_agreement=agreed))


@router.post(
    "/{registration_id}/cancellation",
    operation_id="cancelRegistration",
    summary="Annuler une inscription",
    response_model=RegistrationResource,
    responses=problems(404, 409, 422),
)
async def cancel_registration(
    registration_id: UUID,
    asking: Writing,
    body: CancellationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Avant le premier jour de la session. Le droit libéré va à la plus ancienne inscription en attente."""
    wish = body or CancellationRequest()
    asked = _acting(asking, idempotency_key, wish)
    return answered(await cancel(asking.database, registration_id, wish.cancelled_on, wish.motive, asked))


@router.post(
    "/{registration_id}/attendance",
    operation_id="recordAttendance",
    summary="Enregistrer l’assiduité",
    response_model=RegistrationResource,
    responses=problems(404, 409, 422),
)
async def record_attendance(
    registration_id: UUID, body: AttendanceRequest, asking: Holding, idempotency_key: IdempotencyKey = None
) -> Response:
    """Une absence justifiée rend le droit, une absence non justifiée le consomme."""
    asked = _acting(asking, idempotency_key, body)
    return answered(await attend(asking.database, registration_id, body.outcome, body.motive, asked))


@router.post(
    "/{registration_id}/positioning-test",
    operation_id="recordPositioningTest",
    summary="Enregistrer le test de positionnement",
    response_model=RegistrationResource,
    responses=problems(404, 409, 422),
)
async def record_positioning_test(
    registration_id: UUID, body: PositioningTestRequest, asking: Holding, idempotency_key: IdempotencyKey = None
) -> Response:
    """Formation initiale seulement ; la durée doit être une des durées de parcours de la politique à cette date."""
    asked = _acting(asking, idempotency_key, body)
    return answered(await position(asking.database, registration_id, body.taken_on, body.hours, asked))


def _moved(present: Session, patch: SessionPatch) -> Session:
    """Raise Problem when the session would end before it starts."""
    fields = {name: getattr(present, name) for name in SessionBody.model_fields}
    changed = {**fields, **patch.model_dump(exclude_unset=True)}
    try:
        return SessionBody.model_validate(changed).to_session()
    except ValidationError as problem:
        errors = [
            field_error("/session" + "".join(f"/{part}" for part in error["loc"]), error["type"], error["msg"])
            for error in problem.errors()
        ]
        raise Problem("validation-error", errors[0]["detail"], errors) from None


@router.patch(
    "/{registration_id}",
    operation_id="rescheduleRegistration",
    summary="Déplacer la session",
    response_model=RegistrationResource,
    responses=problems(404, 409, 412, 422, 428),
)
async def reschedule_registration(
    registration_id: UUID, body: ReschedulingRequest, asking: Holding, if_match: IfMatch = None
) -> Response:
    """La session n’a pas commencé : l’inscription est décidée à nouveau et son droit choisi à nouveau."""
    asked = asking.asked(lambda row: answer_of(registration_resource(row, asking.service.base_url)))

    def moved(present: Session) -> Session:
        return _moved(present, body.session)

    return answered(await reschedule(asking.database, registration_id, moved, expected(if_match), asked))
