"""/v1/advisers/{id}/training-record: what the rules see of an adviser."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.advisers.training_record_resources import (
    RecordViewer,
    recorded_session_resource,
    training_record_resource,
)
from app.api.advisers.training_record_schemas import TrainingRecordResource
from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response
from app.api.http.bodies.resource_responses import no_response
from app.api.http.fields.day_parameter import parse_day_parameter
from app.api.http.fields.field_types import DayText, Id
from app.api.http.routing import StrictRoute
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.advisers import carry_overs
from app.persistence.registrations.recorded_sessions import read_recorded_sessions
from app.use_cases.advisers.show_training_record import show_training_record

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.ADVISERS_READ))]
DayParameter = Annotated[
    DayText | None,
    Query(description="Jour AAAA-MM-JJ ; aujourd’hui par défaut.", json_schema_extra={"format": "date"}),
]


@router.get(
    "/{adviser_id}/training-record",
    operation_id="getTrainingRecord",
    summary="Lire le dossier de formation",
    response_model=TrainingRecordResource,
)
async def get_training_record(
    adviser_id: Id,
    authorised: ReadAccess,
    on: DayParameter = None,
    history: Annotated[bool, Query(description="Avec les droits expirés.")] = False,  # noqa: FBT002  # a query flag
) -> Response:
    """Catégorie, poste, droits ouverts ou à venir dans l’année, obligations et examens, au jour demandé.

    Avec les absences non justifiées et ce qu’elles coûtent, les sessions et leurs places, et les reports de droits.
    """
    record, registrations = await show_training_record(
        authorised.database,
        adviser_id,
        on=parse_day_parameter(on),
        history=history,
        context=authorised.request_context(no_response),
    )
    visible_ids = frozenset(item.id for item in registrations)
    viewer = RecordViewer(visible_ids, authorised.owner, authorised.language, authorised.service.base_url)
    carry_over_rows = await carry_overs.read_all(authorised.database, adviser_id)
    recorded = await read_recorded_sessions(authorised.database, adviser_id)
    in_order = sorted(registrations, key=lambda item: (item.first_day, item.created_at))
    sessions = [recorded_session_resource(item, recorded[item.id]) for item in in_order if item.id in recorded]
    resource = training_record_resource(adviser_id, record, sessions, carry_over_rows, viewer)
    return await authorised.audit_read(json_response(resource, authorised.language), adviser_id)
