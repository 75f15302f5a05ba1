"""/v1/advisers/{id}/carry-overs: entitlements carried over to the next year."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import resource_fields, to_response
from app.api.http.bodies.resource_responses import resource_renderer
from app.api.http.fields.field_types import BucketName, CivilDate, Id, Motive, RequestBody
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.persistence.engine.driver_types import Row
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over

router = APIRouter(prefix="/v1/advisers", tags=["Conseillers"], route_class=StrictRoute)

WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.CARRY_OVERS_WRITE))]


class CarryOverRequest(RequestBody):
    """Ce qu’un droit a encore peut être reporté à l’année suivante, sur décision du support."""

    bucket: Annotated[BucketName, Field(description="Le droit dont il reste des unités.")]
    units: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    motive: Motive
    decided_on: Annotated[CivilDate | None, Field(description="Aujourd’hui (heure de Paris) par défaut.")] = None


class CarryOverResource(TypedDict):
    """Un report de droit, et qui l’a décidé."""

    id: UUID
    adviser_id: UUID
    bucket: BucketName
    units: Annotated[int, Field(ge=1, le=100)]
    motive: Motive
    decided_on: date
    decided_by: UUID
    created_at: datetime
    valid_from: Annotated[date, Field(description="Le premier jour d’une session qui peut l’utiliser.")]
    valid_until: Annotated[date, Field(description="Le dernier jour, inclus.")]


def carry_over_resource(row: Row) -> dict[str, Any]:
    """The shape of CarryOverResource."""
    return resource_fields(row, CarryOverResource)


@router.post(
    "/{adviser_id}/carry-overs",
    status_code=201,
    operation_id="carryOver",
    summary="Reporter un droit",
    response_model=CarryOverResource,
    responses=problem_responses(
        "nothing-to-carry-over", "too-late-to-carry-over", "outside-scheme", "adviser-anonymised"
    ),
)
async def post_carry_over(
    adviser_id: Id, body: CarryOverRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Sur décision du support, après justification : ce que le droit a encore passe à l’année suivante.

    Le report garde sa période d’utilisation, quoi qu’il advienne ensuite du droit dont il vient.
    """
    grant = CarryOverGrant(body.bucket, body.units, body.motive, body.decided_on)
    render = resource_renderer(authorised, carry_over_resource, status=201)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(await grant_carry_over(authorised.database, adviser_id, grant, context))
