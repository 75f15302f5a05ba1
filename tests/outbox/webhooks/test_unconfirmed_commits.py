"""Webhooks are claimed and settled without a wait for the disk or a standby; e-mails are not."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import uuid4

from app.embedded.cluster import Cluster
from app.outbox.delivery_settlement import AttemptOutcome
from app.persistence.engine.connection_pool import COMMAND_SECONDS
from app.persistence.engine.database import Database, open_database
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.delivery_claims import ClaimedDelivery, claim
from app.persistence.outbox.delivery_results import AttemptResult, settle_delivered
from app.persistence.outbox.messages import NewEmailDelivery, enqueue_emails
from tests.outbox.webhooks.webhook_builders import an_endpoint, only_delivery, relay_once
from tests.persistence.missing_standby import confirm_commits_again, stop_confirming_commits
from tests.persistence.outbox.event_builders import place_waiting_events, write_events

WAITS = "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
Found = TypeVar("Found")
# Seconds: the driver cancels one that takes longer, which ends its wait for the standby.
LESS_THAN_A_STATEMENT = COMMAND_SECONDS - 1
DELIVERED = AttemptResult(duration_ms=1, status=204)


@asynccontextmanager
async def no_commit_is_confirmed(cluster: Cluster) -> AsyncGenerator[None]:
    try:
        await stop_confirming_commits(cluster)
        yield
    finally:
        await confirm_commits_again(cluster)


async def send(_: ClaimedDelivery) -> AttemptOutcome:
    return AttemptOutcome(DELIVERED)


async def a_due_webhook(database: Database) -> None:
    await an_endpoint(database, "https://receiver.example/")
    await write_events(database)
    await place_waiting_events(database)


async def once_confirmed(cluster: Cluster, database: Database, committing: Coroutine[Any, Any, Found]) -> Found:
    """What the call returns, whose commit was seen to wait until it was confirmed."""
    async with no_commit_is_confirmed(cluster):
        running = asyncio.create_task(committing)
        async with asyncio.timeout(10):
            while await database.one(WAITS) is None:
                assert not running.done()
    return await running


async def test_a_webhook_is_claimed_and_settled_while_no_commit_is_confirmed(
    cluster: Cluster, database: Database
) -> None:
    await a_due_webhook(database)

    async with no_commit_is_confirmed(cluster), asyncio.timeout(LESS_THAN_A_STATEMENT):
        assert await relay_once(database, send) == 1

    assert (await only_delivery(database))["state"] == "delivered"


async def test_an_e_mail_is_claimed_and_settled_once_the_commit_is_confirmed(
    cluster: Cluster, database: Database, database_url: str
) -> None:
    await a_due_webhook(database)
    async with database.transaction() as tx:
        email = NewEmailDelivery(uuid4(), uuid4(), "registration.accepted", "adviser", uuid4(), None, None)
        await enqueue_emails(tx, [email])
    observer = open_database(database_url, pool_size=1, role=None)

    claims = await once_confirmed(cluster, observer, claim(database, {"webhook": 1, "email": 1}, lane_limit=1))
    delivered = [(claimed, DELIVERED) for claimed in claims]
    settled = await once_confirmed(cluster, observer, settle_delivered(database, delivered))

    assert ({claimed.channel for claimed in claims}, settled) == ({Channel.WEBHOOK, Channel.EMAIL}, 2)
    await observer.close()
