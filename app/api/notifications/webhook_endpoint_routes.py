"""/v1/webhook-endpoints: where events are delivered, and what became of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, replayable_response, to_response
from app.api.http.fields.field_types import Id
from app.api.http.pagination import Since, Until, UnversionedPaging, equality_filters, time_range_filters
from app.api.http.problems.problem_details import Problem, field_error, invalid_parameter
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.delivery_routes import delivery_renderer
from app.api.notifications.webhook_schemas import (
    NewWebhookEndpointResource,
    RecoveryRequest,
    RecoveryResource,
    TypeFilter,
    WebhookDeliveryResource,
    WebhookEndpointPatch,
    WebhookEndpointRequest,
    WebhookEndpointResource,
    WebhookSecretResource,
    delivery_resource,
    endpoint_resource,
)
from app.domain.events import EventType, types_matching
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.outbox import deliveries, webhook_endpoints
from app.persistence.outbox.deliveries import DeliveryState
from app.use_cases.notifications import administer_webhook_endpoints, redeliver_webhooks
from app.use_cases.notifications.administer_webhook_endpoints import NewEndpoint
from app.use_cases.notifications.event_payloads import TEST_EVENT_TYPE
from app.wording.languages import Sentence

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["Webhooks"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_WRITE))]

ALL_TYPES = "*"
UNKNOWN_EVENT_TYPE = Sentence(
    fr=f"Aucun type d’événement ne se nomme ainsi ; ceux qui existent : {', '.join(EventType)}.",
    en=f"No type of event has this name; those that exist: {', '.join(EventType)}.",
)


def _check_types(types: list[str]) -> None:
    """Raise Problem."""
    unknown = [place for place, name in enumerate(types) if name != ALL_TYPES and not types_matching(name)]
    if unknown:
        errors = [field_error(f"/types/{place}", "unknown-type", UNKNOWN_EVENT_TYPE) for place in unknown]
        raise Problem("validation-error", UNKNOWN_EVENT_TYPE, errors)


async def _read_owned(authorised: AuthorisedRequest, endpoint: UUID) -> Row:
    """Raise Missing."""
    row = await webhook_endpoints.read_endpoint(authorised.reader, endpoint, authorised.webhook_owner)
    if row is None:
        raise NotFound("webhook endpoint")
    return row


@router.get(
    "",
    operation_id="listWebhookEndpoints",
    summary="Lister les points de terminaison",
    response_model=page_model(WebhookEndpointResource),
)
async def list_webhook_endpoints(authorised: ReadAccess, paging: UnversionedPaging) -> Response:
    """Les vôtres, sans leur secret."""
    filters = [authorised.webhook_owner.filter, Filter("{t}.status <> {}", "deleted")]
    return await paging.respond(authorised, webhook_endpoints.list_page, filters, endpoint_resource)


@router.post(
    "",
    status_code=201,
    operation_id="addWebhookEndpoint",
    summary="Ajouter un point de terminaison",
    response_model=NewWebhookEndpointResource,
    responses=problem_responses("too-many-endpoints"),
)
async def add_webhook_endpoint(body: WebhookEndpointRequest, authorised: WriteAccess) -> Response:
    """Les événements à venir y sont livrés, signés, au moins une fois et dans un ordre quelconque ; seize au plus.

    Le secret n’est montré qu’une fois et n’est gardé que chiffré, pas même pour une répétition de la demande : une
    réponse perdue se remplace par un nouveau secret.
    """
    _check_types(body.types)
    wish, outward = NewEndpoint(body.url, body.types), authorised.service.webhook_egress
    row, secret = await administer_webhook_endpoints.add_endpoint(
        authorised.database, wish, authorised.webhook_owner, outward, authorised.now, authorised.audit_entry
    )
    return to_response(
        replayable_response(endpoint_resource(row) | {"secret": secret}, authorised.language, status=201)
    )


@router.get(
    "/{endpoint_id}",
    operation_id="getWebhookEndpoint",
    summary="Lire un point de terminaison",
    response_model=WebhookEndpointResource,
)
async def get_webhook_endpoint(endpoint_id: UUID, authorised: ReadAccess) -> Response:
    """Son adresse, ses types, comment il se porte."""
    return json_response(endpoint_resource(await _read_owned(authorised, endpoint_id)), authorised.language)


@router.patch(
    "/{endpoint_id}",
    operation_id="changeWebhookEndpoint",
    summary="Modifier un point de terminaison",
    response_model=WebhookEndpointResource,
)
async def change_webhook_endpoint(endpoint_id: UUID, body: WebhookEndpointPatch, authorised: WriteAccess) -> Response:
    """Son adresse, ses types, désactivé ou actif. Ce qui attendait un point désactivé n’est plus livré ; une fois
    celui-ci actif, redemandez-le par `recover`."""
    _check_types(body.types or [])
    changes = body.model_dump(exclude_none=True)
    row = await administer_webhook_endpoints.change_endpoint(
        authorised.database,
        endpoint_id,
        changes,
        authorised.webhook_owner,
        authorised.service.egress_policy,
        authorised.now,
        authorised.audit_entry,
    )
    return json_response(endpoint_resource(row), authorised.language)


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    operation_id="deleteWebhookEndpoint",
    summary="Supprimer un point de terminaison",
    response_class=Response,
)
async def delete_webhook_endpoint(endpoint_id: UUID, authorised: WriteAccess) -> Response:
    """Plus rien n’y est livré, et ses livraisons ne se lisent plus."""
    await administer_webhook_endpoints.delete_endpoint(
        authorised.database, endpoint_id, authorised.webhook_owner, authorised.now, authorised.audit_entry
    )
    return Response(status_code=204)


@router.post(
    "/{endpoint_id}/test",
    status_code=201,
    operation_id="testWebhookEndpoint",
    summary="Livrer un essai",
    response_model=WebhookDeliveryResource,
    responses=problem_responses("endpoint-disabled"),
)
async def send_test_delivery(
    endpoint_id: UUID, authorised: WriteAccess, idempotency_key: IdempotencyKey = None
) -> Response:
    """Un événement `webhook_endpoint.test`, signé comme les autres et livré aussitôt : lisez ensuite la livraison."""
    context = authorised.request_context(delivery_renderer(authorised, 201), parse_idempotency_key(idempotency_key))
    return to_response(await redeliver_webhooks.send_test(authorised.database, endpoint_id, context))


@router.post(
    "/{endpoint_id}/rotate-secret",
    operation_id="rotateWebhookSecret",
    summary="Changer de secret",
    response_model=WebhookSecretResource,
)
async def rotate_webhook_secret(endpoint_id: UUID, authorised: WriteAccess) -> Response:
    """Pendant 24 heures, chaque livraison porte deux signatures : celle du nouveau secret et celle de l’ancien."""
    secret = await administer_webhook_endpoints.rotate_secret(
        authorised.database,
        endpoint_id,
        authorised.webhook_owner,
        authorised.service.webhook_egress.secret_box,
        authorised.audit_entry,
    )
    return json_response({"secret": secret}, authorised.language)


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
    await _read_owned(authorised, endpoint_id)
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

    def render(row: Row) -> ReplayableResponse:
        return replayable_response(row, authorised.language)

    context = authorised.request_context(render, parse_idempotency_key(idempotency_key), body)
    return to_response(
        await redeliver_webhooks.recover(authorised.database, endpoint_id, (body.since, body.until), context)
    )
