"""/v1/registrations/{id}: the actions on a registration, and its move to another session."""

from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

from fastapi import Depends
from pydantic import ValidationError
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import to_response
from app.api.http.bodies.resource_responses import resource_renderer
from app.api.http.fields.field_types import Id
from app.api.http.problems.validation_problems import validation_problem
from app.api.http.request_headers import IdempotencyKey, IfMatch, parse_if_match
from app.api.http.routing import problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.registration_action_requests import (
    CancellationRequest,
    ChoiceRequest,
    DerogationRequest,
    PositioningTestRequest,
    ReExaminationRequest,
    ReschedulingRequest,
    SessionPatch,
)
from app.api.registrations.registration_actions import action_context, registration_action, registrations_router
from app.api.registrations.registration_requests import SessionBody
from app.api.registrations.registration_resources import RegistrationResource, registration_as_seen
from app.domain.facts.registration_terms import Choice, Chooser
from app.domain.facts.session import Session
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.derogate_registration import derogate
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.registrations.session_venue import Venue
from app.use_cases.sessions.move_to_session import move_to_session

router = registrations_router()

WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_WRITE))]
SessionAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_WRITE))]
DerogationAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.DEROGATIONS_WRITE))]


@registration_action(router, "choice", "chooseOverQuota", "Répondre au dépassement de quota", ("session-cancelled",))
async def choose(
    registration_id: Id, body: ChoiceRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Conserver l’inscription sans prise en charge, à la charge d’un des payeurs proposés, ou l’annuler.

    Le conseiller est prévenu que vous avez choisi à sa place. Lui-même répond par le lien personnel qu’il a reçu.
    """
    context, chooser = action_context(authorised, idempotency_key, body), Chooser(authorised.client.role)
    if body.choice is Choice.KEEP and body.payer is not None:
        return to_response(await keep_unfunded(authorised.database, registration_id, body.payer, context, chooser))
    return to_response(await decline_over_quota(authorised.database, registration_id, context, chooser))


@registration_action(
    router,
    "re-examination",
    "reExamineRegistration",
    "Demander le réexamen d’un refus",
    ("duplicate-registration", "session-ended", "session-cancelled"),
)
async def re_examine(
    registration_id: Id,
    authorised: WriteAccess,
    body: ReExaminationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """La situation étant régularisée, la demande est décidée à nouveau sur les faits du moment, jusqu’au dernier jour
    de la session."""
    request = body or ReExaminationRequest()
    context = action_context(authorised, idempotency_key, request)
    return to_response(await reexamine(authorised.database, registration_id, request.to_notice(), context))


@registration_action(router, "cancellation", "cancelRegistration", "Annuler une inscription", ("session-started",))
async def cancel_registration(
    registration_id: Id,
    authorised: WriteAccess,
    body: CancellationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Avant le premier jour de la session ; ce qui attend un choix, à tout moment. Le droit libéré va à la plus
    ancienne inscription en attente d’une session qui commence ce jour-là ou après."""
    request = body or CancellationRequest()
    context = action_context(authorised, idempotency_key, request)
    return to_response(await cancel(authorised.database, registration_id, request.to_cancellation(), context))


@registration_action(
    router,
    "derogation",
    "derogateRegistration",
    "Accorder une dérogation",
    ("reasons-remain", "duplicate-registration", "session-cancelled"),
)
async def derogate_registration(
    registration_id: Id, body: DerogationRequest, authorised: DerogationAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Une personne accepte une inscription refusée ou en attente, en écartant des motifs publiés. Financée, elle ne
    prend aucun droit du conseiller. Plus aucune décision automatique n’y revient, sauf si sa session est déplacée."""
    context = action_context(authorised, idempotency_key, body)
    return to_response(await derogate(authorised.database, registration_id, body.to_derogation(), context))


@registration_action(router, "positioning-test", "recordPositioningTest", "Enregistrer le test de positionnement")
async def record_positioning_test(
    registration_id: Id, body: PositioningTestRequest, authorised: SessionAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Formation initiale seulement ; la durée doit être une des durées de parcours de la politique à cette date."""
    context = action_context(authorised, idempotency_key, body)
    return to_response(
        await record_positioning(authorised.database, registration_id, body.taken_on, body.hours, context)
    )


def _merge_session(present: Session, venue: Venue, patch: SessionPatch) -> tuple[Session, Venue]:
    """The session and the venue, changed; the present ones, published or not, when nothing is. Raise Problem when the
    session would end before it starts."""
    dates = {name: value for name, value in asdict(present).items() if name != "id"}
    changed = {**dates, **asdict(venue), **patch.model_dump(exclude_unset=True)}
    try:
        body = SessionBody.model_validate(changed)
    except ValidationError as problem:
        raise validation_problem([{**error, "loc": ("session", *error["loc"])} for error in problem.errors()]) from None
    session, moved_venue = body.to_session(), body.to_venue()
    is_the_same = (replace(session, id=present.id), moved_venue) == (present, venue)
    return (present, venue) if is_the_same else (session, moved_venue)


@router.patch(
    "/{registration_id:uuid}",
    operation_id="rescheduleRegistration",
    summary="Déplacer la session",
    response_model=RegistrationResource,
    responses=problem_responses(
        "invalid-transition",
        "session-started",
        "duplicate-registration",
        "adviser-anonymised",
        "unknown-reference",
        "session-closed",
        "session-cancelled",
    ),
)
async def reschedule_registration(
    registration_id: Id, body: ReschedulingRequest, authorised: SessionAccess, if_match: IfMatch = None
) -> Response:
    """La session n’a pas commencé : l’inscription est décidée à nouveau et son droit choisi à nouveau."""
    context = authorised.request_context(resource_renderer(authorised, partial(registration_as_seen, authorised)))
    expected, regularisation, patch = parse_if_match(if_match), body.regularisation, body.session or SessionPatch()
    if body.session_id is not None:
        async with authorised.service.session_turns.of(body.session_id):
            moved = await move_to_session(
                authorised.database, registration_id, body.session_id, expected, context, regularisation=regularisation
            )
        return to_response(moved)

    def merge(present: Session, venue: Venue) -> tuple[Session, Venue]:
        return _merge_session(present, venue, patch)

    return to_response(
        await reschedule(authorised.database, registration_id, merge, expected, context, regularisation=regularisation)
    )
