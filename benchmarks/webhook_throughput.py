"""Webhooks: how many are delivered each second by one relay, and by several together.

Receivers that answer at once let one relay take all that a processor gives, so that a second one on the same machine
proves nothing. Receivers that take their time let a relay wait, with all its slots taken: two then have twice as many.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.clock import utc_now
from app.domain.facts.calendar import civil_date
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.advisers.reminders import claim_round, record_progress
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.outbox.webhook_endpoints import add_endpoint, add_secret, owner_of
from app.use_cases.notifications.administer_webhook_endpoints import generate_secret
from app.use_cases.notifications.sequence_events import sequence_events
from benchmarks.dataset import NOW, SECRET
from benchmarks.server_processes import running_workers
from benchmarks.webhook_receiver import Receiver, running_receiver

ENDPOINTS, EVENTS = 20, 250
SLOW_ENDPOINTS, SLOW_EVENTS = 64, 24  # twice the endpoints that fill the slots of two relays
SLOW_ANSWER_SECONDS = 0.5
CLIENT = Client(UUID(int=2), Role.PLATFORM, None)

INSERT_EVENTS = """INSERT INTO outbox (event_id, type, subject_type, subject_id, subject_version, adviser_id, data, occurred_at)
SELECT gen_random_uuid(), 'registration.accepted', 'registration', gen_random_uuid(), 1, gen_random_uuid(),
    '{"status": "accepted", "funding": "state", "reasons": []}', now() FROM generate_series(1, $1)"""
PAUSE_DELIVERIES = "UPDATE lane SET open_until = 'infinity'"
DISABLE_ENDPOINTS = (
    """UPDATE webhook_endpoint SET status = 'disabled', disabled_because = 'owner' WHERE status = 'active'"""
)
RESUME_DELIVERIES = "UPDATE lane SET open_until = NULL"


def _run(url: str, act: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        database = open_database(url, pool_size=1)
        await act(database)
        await database.close()

    asyncio.run(run())


def add_endpoints(url: str, receiver: Receiver, count: int) -> None:
    """Subscribe so many endpoints at the receiver to every event from now on."""

    async def add(database: Database) -> None:
        async with database.transaction() as tx:
            await add_client(tx, CLIENT, "benchmark", NOW)
            for number in range(count):
                endpoint = uuid7()
                await add_endpoint(tx, endpoint, owner_of(CLIENT), f"{receiver.url}/{number}", ["*"], NOW)
                await add_secret(tx, uuid7(), endpoint, SecretBox((SECRET,)).seal(generate_secret()))

    _run(url, add)


def skip_reminders(url: str) -> None:
    """Mark today's reminders as done: starting workers would look at every adviser first."""

    async def skip(database: Database) -> None:
        async with database.transaction() as tx:
            await claim_round(tx, civil_date(utc_now()))
            await record_progress(tx, None)

    _run(url, skip)


async def _prepare_deliveries(database: Database, events: int) -> None:
    """So many events for every endpoint, whose delivery is paused."""
    await database.one(PAUSE_DELIVERIES)
    await database.one(INSERT_EVENTS, events)
    while await sequence_events(database, utc_now()):
        pass


async def _resume_deliveries(database: Database) -> None:
    await database.one(RESUME_DELIVERIES)


def measure_deliveries(
    url: str, receiver: Receiver, count: int, *, endpoints: int = ENDPOINTS, events: int = EVENTS
) -> tuple[float, float]:
    """Deliveries a second by so many relays of so many events to so many endpoints, and milliseconds of processor time
    for each."""
    _run(url, lambda database: _prepare_deliveries(database, events))
    before = len(receiver.wait_for(0))
    with running_workers(url, count) as started:
        spent = -sum(relay.cpu_seconds() for relay in started)
        _run(url, _resume_deliveries)
        received = receiver.wait_for(before + endpoints * events)[before:]
        spent += sum(relay.cpu_seconds() for relay in started)
    return len(received) / (received[-1].at - received[0].at), spent * 1000 / len(received)


async def _disable_endpoints(database: Database) -> None:
    await database.one(DISABLE_ENDPOINTS)


def measure_slow_receivers(url: str, counts: Sequence[int] = (1, 2)) -> list[tuple[float, float]]:
    """Deliveries a second by each of these counts of relays, to endpoints that take SLOW_ANSWER_SECONDS to answer, and
    milliseconds of processor time for each. Endpoints that are there already are disabled."""
    _run(url, _disable_endpoints)
    with running_receiver(SLOW_ANSWER_SECONDS) as receiver:
        add_endpoints(url, receiver, SLOW_ENDPOINTS)
        return [
            measure_deliveries(url, receiver, count, endpoints=SLOW_ENDPOINTS, events=SLOW_EVENTS) for count in counts
        ]
