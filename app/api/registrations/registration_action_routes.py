"""/v1/registrations/{id}: the actions on a registration, and its move to another session."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.types import DecoratedCallable
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import to_response
from app.api.http.bodies.resource_responses import resource_renderer
from app.api.http.fields.field_types import Id
from app.api.http.problems.validation_problems import validation_problem
from app.api.http.request_headers import IdempotencyKey, IfMatch, parse_if_match, require_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.registration_requests import (
    AttendanceRequest,
    CancellationRequest,
    ChoiceRequest,
    PositioningTestRequest,
    ReExaminationRequest,
    ReschedulingRequest,
    SessionBody,
    SessionPatch,
)
from app.api.registrations.registration_resources import RegistrationResource, registration_as_seen
from app.domain.facts.registration import Choice, Chooser
from app.domain.facts.session import Session
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.record_attendance import mark_attendance
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.registrations.session_venue import Venue
from app.use_cases.request_context import RequestContext

router = APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=StrictRoute)

WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_WRITE))]
SessionAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_WRITE))]


def _action(
    path: str, operation_id: str, summary: str, problems: tuple[str, ...] = ()
) -> Callable[[DecoratedCallable], DecoratedCallable]:
    """The route of an action on a registration, which needs an idempotency key and answers with the registration as it
    leaves it. `problems` are the codes of those that not every action can answer."""
    return router.post(
        f"/{{registration_id}}/{path}",
        operation_id=operation_id,
        summary=summary,
        response_model=RegistrationResource,
        responses=problem_responses("idempotency-key-missing", "invalid-transition", "adviser-anonymised", *problems),
    )


def _context(authorised: AuthorisedRequest, key: str | None, body: BaseModel) -> RequestContext:
    """Raise Problem when the idempotency key is missing or malformed."""
    render = resource_renderer(authorised, partial(registration_as_seen, authorised))
    return authorised.request_context(render, require_idempotency_key(key), body)


@_action("choice", "chooseOverQuota", "Répondre au dépassement de quota")
async def choose(
    registration_id: Id, body: ChoiceRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Conserver l’inscription sans prise en charge, à la charge d’un des payeurs proposés, ou l’annuler.

    Le conseiller est prévenu que vous avez choisi à sa place. Lui-même répond par le lien personnel qu’il a reçu.
    """
    context, chooser = _context(authorised, idempotency_key, body), Chooser(authorised.client.role)
    if body.choice is Choice.KEEP and body.payer is not None:
        return to_response(await keep_unfunded(authorised.database, registration_id, body.payer, context, chooser))
    return to_response(await decline_over_quota(authorised.database, registration_id, context, chooser))


@_action("re-examination", "reExamineRegistration", "Demander le réexamen d’un refus", ("duplicate-registration",))
async def re_examine(
    registration_id: Id,
    authorised: WriteAccess,
    body: ReExaminationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """La situation étant régularisée, la demande est décidée à nouveau sur les faits du moment."""
    request = body or ReExaminationRequest()
    context = _context(authorised, idempotency_key, request)
    agreement = request.employer_agreement
    return to_response(await reexamine(authorised.database, registration_id, context, employer_agreement=agreement))


@_action("cancellation", "cancelRegistration", "Annuler une inscription", ("session-started",))
async def cancel_registration(
    registration_id: Id,
    authorised: WriteAccess,
    body: CancellationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Avant le premier jour de la session. Le droit libéré va à la plus ancienne inscription en attente."""
    request = body or CancellationRequest()
    context = _context(authorised, idempotency_key, request)
    return to_response(
        await cancel(authorised.database, registration_id, request.cancelled_on, request.motive, context)
    )


@_action("attendance", "recordAttendance", "Enregistrer l’assiduité", ("session-not-started",))
async def record_attendance(
    registration_id: Id, body: AttendanceRequest, authorised: SessionAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Une absence justifiée rend le droit, une absence non justifiée le consomme."""
    context = _context(authorised, idempotency_key, body)
    return to_response(await mark_attendance(authorised.database, registration_id, body.outcome, body.motive, context))


@_action("positioning-test", "recordPositioningTest", "Enregistrer le test de positionnement")
async def record_positioning_test(
    registration_id: Id, body: PositioningTestRequest, authorised: SessionAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Formation initiale seulement ; la durée doit être une des durées de parcours de la politique à cette date."""
    context = _context(authorised, idempotency_key, body)
    return to_response(
        await record_positioning(authorised.database, registration_id, body.taken_on, body.hours, context)
    )


def _merge_session(present: Session, venue: Venue, patch: SessionPatch) -> tuple[Session, Venue]:
    """The session and the venue, changed. Raise Problem when the session would end before it starts."""
    changed = {**asdict(present), **asdict(venue), **patch.model_dump(exclude_unset=True)}
    try:
        body = SessionBody.model_validate(changed)
        return body.to_session(), body.to_venue()
    except ValidationError as problem:
        raise validation_problem([{**error, "loc": ("session", *error["loc"])} for error in problem.errors()]) from None


@router.patch(
    "/{registration_id:uuid}",
    operation_id="rescheduleRegistration",
    summary="Déplacer la session",
    response_model=RegistrationResource,
    responses=problem_responses(
        "invalid-transition", "session-started", "duplicate-registration", "adviser-anonymised"
    ),
)
async def reschedule_registration(
    registration_id: Id, body: ReschedulingRequest, authorised: SessionAccess, if_match: IfMatch = None
) -> Response:
    """La session n’a pas commencé : l’inscription est décidée à nouveau et son droit choisi à nouveau."""
    context = authorised.request_context(resource_renderer(authorised, partial(registration_as_seen, authorised)))

    def merge(present: Session, venue: Venue) -> tuple[Session, Venue]:
        return _merge_session(present, venue, body.session)

    return to_response(await reschedule(authorised.database, registration_id, merge, parse_if_match(if_match), context))
