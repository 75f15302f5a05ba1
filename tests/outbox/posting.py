"""Endpoints, relays and deliveries, as the tests of the outbox use them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpcore2

from app.outbox.relay import Relay, Send
from app.outbox.webhook import WebhookSender
from app.persistence.claims import Claimed
from app.persistence.clients import Client, Role, add_client
from app.persistence.database import Database
from app.persistence.deliveries import Channel
from app.persistence.driver import Row
from app.persistence.safe import Safe
from app.persistence.traces import Trace
from app.persistence.webhook_endpoints import Owner, owner_of
from app.use_cases.asked import Asked
from app.use_cases.keep_endpoint import EndpointWish, Outward, add_endpoint, make_secret
from app.use_cases.reach import Reach
from tests.clockwork import MORNING

TRUST = httpcore2.default_ssl_context()  # read once: every sender would read all certificates
SECRETS = ("a-secret-for-tests-that-is-long-enough",)
ANYWHERE = Outward(Reach(anywhere=True), Safe(SECRETS))


def trace() -> Trace:
    return Trace(None, "test", None, MORNING)


async def a_client(database: Database, organisation: UUID | None = None) -> Client:
    """Of the platform, or of this training organisation."""
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
    def asked(self) -> Asked:
        """As the owner, who wants no answer."""
        return Asked(self.client, MORNING, _silent, None, trace())


def _silent(row: Row) -> Any:
    return row


async def an_endpoint(
    database: Database, url: str, *, types: Sequence[str] = ("*",), client: Client | None = None
) -> Endpoint:
    """Of a new client of the platform, unless `client` says whose."""
    whose = client or await a_client(database)
    wish = EndpointWish(url, types)
    row, secret = await add_endpoint(database, wish, owner_of(whose), ANYWHERE, MORNING, trace())
    return Endpoint(row["id"], secret, whose)


def claimed(url: str) -> Claimed:
    """A delivery of nothing in particular to the receiver at this address, as a relay has it in hand."""
    lane, sealed = uuid5(NAMESPACE_URL, url), Safe(SECRETS).seal(make_secret())
    about = Channel.WEBHOOK, "endpoint", uuid4(), "registration.accepted", b"{}"
    return Claimed(uuid4(), uuid4(), lane, *about, attempts=1, at=MORNING, url=url, secrets=[sealed])


@asynccontextmanager
async def a_sender(reach: Reach | None = None) -> AsyncGenerator[WebhookSender]:
    sender = WebhookSender(Safe(SECRETS), reach or Reach(anywhere=True), TRUST)
    try:
        yield sender
    finally:
        await sender.close()


@asynccontextmanager
async def relaying(database: Database, send: Send | None = None) -> AsyncGenerator[Relay]:
    """A relay at work until the block ends."""
    stop = asyncio.Event()
    async with a_sender() as webhooks:
        channels: Mapping[str, Send] = {Channel.WEBHOOK: send or webhooks}
        relay = Relay(database, channels)
        running = asyncio.create_task(relay.run(stop))
        try:
            yield relay
        finally:
            stop.set()
            await running


async def one_turn(database: Database, send: Send | None = None) -> int:
    """Try, once each, what is due and may be tried now; return how many that were."""
    async with a_sender() as webhooks:
        relay = Relay(database, {Channel.WEBHOOK: send or webhooks})
        taken = await relay.turn()
        await relay.settled()
    return taken


async def all_deliveries(database: Database) -> list[Row]:
    """Those to endpoints; their owners may be written to besides."""
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


async def hurry(database: Database) -> None:
    """Let the time come for everything that waits: for its next attempt, or behind an open breaker."""
    await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")
    await database.one("UPDATE lane SET open_until = now() WHERE open_until IS NOT NULL")


async def leases_end(database: Database) -> None:
    """As if whoever claimed something had been gone for long."""
    await database.one("UPDATE delivery SET lease_until = now() - interval '1 second' WHERE state = 'in_flight'")


async def until_settled(database: Database, *, seconds: float = 10) -> None:
    """Return once nothing is due or in flight."""
    async with asyncio.timeout(seconds):
        waiting = "SELECT FROM delivery WHERE channel = 'webhook' AND state IN ('due', 'in_flight')"
        while await database.one(waiting) is not None:
            pass
