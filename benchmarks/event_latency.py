"""Events: how fast they get their positions, and how long after its answer a registration reaches a client that waits
on the feed, and a webhook."""

import asyncio
import json
import random
from datetime import datetime
from time import monotonic
from uuid import uuid4

import httpx

from app.clock import utc_now
from app.persistence.engine.database import open_database
from app.use_cases.notifications.sequence_events import sequence_events
from benchmarks.dataset import adviser_id
from benchmarks.http_load import BODY, Result
from benchmarks.webhook_receiver import Receiver

REGISTRATIONS = 200
PAUSE_SECONDS = 0.05  # between two registrations, on average


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


async def _register(client: httpx.AsyncClient, first: int, answered: dict[str, float]) -> None:
    for number in range(first, first + REGISTRATIONS):
        body = json.loads(BODY.replace("ADVISER", adviser_id(number)))
        answer = await client.post("/v1/registrations", json=body, headers={"Idempotency-Key": str(uuid4())})
        answered[answer.raise_for_status().json()["id"]] = monotonic()
        await asyncio.sleep(random.expovariate(1 / PAUSE_SECONDS))


async def _follow_feed(
    client: httpx.AsyncClient, cursor: str, answered: dict[str, float], seen: dict[str, float]
) -> None:
    while len(answered) < REGISTRATIONS or answered.keys() - seen.keys():
        page = await client.get("/v1/events", params={"after": cursor}, headers={"Prefer": "wait=20"})
        cursor = page.raise_for_status().json()["next"]
        seen |= {event["subject"]["id"]: monotonic() for event in page.json()["data"]}


async def _answered_and_seen(
    base_url: str, authorization: str, first: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The instants at which each registration was answered, and its event seen."""
    answered: dict[str, float] = {}
    seen: dict[str, float] = {}
    async with httpx.AsyncClient(base_url=base_url, headers={"Authorization": authorization}, timeout=40) as client:
        head = await client.get("/v1/events", params={"after": "now"})
        following = asyncio.create_task(_follow_feed(client, head.json()["next"], answered, seen))
        await _register(client, first, answered)
        await following
    return answered, seen


def _latency_result(answered: dict[str, float], received: dict[str, float]) -> Result:
    delays = sorted(received[registration] - instant for registration, instant in answered.items())
    middle, late = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Result(len(delays), 0, 1 / PAUSE_SECONDS, middle * 1000, late * 1000)


def measure_latency(base_url: str, authorization: str, first: int, receiver: Receiver) -> tuple[Result, Result]:
    """From the answer to a registration until a waiting client has its event, and until the receiver has it, which
    subscribes to everything. Registers advisers from number `first` on."""
    answered, seen = asyncio.run(_answered_and_seen(base_url, authorization, first))
    return _latency_result(answered, seen), _latency_result(answered, _received(answered, receiver))


def _received(answered: dict[str, float], receiver: Receiver) -> dict[str, float]:
    """The instants at which the receiver got each of these registrations; waits for them all."""
    received: dict[str, float] = {}
    count = len(answered)
    while answered.keys() - received.keys():
        webhooks = receiver.wait_for(count)
        received = {json.loads(webhook.body)["data"]["subject"]["id"]: webhook.at for webhook in webhooks}
        count = len(webhooks) + 1
    return received
