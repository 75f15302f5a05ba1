"""/v1/registrations: register, and simulate it."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, to_response
from app.api.http.bodies.resource_responses import no_response, resource_renderer
from app.api.http.fields.field_types import BucketName, DisplayText, PolicyVersion
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import IdempotencyKey, require_idempotency_key
from app.api.http.routing import problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.decision_resources import Reasons, Rules, entitlement_of_unit, reason_resource
from app.api.registrations.registration_actions import registrations_router
from app.api.registrations.registration_requests import RegistrationRequest
from app.api.registrations.registration_resources import (
    Choices,
    RegistrationResource,
    SeatResource,
    choice_resources,
    registration_as_seen,
    seat_resource,
)
from app.api.registrations.registration_warnings import Warnings, warning_resources
from app.domain.decisions.admission import Outcome
from app.domain.facts.registration_terms import Funding
from app.use_cases.changes.changes_as_rows import overlaps_json
from app.use_cases.registrations.register_adviser import Preview, preview
from app.use_cases.sessions.register_in_session import preview_in_session, register_in_session
from app.wording.decision_summaries import decision_summary
from app.wording.languages import Language, Sentence

router = registrations_router()

WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_WRITE))]

ORGANISATION_REQUIRED = Sentence(fr="training_organisation_id est requis.", en="training_organisation_id is required.")
OTHER_ORGANISATION = Sentence(
    fr="Un organisme de formation n’inscrit qu’à ses propres sessions.",
    en="A training organisation registers only to its own sessions.",
)


class PreviewResource(TypedDict):
    """Ce que la demande recevrait, sans rien enregistrer ni prévenir personne."""

    outcome: Outcome
    funding: Funding | None
    entitlement: BucketName | None
    policy_version: PolicyVersion
    rules: Rules
    reasons: Reasons
    choices: Choices
    seat: SeatResource | None
    warnings: Warnings
    summary: DisplayText


def preview_resource(preview: Preview, language: Language, owner: UUID | None) -> PreviewResource:
    decision = preview.decision
    entitlement = entitlement_of_unit(decision.unit)
    summary = decision_summary(decision.outcome, decision.funding, entitlement, len(decision.refusals))
    return {
        "outcome": decision.outcome,
        "funding": decision.funding,
        "entitlement": entitlement,
        "policy_version": decision.policy_version,
        "rules": [*decision.rules],
        "reasons": [reason_resource(refusal, language, owner) for refusal in decision.refusals],
        "choices": choice_resources(decision.offered_payers),
        "seat": seat_resource(preview.seat, preview.place),
        "warnings": warning_resources(overlaps_json(preview.overlapping), owner),
        "summary": summary.in_language(language),
    }


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
    context = authorised.request_context(render, require_idempotency_key(idempotency_key), body)
    service = authorised.service
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
