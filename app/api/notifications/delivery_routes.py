"""/v1/deliveries: one delivery, read and asked for again."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.http.bodies.json_responses import answer_of, said
from app.api.http.request_headers import IdempotencyKey, answered, checked_key
from app.api.http.routing import Route, problems
from app.api.identity.authorisation import Asking, Needs, Scope
from app.api.notifications.webhook_schemas import WebhookDeliveryResource, delivery_resource
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Missing
from app.persistence.engine.transactions.idempotency import Answer
from app.persistence.outbox import deliveries
from app.use_cases.notifications.redeliver_webhooks import replay

router = APIRouter(prefix="/v1/deliveries", tags=["Webhooks"], route_class=Route)

Reading = Annotated[Asking, Depends(Needs(Scope.WEBHOOKS_READ))]
Writing = Annotated[Asking, Depends(Needs(Scope.WEBHOOKS_WRITE))]


def worded_delivery(asking: Asking, status: int) -> Callable[[Row], Answer]:
    def worded(row: Row) -> Answer:
        return answer_of(delivery_resource(row), asking.language, status=status)

    return worded


@router.get(
    "/{delivery_id}",
    operation_id="getDelivery",
    summary="Lire une livraison",
    response_model=WebhookDeliveryResource,
)
async def get_delivery(delivery_id: UUID, asking: Reading) -> Response:
    """Chacun de ses essais, avec le début de la réponse reçue."""
    row = await deliveries.read_delivery(asking.reader, delivery_id, asking.webhook_owner)
    if row is None:
        raise Missing("delivery")
    return said(delivery_resource(row), asking.language)


@router.post(
    "/{delivery_id}/replay",
    operation_id="replayDelivery",
    summary="Livrer de nouveau",
    response_model=WebhookDeliveryResource,
    responses=problems("endpoint-disabled"),
)
async def replay_delivery(delivery_id: UUID, asking: Writing, idempotency_key: IdempotencyKey = None) -> Response:
    """Aussitôt, avec le même `webhook-id`, quoi qu’il en soit advenu. Une livraison en cours suit son cours."""
    asked = asking.asked(worded_delivery(asking, 200), checked_key(idempotency_key))
    return answered(await replay(asking.database, delivery_id, asked))
