"""/v1/registrations/{id}/attendance: what became of a registration, and how it was put right."""

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, to_response
from app.api.http.bodies.resource_responses import found
from app.api.http.fields.field_types import Id
from app.api.http.request_headers import IdempotencyKey
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.registrations.attendance_schemas import (
    AttendanceReportsResource,
    AttendanceRequest,
    attendance_report_resource,
)
from app.api.registrations.registration_actions import action_context, registration_action, registrations_router
from app.api.registrations.registration_routes import NOT_FOUND
from app.persistence.registrations import attendance_records, registrations
from app.use_cases.registrations.record_attendance import mark_attendance

router = registrations_router()

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.REGISTRATIONS_READ))]
SessionAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.SESSIONS_WRITE))]


@registration_action(
    router,
    "attendance",
    "recordAttendance",
    "Enregistrer l’assiduité, ou la corriger",
    ("session-not-started", "too-late-to-correct", "no-right-left"),
)
async def record_attendance(
    registration_id: Id, body: AttendanceRequest, authorised: SessionAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Une absence justifiée rend le droit, une absence non justifiée le consomme. Enregistrée à nouveau, l’assiduité
    est corrigée : le droit est rendu ou repris comme si elle avait été ainsi dès le début. Un organisme corrige dans le
    délai de la politique ce qu’il a enregistré, un administrateur à tout moment."""
    context = action_context(authorised, idempotency_key, body)
    return to_response(await mark_attendance(authorised.database, registration_id, body.to_report(), context))


@router.get(
    "/{registration_id}/attendance",
    operation_id="listAttendanceReports",
    summary="Lire l’historique de l’assiduité",
    response_model=AttendanceReportsResource,
)
async def list_attendance_reports(registration_id: Id, authorised: ReadAccess) -> Response:
    """Tout ce qui a été enregistré, le plus récent d’abord : quoi, quand, par qui et pourquoi."""
    registration = found(
        await registrations.read(authorised.reader, registration_id, owner=authorised.owner), NOT_FOUND
    )
    rows = await attendance_records.read_all(authorised.database, registration_id)
    body = {
        "data": [attendance_report_resource(row, authorised.client) for row in rows],
        "pagination": {"next": None},
    }
    response = json_response(body, authorised.language)
    return await authorised.audit_read(response, registration["adviser_id"], registration_id)
