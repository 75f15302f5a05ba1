"""Several relays share the work; one that comes late has lost its claim."""

import asyncio
from collections import Counter

import pytest

from app.persistence.engine.database import Database, open_database
from app.persistence.outbox import delivery_claims, delivery_results
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.delivery_claims import ClaimedDelivery, claim, reclaim_expired_leases
from app.persistence.outbox.delivery_results import AttemptResult, settle_delivered
from benchmarks import webhook_receiver
from tests.outbox.webhooks.relay_processes import running_relays
from tests.outbox.webhooks.webhook_builders import (
    all_deliveries,
    an_endpoint,
    attempts_of,
    expire_leases,
    only_delivery,
    relay_once,
    wait_until_settled,
)
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Reply, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events
from tests.samples import DELIVERIES

ENDPOINTS = 20
EVENTS = DELIVERIES // ENDPOINTS


@pytest.mark.parametrize("count", [1, 2, 4])
async def test_relays_share_what_is_to_be_delivered_without_doubling_one(
    database_url: str, database: Database, count: int
) -> None:
    with webhook_receiver.running_receiver() as far:
        for number in range(ENDPOINTS):
            await an_endpoint(database, f"{far.url}/{number}")
        await write_events(database, EVENTS)
        await place_waiting_events(database)
        async with asyncio.timeout(240), running_relays(database_url, count):
            await asyncio.to_thread(far.wait_for, ENDPOINTS * EVENTS)
            await wait_until_settled(database, seconds=20)
        received = Counter((one.path, one.id) for one in far.wait_for(0))

    assert len(received) == ENDPOINTS * EVENTS
    assert max(received.values()) == 1
    assert {row["attempts"] for row in await all_deliveries(database)} == {1}


async def count_double_claims(database: Database) -> int:
    """How many deliveries two relays claimed both."""
    await an_endpoint(database, "http://127.0.0.1:9/")
    await write_events(database, 200)
    await place_waiting_events(database)
    taken = list[ClaimedDelivery]()

    async def take() -> None:
        for _ in range(20):
            taken.extend(await claim(database, {Channel.WEBHOOK: 10}, lane_limit=1000))

    await asyncio.gather(*(take() for _ in range(6)))
    return len(taken) - len({each.id for each in taken})


async def test_no_delivery_is_claimed_twice(database: Database) -> None:
    assert await count_double_claims(database) == 0


async def test_red_run_without_the_locks_some_are(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        delivery_claims,
        "LOCK_DUE_LANES",
        delivery_claims.LOCK_DUE_LANES.replace("FOR NO KEY UPDATE OF l SKIP LOCKED", ""),
    )
    monkeypatch.setattr(delivery_claims, "CLAIM", delivery_claims.CLAIM.replace("FOR UPDATE SKIP LOCKED", ""))

    assert await count_double_claims(database) > 0


async def one_claim(database: Database) -> ClaimedDelivery:
    (claimed,) = await claim(database, {Channel.WEBHOOK: 1}, lane_limit=4)
    return claimed


async def posted(database: Database) -> None:
    await an_endpoint(database, "http://127.0.0.1:9/")
    await write_events(database)
    await place_waiting_events(database)


async def test_a_relay_that_comes_back_late_changes_nothing(database: Database) -> None:
    await posted(database)
    late = await one_claim(database)
    await expire_leases(database)
    assert len(await reclaim_expired_leases(database, 10)) == 1
    present = await one_claim(database)

    assert await settle_delivered(database, [(late, AttemptResult(5, 204))]) == 0
    assert (await only_delivery(database))["claim"] == present.claim
    assert await settle_delivered(database, [(present, AttemptResult(5, 204))]) == 1
    assert [row["error"] for row in await attempts_of(database, late.id)] == ["interrupted", None]


async def test_red_run_without_its_claim_asked_for_it_would(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        delivery_results, "SETTLE_DELIVERED", delivery_results.SETTLE_DELIVERED.replace("AND d.claim = told.claim", "")
    )
    await posted(database)
    late = await one_claim(database)
    await expire_leases(database)
    await reclaim_expired_leases(database, 10)
    await one_claim(database)

    assert await settle_delivered(database, [(late, AttemptResult(5, 204))]) == 1


async def test_what_is_claimed_is_nobody_else_s_until_the_lease_ends(database: Database) -> None:
    await posted(database)
    await one_claim(database)

    assert await reclaim_expired_leases(database, 10) == []
    assert await claim(database, {Channel.WEBHOOK: 1}, lane_limit=4) == []


async def test_a_delivery_that_kills_its_relays_ends(database: Database) -> None:
    await posted(database)
    for _ in range(10):
        await one_claim(database)
        await expire_leases(database)
        await reclaim_expired_leases(database, 10)

    delivery = await only_delivery(database)
    assert (delivery["state"], delivery["attempts"]) == ("dead", 10)
    assert {row["error"] for row in await attempts_of(database, delivery["id"])} == {"interrupted"}


async def test_nothing_is_held_in_the_database_while_it_is_sent(database: Database, owner: Database) -> None:
    seen, go = asyncio.Event(), asyncio.Event()

    async def slowly(_: ReceivedRequest) -> Reply:
        seen.set()
        await go.wait()
        return Reply()

    async with running_receiver(slowly) as receiver:
        await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        turn = asyncio.create_task(relay_once(database))
        await seen.wait()
        busy = await owner.many(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state <> 'idle'"
        )
        go.set()
        await turn

    assert busy == []


async def index_entries_read(owner: Database) -> int:
    """The number of entries of the index of due deliveries read so far; `owner` has one connection."""
    await owner.one("SELECT pg_stat_force_next_flush()")
    row = await owner.one("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'ix_delivery_due'")
    assert row is not None
    return int(row["idx_tup_read"])


async def test_a_claim_looks_at_what_it_takes_however_much_waits(database_url: str, database: Database) -> None:
    """Statistics may be those of an empty table: the plan must be right without them."""
    for number in range(ENDPOINTS):
        await an_endpoint(database, f"http://127.0.0.1:9/{number}")
    await write_events(database, 100)
    await place_waiting_events(database)
    alone = open_database(database_url, pool_size=1, role=None)
    before = await index_entries_read(alone)

    taken = await claim(alone, {Channel.WEBHOOK: 64}, lane_limit=4)

    assert len(taken) == 64
    assert await index_entries_read(alone) - before <= ENDPOINTS * (4 + 2)
    await alone.close()
