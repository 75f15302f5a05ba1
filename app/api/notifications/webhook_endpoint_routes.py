"""/v1/webhook-endpoints: where events are delivered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response, replayable_response, to_response
from app.api.http.bodies.resource_responses import found, resource_renderer
from app.api.http.pagination import UnversionedPaging
from app.api.http.problems.problem_details import Problem, field_error
from app.api.http.request_headers import IdempotencyKey, parse_idempotency_key
from app.api.http.routing import StrictRoute, page_model, problem_responses
from app.api.identity.authorisation import RequireScope
from app.api.identity.scopes import Scope
from app.api.notifications.webhook_schemas import (
    UNKNOWN_EVENT_TYPE,
    NewWebhookEndpointResource,
    WebhookDeliveryResource,
    WebhookEndpointPatch,
    WebhookEndpointRequest,
    WebhookEndpointResource,
    WebhookSecretResource,
    delivery_resource,
    endpoint_resource,
)
from app.domain.events import types_matching
from app.persistence.engine.pagination import Filter
from app.persistence.outbox import webhook_endpoints
from app.use_cases.notifications import administer_webhook_endpoints, redeliver_webhooks
from app.use_cases.notifications.administer_webhook_endpoints import NewEndpoint

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["Webhooks"], route_class=StrictRoute)

ReadAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_READ))]
WriteAccess = Annotated[AuthorisedRequest, Depends(RequireScope(Scope.WEBHOOKS_WRITE))]

ALL_TYPES = "*"


def _check_types(types: list[str]) -> None:
    """Raise Problem when no event type has one of these names."""
    unknown = [place for place, name in enumerate(types) if name != ALL_TYPES and not types_matching(name)]
    if unknown:
        errors = [field_error(f"/types/{place}", "unknown-type", UNKNOWN_EVENT_TYPE) for place in unknown]
        raise Problem("validation-error", UNKNOWN_EVENT_TYPE, errors)


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
    new, egress = NewEndpoint(body.url, body.types), authorised.service.webhook_egress
    row, secret = await administer_webhook_endpoints.add_endpoint(
        authorised.database, new, authorised.webhook_owner, egress, authorised.now, authorised.audit_entry
    )
    resource = endpoint_resource(row) | {"secret": secret}
    return to_response(replayable_response(resource, authorised.language, status=201))


@router.get(
    "/{endpoint_id}",
    operation_id="getWebhookEndpoint",
    summary="Lire un point de terminaison",
    response_model=WebhookEndpointResource,
)
async def get_webhook_endpoint(endpoint_id: UUID, authorised: ReadAccess) -> Response:
    """Son adresse, ses types, comment il se porte."""
    row = found(await webhook_endpoints.read_endpoint(authorised.reader, endpoint_id, authorised.webhook_owner))
    return json_response(endpoint_resource(row), authorised.language)


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
    render = resource_renderer(authorised, delivery_resource, status=201)
    context = authorised.request_context(render, parse_idempotency_key(idempotency_key))
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
