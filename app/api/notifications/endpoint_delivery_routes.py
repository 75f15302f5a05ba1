"""/v1/webhook-endpoints/{id}: the deliveries of an endpoint, listed, and delivered again when they did not arrive."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import to_response
from app.api.http.bodies.resource_responses import found, resource_renderer
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Since, Until, UnversionedPaging, equality_filters, time_range_filters
from app.api.http.problems.problem_details import invalid_parameter
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.webhook_schemas import (
    UNKNOWN_EVENT_TYPE,
    RecoveryRequest,
    RecoveryResource,
    TypeFilter,
    WebhookDeliveryResource,
    delivery_resource,
)
from app.domain.events import EventType
from app.persistence.outbox import deliveries, webhook_endpoints
from app.persistence.outbox.deliveries import DeliveryState
from app.use_cases.notifications import redeliver_webhooks
from app.use_cases.notifications.event_payloads import TEST_EVENT_TYPE

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["Webhooks"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_WRITE))]


@router.get(
    "/{endpoint_id}/deliveries",
    operation_id="listDeliveries",
    summary="Lister les livraisons",
    response_model=page_model(WebhookDeliveryResource),
)
async def list_deliveries(
    endpoint_id: UUID,
    authorised: ReadAccess,
    paging: UnversionedPaging,
    state: Annotated[DeliveryState | None, Query(description="Où en est la livraison.")] = None,
    event_id: Annotated[Id | None, Query(description="Le `webhook-id`.")] = None,
    event_type: Annotated[TypeFilter | None, Query(alias="type", description="Le type d’événement.")] = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """De la plus récente à la plus ancienne, avec leurs essais ; elles sont gardées 90 jours."""
    if event_type not in {None, TEST_EVENT_TYPE, *EventType}:
        raise invalid_parameter("type", UNKNOWN_EVENT_TYPE)
    period = time_range_filters("created_at", since, until)
    found(await webhook_endpoints.read_endpoint(authorised.reader, endpoint_id, authorised.webhook_owner))
    filters = [*equality_filters(lane_id=endpoint_id, state=state, event_id=event_id, type=event_type), *period]
    return await paging.respond(authorised, deliveries.list_page, filters, delivery_resource)


@router.post(
    "/{endpoint_id}/recover",
    operation_id="recoverDeliveries",
    summary="Livrer de nouveau ce qui n’est pas arrivé",
    response_model=RecoveryResource,
    responses=problem_responses("endpoint-disabled"),
)
async def recover_deliveries(
    endpoint_id: UUID, body: RecoveryRequest, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Tout ce qui, de `since` à `until`, a été abandonné, ou n’a jamais été livré parce que le point était désactivé ;
    avec les mêmes identifiants, et 10 000 au plus à la fois, les plus anciens d’abord."""
    render = resource_renderer(authorised, dict)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(
        await redeliver_webhooks.recover(authorised.database, endpoint_id, (body.since, body.until), context)
    )
