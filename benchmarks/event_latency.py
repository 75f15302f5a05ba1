"""Events: how fast they get their positions, and how long after its answer a registration reaches a client that waits
on the feed, and a webhook."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from app.clock import utc_now
from app.persistence.engine.database import open_database
from app.use_cases.notifications.sequence_events import sequence_events
from benchmarks.dataset import adviser_id
from benchmarks.http_load import BODY, Result
from benchmarks.keep_alive_connections import KeepAliveConnections
from benchmarks.webhook_receiver import Receiver

REGISTRATIONS = 200
PER_SECOND, RUSH_PER_SECOND = 20.0, 500.0  # registrations, on average
PAGE = 500  # events
PATIENCE_SECONDS = 40.0
SUCCESSES = range(200, 300)


async def _sequence_all(url: str, now: datetime) -> tuple[int, float]:
    database = open_database(url, pool_size=1)
    total, started = 0, monotonic()
    while sequenced := await sequence_events(database, now):
        total += sequenced
    seconds = monotonic() - started
    await database.close()
    return total, seconds


def measure_sequencing(url: str) -> tuple[int, float]:
    """Give every waiting event its position: how many, and how many a second."""
    total, seconds = asyncio.run(_sequence_all(url, utc_now()))
    return total, total / seconds


@dataclass(slots=True)
class _Instants:
    """When each registration was answered, and its event read, by id; `expected` of them are made."""

    expected: int
    answered: dict[str, float] = field(default_factory=dict[str, float])
    read: dict[str, float] = field(default_factory=dict[str, float])

    def are_complete(self) -> bool:
        return len(self.answered) == self.expected and self.answered.keys() <= self.read.keys()


@dataclass(frozen=True, slots=True)
class _Client:
    connections: KeepAliveConnections
    authorization: str

    async def ask(self, method: str, target: str, headers: dict[str, str], body: str = "") -> Any:
        """The JSON of a successful answer. Raise ValueError on another."""
        headers = {"Authorization": self.authorization, **headers}
        answer = await self.connections.request(method, target, headers, body.encode())
        if answer.status not in SUCCESSES:
            raise ValueError(answer.body)
        return answer.json


async def _register(client: _Client, number: int, answered: dict[str, float]) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    made = await client.ask("POST", "/v1/registrations", headers, BODY.replace("ADVISER", adviser_id(number)))
    answered[made["id"]] = monotonic()


async def _register_at_random(client: _Client, first: int, per_second: float, instants: _Instants) -> None:
    """Send each when its turn comes, whether the former ones are answered or not: a slow server is not spared."""
    due = monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(first, first + instants.expected):
            group.create_task(_register(client, number, instants.answered))
            due += random.expovariate(per_second)
            await asyncio.sleep(due - monotonic())


async def _follow_feed(client: _Client, cursor: str, instants: _Instants) -> None:
    while not instants.are_complete():
        target = f"/v1/events?limit={PAGE}&after={quote(cursor)}"
        page = await client.ask("GET", target, {"Prefer": "wait=1"})
        cursor = page["next"]
        instants.read |= {event["subject"]["id"]: monotonic() for event in page["data"]}


async def _answered_and_read(
    base_url: str, authorization: str, first: int, per_second: float, registrations: int
) -> _Instants:
    instants, connections = _Instants(registrations), KeepAliveConnections(base_url)
    client = _Client(connections, authorization)
    head = await client.ask("GET", "/v1/events?after=now", {})
    async with asyncio.timeout(registrations / per_second + PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(_follow_feed(client, head["next"], instants))
        await _register_at_random(client, first, per_second, instants)
    connections.close()
    return instants


def _latency_result(answered: dict[str, float], received: dict[str, float], per_second: float) -> Result:
    delays = sorted(received[registration] - instant for registration, instant in answered.items())
    middle, late = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Result(len(delays), 0, per_second, middle * 1000, late * 1000)


def measure_latency(
    base_url: str,
    authorization: str,
    first: int,
    receiver: Receiver,
    *,
    per_second: float = PER_SECOND,
    registrations: int = REGISTRATIONS,
) -> tuple[Result, Result]:
    """From the answer to a registration until a waiting client has its event, and until the receiver has it, which
    subscribes to everything. Registers so many advisers from number `first` on, `per_second` of them on average.

    Raise TimeoutError when events come later than PATIENCE_SECONDS after the last registration. The rate of a result is
    that of the answers."""
    instants = asyncio.run(_answered_and_read(base_url, authorization, first, per_second, registrations))
    answered = instants.answered
    rate = len(answered) / (max(answered.values()) - min(answered.values()))
    received = _received(answered, receiver)
    return _latency_result(answered, instants.read, rate), _latency_result(answered, received, rate)


def _received(answered: dict[str, float], receiver: Receiver) -> dict[str, float]:
    """The instants at which the receiver got each of these registrations; waits for them all."""
    received: dict[str, float] = {}
    count = len(answered)
    while answered.keys() - received.keys():
        webhooks = receiver.wait_for(count)
        received = {json.loads(webhook.body)["data"]["subject"]["id"]: webhook.at for webhook in webhooks}
        count = len(webhooks) + 1
    return received
