"""The webhook endpoints of the demonstration: nobody listens there, and little is told to them."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from app.persistence import claims, deliveries, webhook_endpoints
from app.persistence.claims import Tried
from app.persistence.clients import Client
from app.persistence.database import Database
from app.persistence.deliveries import Channel, Letter
from app.persistence.safe import Safe
from app.persistence.webhook_endpoints import owner_of
from app.use_cases.keep_endpoint import make_secret
from app.use_cases.tell import TEST, a_test

URL = "https://webhooks.example/inscriptions"
TYPES = ("entitlement.carried_over",)

# One to look at, with a delivery, and one to delete.
SHOWN, TO_DELETE, DELIVERY, SECRETS = (
    uuid5(NAMESPACE_URL, f"urn:inscriptions:webhook:{name}") for name in ("shown", "to-delete", "delivery", "secrets")
)


async def add_demonstration_endpoints(database: Database, client: Client, safe: Safe, now: datetime) -> None:
    """For this client, unless it has them; what was delivered to the first went the usual way."""
    async with database.transaction() as tx:
        owner = owner_of(client)
        if await webhook_endpoints.read_endpoint(tx, SHOWN, owner) is not None:
            return
        for endpoint in (SHOWN, TO_DELETE):
            await webhook_endpoints.add_endpoint(tx, endpoint, owner, URL, TYPES, now)
            await webhook_endpoints.add_secret(tx, uuid5(SECRETS, endpoint.hex), endpoint, safe.seal(make_secret()))
        letter = a_test(SHOWN, now)
        await deliveries.post(tx, [Letter(DELIVERY, SHOWN, letter.event_id, TEST, letter.body)])
    taken = await claims.claim(database, {Channel.WEBHOOK: 1}, lane_most=1)
    await claims.settle_delivered(database, [(claimed, Tried(duration_ms=212, status=204)) for claimed in taken])
