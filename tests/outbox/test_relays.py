"""Several relays share the work; whoever is late has lost its claim."""

import asyncio
from collections import Counter

import pytest

from app.persistence import claims
from app.persistence.claims import Claimed, Tried, claim, reap, settle_delivered
from app.persistence.database import Database, open_database
from app.persistence.deliveries import Channel
from benchmarks import receiver
from tests.outbox.posting import (
    all_deliveries,
    an_endpoint,
    attempts_of,
    leases_end,
    one_turn,
    only_delivery,
    until_settled,
)
from tests.outbox.receiver import Received, Reply, receiving
from tests.outbox.relays import relays
from tests.persistence.telling import placed, told
from tests.samples import DELIVERIES

ENDPOINTS = 20
EVENTS = DELIVERIES // ENDPOINTS


@pytest.mark.parametrize("count", [1, 2, 4])
async def test_relays_share_what_is_to_be_delivered_without_doubling_one(
    database_url: str, database: Database, count: int
) -> None:
    with receiver.receiving() as far:
        for number in range(ENDPOINTS):
            await an_endpoint(database, f"{far.url}/{number}")
        await told(database, EVENTS)
        await placed(database)
        async with asyncio.timeout(240), relays(database_url, count):
            await asyncio.to_thread(far.has, ENDPOINTS * EVENTS)
            await until_settled(database, seconds=20)
        received = Counter((one.path, one.id) for one in far.has(0))

    assert len(received) == ENDPOINTS * EVENTS
    assert max(received.values()) == 1
    assert {row["attempts"] for row in await all_deliveries(database)} == {1}


async def doubled(database: Database) -> int:
    """How many claims two relays got for a delivery that the other had, too."""
    await an_endpoint(database, "http://127.0.0.1:9/")
    await told(database, 200)
    await placed(database)
    taken = list[Claimed]()

    async def take() -> None:
        for _ in range(20):
            taken.extend(await claim(database, {Channel.WEBHOOK: 10}, lane_most=1000))

    await asyncio.gather(*(take() for _ in range(6)))
    return len(taken) - len({each.id for each in taken})


async def test_no_delivery_is_claimed_twice(database: Database) -> None:
    assert await doubled(database) == 0


async def test_red_run_without_the_locks_some_are(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "LANES", claims.LANES.replace("FOR NO KEY UPDATE OF l SKIP LOCKED", ""))
    monkeypatch.setattr(claims, "CLAIM", claims.CLAIM.replace("FOR UPDATE SKIP LOCKED", ""))

    assert await doubled(database) > 0


async def one_claim(database: Database) -> Claimed:
    (claimed,) = await claim(database, {Channel.WEBHOOK: 1}, lane_most=4)
    return claimed


async def posted(database: Database) -> None:
    await an_endpoint(database, "http://127.0.0.1:9/")
    await told(database)
    await placed(database)


async def test_a_relay_that_comes_back_late_changes_nothing(database: Database) -> None:
    await posted(database)
    late = await one_claim(database)
    await leases_end(database)
    assert len(await reap(database, 10)) == 1
    present = await one_claim(database)

    assert await settle_delivered(database, [(late, Tried(5, 204))]) == 0
    assert (await only_delivery(database))["claim"] == present.claim
    assert await settle_delivered(database, [(present, Tried(5, 204))]) == 1
    assert [row["error"] for row in await attempts_of(database, late.id)] == ["interrupted", None]


async def test_red_run_without_its_claim_asked_for_it_would(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "DELIVERED", claims.DELIVERED.replace("AND d.claim = told.claim", ""))
    await posted(database)
    late = await one_claim(database)
    await leases_end(database)
    await reap(database, 10)
    await one_claim(database)

    assert await settle_delivered(database, [(late, Tried(5, 204))]) == 1


async def test_what_is_claimed_is_nobody_else_s_until_the_lease_ends(database: Database) -> None:
    await posted(database)
    await one_claim(database)

    assert await reap(database, 10) == []
    assert await claim(database, {Channel.WEBHOOK: 1}, lane_most=4) == []


async def test_a_delivery_that_kills_its_relays_ends(database: Database) -> None:
    await posted(database)
    for _ in range(10):
        await one_claim(database)
        await leases_end(database)
        await reap(database, 10)

    delivery = await only_delivery(database)
    assert (delivery["state"], delivery["attempts"]) == ("dead", 10)
    assert {row["error"] for row in await attempts_of(database, delivery["id"])} == {"interrupted"}


async def test_nothing_is_held_in_the_database_while_it_is_sent(database: Database, owner: Database) -> None:
    seen, go = asyncio.Event(), asyncio.Event()

    async def slowly(_: Received) -> Reply:
        seen.set()
        await go.wait()
        return Reply()

    async with receiving(slowly) as receiver:
        await an_endpoint(database, receiver.url)
        await told(database)
        await placed(database)
        turn = asyncio.create_task(one_turn(database))
        await seen.wait()
        busy = await owner.many(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state <> 'idle'"
        )
        go.set()
        await turn

    assert busy == []


async def read_by(owner: Database) -> int:
    """How many entries of the index of what is due were looked at so far; `owner` has one connection."""
    await owner.one("SELECT pg_stat_force_next_flush()")
    row = await owner.one("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'ix_delivery_due'")
    assert row is not None
    return int(row["idx_tup_read"])


async def test_a_claim_looks_at_what_it_takes_however_much_waits(database_url: str, database: Database) -> None:
    """Statistics may be those of a table that was empty: the plan must be right without them."""
    for number in range(ENDPOINTS):
        await an_endpoint(database, f"http://127.0.0.1:9/{number}")
    await told(database, 100)
    await placed(database)
    alone = open_database(database_url, pool_size=1, role=None)
    before = await read_by(alone)

    taken = await claim(alone, {Channel.WEBHOOK: 64}, lane_most=4)

    assert len(taken) == 64
    assert await read_by(alone) - before <= ENDPOINTS * (4 + 2)
    await alone.close()
