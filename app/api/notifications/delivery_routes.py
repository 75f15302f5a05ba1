"""/v1/deliveries: one delivery of a webhook, read and delivered again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, to_response
from app.api.http.bodies.resource_responses import found, resource_renderer
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.webhook_schemas import WebhookDeliveryResource, delivery_resource
from app.persistence.outbox import deliveries
from app.use_cases.notifications.redeliver_webhooks import replay

router = APIRouter(prefix="/v1/deliveries", tags=["Webhooks"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_WRITE))]


@router.get(
    "/{delivery_id}",
    operation_id="getDelivery",
    summary="Lire une livraison",
    response_model=WebhookDeliveryResource,
)
async def get_delivery(delivery_id: UUID, authorised: ReadAccess) -> Response:
    """Chacun de ses essais, avec le début de la réponse reçue."""
    row = found(await deliveries.read_delivery(authorised.reader, delivery_id, authorised.webhook_owner))
    return json_response(delivery_resource(row), authorised.language)


@router.post(
    "/{delivery_id}/replay",
    operation_id="replayDelivery",
    summary="Livrer de nouveau",
    response_model=WebhookDeliveryResource,
    responses=problem_responses("endpoint-disabled"),
)
async def replay_delivery(
    delivery_id: UUID, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Aussitôt, avec le même `webhook-id`, quoi qu’il en soit advenu. Une livraison en cours suit son cours."""
    render = resource_renderer(authorised, delivery_resource)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key))
    return to_response(await replay(authorised.database, delivery_id, context))
