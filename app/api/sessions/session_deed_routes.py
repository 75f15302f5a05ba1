"""/v1/sessions/{id}: confirmation, cancellation and attendance, which concern all its registrations."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, to_response
from app.api.http.bodies.line_problems import line_problem
from app.api.http.fields.field_types import Id
from app.api.http.request_headers import IdempotencyKey, require_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.sessions.session_requests import SessionAttendanceRequest, SessionCancellationRequest
from app.api.sessions.session_resources import PublishedSessionResource, SessionAttendanceResource, deed_response
from app.api.sessions.session_routes import ASKED
from app.use_cases.sessions.change_session import cancel_session, confirm_session
from app.use_cases.sessions.record_session_attendance import LineOutcome, record_session_attendance

router = APIRouter(prefix="/v1/sessions", tags=["Sessions"], route_class=StrictRoute)

WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_WRITE))]


@router.post(
    "/{session_id}/confirmation",
    operation_id="confirmSession",
    summary="Confirmer une session",
    response_model=PublishedSessionResource,
    responses=ASKED | problem_responses("idempotency-key-missing", "session-cancelled", "session-started"),
)
async def post_confirmation(
    session_id: Id, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Elle aura lieu : chaque personne qui a une place reçoit sa convocation, avec un fichier d’agenda, et son
    employeur quand l’État finance. Qui obtient une place ensuite la reçoit aussi."""
    context = authorised.request_context(partial(deed_response, authorised), require_idempotency_key(idempotency_key))
    return to_response(await confirm_session(authorised.database, session_id, context))


@router.post(
    "/{session_id}/cancellation",
    operation_id="cancelSession",
    summary="Annuler une session",
    response_model=PublishedSessionResource,
    responses=ASKED | problem_responses("idempotency-key-missing", "session-cancelled", "session-started"),
)
async def post_cancellation(
    session_id: Id,
    authorised: WriteAccess,
    body: SessionCancellationRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Elle n’aura pas lieu : chaque inscription est annulée, son droit rendu, chaque personne prévenue une fois."""
    request = body or SessionCancellationRequest()
    render, key = partial(deed_response, authorised), require_idempotency_key(idempotency_key)
    context = authorised.request_context(render, key, request)
    return to_response(await cancel_session(authorised.database, session_id, request.motive, context))


@router.post(
    "/{session_id}/attendance",
    operation_id="recordSessionAttendance",
    summary="Enregistrer l’assiduité d’une session",
    response_model=SessionAttendanceResource,
)
async def post_attendance(session_id: Id, body: SessionAttendanceRequest, authorised: WriteAccess) -> Response:
    """Ligne par ligne, chacune entière ou pas du tout : une ligne refusée dit pourquoi et n’empêche pas les autres.
    Envoyée à nouveau, ce qui est déjà enregistré reste tel quel."""
    context = authorised.request_context(partial(deed_response, authorised))
    lines = [line.to_line() for line in body.data]
    outcomes = await authorised.run_heavy_work(
        lambda: record_session_attendance(authorised.database, session_id, lines, context)
    )
    data = [_outcome_resource(authorised, index, outcome) for index, outcome in enumerate(outcomes)]
    return json_response({"data": data}, authorised.language)


def _outcome_resource(authorised: AuthorisedRequest, index: int, outcome: LineOutcome) -> dict[str, object]:
    """The shape of AttendanceOutcomeResource."""
    problem = line_problem(authorised, index, outcome.problem) if outcome.problem is not None else None
    return {"registration_id": outcome.registration_id, "status": outcome.status, "problem": problem}
