"""The webhook endpoints of the demonstration, at an address where nobody listens."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from app.persistence.administration.clients import Client
from app.persistence.engine.database import Database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.outbox import deliveries, delivery_claims, delivery_results, webhook_endpoints
from app.persistence.outbox.deliveries import Channel, NewWebhookDelivery
from app.persistence.outbox.delivery_results import AttemptResult
from app.persistence.outbox.webhook_endpoints import owner_of
from app.use_cases.notifications.administer_webhook_endpoints import generate_secret
from app.use_cases.notifications.event_payloads import TEST_EVENT_TYPE, webhook_test_delivery

ENDPOINT_URL = "https://webhooks.example/inscriptions"
ENDPOINT_TYPES = ("entitlement.carried_over",)

# One to read, with a delivery, and one to delete.
SHOWN_ENDPOINT, ENDPOINT_TO_DELETE, SHOWN_DELIVERY, SECRET_NAMESPACE = (
    uuid5(NAMESPACE_URL, f"urn:inscriptions:webhook:{name}") for name in ("shown", "to-delete", "delivery", "secrets")
)


async def add_demonstration_endpoints(database: Database, client: Client, secret_box: SecretBox, now: datetime) -> None:
    """Of this client, unless it has them. The delivery of the first one goes through the queue, like any other."""
    async with database.transaction() as tx:
        owner = owner_of(client)
        if await webhook_endpoints.read_endpoint(tx, SHOWN_ENDPOINT, owner) is not None:
            return
        for endpoint in (SHOWN_ENDPOINT, ENDPOINT_TO_DELETE):
            await webhook_endpoints.add_endpoint(tx, endpoint, owner, ENDPOINT_URL, ENDPOINT_TYPES, now)
            await webhook_endpoints.add_secret(
                tx, uuid5(SECRET_NAMESPACE, endpoint.hex), endpoint, secret_box.seal(generate_secret())
            )
        delivery = webhook_test_delivery(SHOWN_ENDPOINT, now)
        await deliveries.enqueue_webhooks(
            tx, [NewWebhookDelivery(SHOWN_DELIVERY, SHOWN_ENDPOINT, delivery.event_id, TEST_EVENT_TYPE, delivery.body)]
        )
    taken = await delivery_claims.claim(database, {Channel.WEBHOOK: 1}, lane_limit=1)
    await delivery_results.settle_delivered(
        database, [(claimed, AttemptResult(duration_ms=212, status=204)) for claimed in taken]
    )
