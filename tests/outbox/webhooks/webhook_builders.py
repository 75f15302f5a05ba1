"""Endpoints, relays and deliveries for the tests of the outbox."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpcore2

from app.outbox.delivery_relay import OutboxRelay, SendDelivery
from app.outbox.webhook_sender import WebhookSender
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.persistence.outbox.webhook_endpoints import Owner, owner_of
from app.use_cases.notifications.administer_webhook_endpoints import (
    NewEndpoint,
    WebhookEgress,
    add_endpoint,
    generate_secret,
)
from app.use_cases.notifications.egress_policy import EgressPolicy
from app.use_cases.request_context import RequestContext
from tests.fake_clock import MORNING

SSL_CONTEXT = httpcore2.default_ssl_context()  # read once: every sender would read all certificates
SECRETS = ("a-secret-for-tests-that-is-long-enough",)
UNRESTRICTED_EGRESS = WebhookEgress(EgressPolicy(allows_anything=True), SecretBox(SECRETS))


def an_audit_entry() -> AuditEntry:
    return AuditEntry(None, "test", None, MORNING)


async def a_client(database: Database, organisation: UUID | None = None) -> Client:
    """A client of the platform, or of this training organisation."""
    role = Role.PLATFORM if organisation is None else Role.TRAINING_ORGANISATION
    client = Client(uuid4(), role, organisation)
    async with database.transaction() as tx:
        await add_client(tx, client, "Un client de test", MORNING)
    return client


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: UUID
    secret: str
    client: Client

    @property
    def owner(self) -> Owner:
        return owner_of(self.client)

    @property
    def context(self) -> RequestContext:
        """The context of a request of the owner, without a response."""
        return RequestContext(self.client, MORNING, _empty_response, None, an_audit_entry())


def _empty_response(row: Row) -> Any:
    return row


async def an_endpoint(
    database: Database, url: str, *, types: Sequence[str] = ("*",), client: Client | None = None
) -> Endpoint:
    """An endpoint of a new client of the platform, unless `client` is given."""
    whose = client or await a_client(database)
    wish = NewEndpoint(url, types)
    row, secret = await add_endpoint(database, wish, owner_of(whose), UNRESTRICTED_EGRESS, MORNING, an_audit_entry())
    return Endpoint(row["id"], secret, whose)


def claimed_delivery(url: str) -> ClaimedDelivery:
    """A delivery as a relay has claimed it, which is not in the database."""
    lane, sealed = uuid5(NAMESPACE_URL, url), SecretBox(SECRETS).seal(generate_secret())
    about = Channel.WEBHOOK, "endpoint", uuid4(), "registration.accepted", b"{}"
    return ClaimedDelivery(uuid4(), uuid4(), lane, *about, attempts=1, at=MORNING, url=url, secrets=[sealed])


@asynccontextmanager
async def a_sender(reach: EgressPolicy | None = None) -> AsyncGenerator[WebhookSender]:
    sender = WebhookSender(SecretBox(SECRETS), reach or EgressPolicy(allows_anything=True), SSL_CONTEXT)
    try:
        yield sender
    finally:
        await sender.close()


@asynccontextmanager
async def running_relay(database: Database, send: SendDelivery | None = None) -> AsyncGenerator[OutboxRelay]:
    """A relay that runs until the block ends."""
    stop = asyncio.Event()
    async with a_sender() as webhooks:
        channels: Mapping[str, SendDelivery] = {Channel.WEBHOOK: send or webhooks}
        relay = OutboxRelay(database, channels)
        running = asyncio.create_task(relay.run(stop))
        try:
            yield relay
        finally:
            stop.set()
            await running


async def relay_once(database: Database, send: SendDelivery | None = None) -> int:
    """Attempt once each delivery that is due; return their number."""
    async with a_sender() as webhooks:
        relay = OutboxRelay(database, {Channel.WEBHOOK: send or webhooks})
        taken = await relay.claim_and_send()
        await relay.wait_until_idle()
    return taken


async def all_deliveries(database: Database) -> list[Row]:
    """The deliveries to endpoints, without e-mails to their owners."""
    return await database.many("SELECT * FROM delivery WHERE channel = 'webhook' ORDER BY id")


async def only_delivery(database: Database) -> Row:
    (row,) = await all_deliveries(database)
    return row


async def attempts_of(database: Database, delivery: UUID) -> list[Row]:
    return await database.many("SELECT * FROM delivery_attempt WHERE delivery_id = $1 ORDER BY id", delivery)


async def lane_of(database: Database, endpoint: Endpoint) -> Row:
    row = await database.one("SELECT * FROM lane WHERE id = $1", endpoint.id)
    assert row is not None
    return row


async def make_everything_due(database: Database) -> None:
    """Make everything that waits due: next attempts, and what waits behind an open circuit."""
    await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")
    await database.one("UPDATE lane SET open_until = now() WHERE open_until IS NOT NULL")


async def expire_leases(database: Database) -> None:
    """Make every lease expire, as if the relays that hold them were dead."""
    await database.one("UPDATE delivery SET lease_until = now() - interval '1 second' WHERE state = 'in_flight'")


async def wait_until_settled(database: Database, *, seconds: float = 10) -> None:
    """Return once nothing is due or in flight."""
    async with asyncio.timeout(seconds):
        waiting = "SELECT FROM delivery WHERE channel = 'webhook' AND state IN ('due', 'in_flight')"
        while await database.one(waiting) is not None:
            pass
