"""Several relays share the work; one that is killed at any step is replaced, and nothing is lost."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from app.persistence import claims
from app.persistence.claims import Claimed, Tried, claim, reap, settle_delivered
from app.persistence.database import Database
from app.persistence.deliveries import Channel
from tests.outbox import doomed_relay
from tests.outbox.doomed_relay import SETTLING, Heard, relays
from tests.outbox.posting import all_deliveries, an_endpoint, attempts_of, one_turn, only_delivery, until_settled
from tests.outbox.receiver import Received, Receiver, Reply, receiving, thanks
from tests.persistence.doomed import Moment, Nursery, nursery, through
from tests.persistence.telling import placed, told

ROUNDS = 20
ENDPOINTS, EVENTS = 20, 500


@dataclass(frozen=True, slots=True)
class Step:
    """Where a relay dies: at these words to the database, or (None) when the receiver has what it sent. `received` is
    how often each event is received, at most."""

    words: bytes | None
    moment: Moment
    received: int
    executed: bool = False


STEPS = {
    "before its claim is committed": Step(b"COMMIT", Moment.NOT_HEARD, 1),
    "after its claim is committed": Step(b"COMMIT", Moment.HEARD, 1),
    "after it has sent": Step(None, Moment.NOT_HEARD, 2),
    "before it settles": Step(SETTLING, Moment.NOT_HEARD, 2),
    "after it has settled": Step(SETTLING, Moment.HEARD, 1, executed=True),
}


@pytest.fixture(scope="module")
async def born() -> AsyncGenerator[Nursery]:
    async with nursery(doomed_relay.__name__) as started:
        yield started


async def leases_end(database: Database) -> None:
    await database.one("UPDATE delivery SET lease_until = now() - interval '1 second' WHERE state = 'in_flight'")


async def killed(born: Nursery, url: str, wire: Heard, receiver: Receiver, step: Step) -> int:
    """The status with which a relay ends that dies at this step."""
    wire.words, wire.executed, wire.statement = step.words or b"never said", step.executed, None
    victim = wire.expect(step.moment, None)

    async def kill(_: Received) -> Reply:
        os.kill(await victim, signal.SIGKILL)
        return Reply()

    receiver.answer = kill if step.words is None else thanks
    victim.set_result(await born.start(url))
    async with asyncio.timeout(20):
        status = await born.ended()
    receiver.answer = thanks
    return status


@pytest.mark.parametrize("name", STEPS)
async def test_a_relay_killed_at_any_step_loses_nothing(
    born: Nursery, database_url: str, database: Database, name: str
) -> None:
    step = STEPS[name]
    wire = Heard()
    async with receiving() as receiver, through(database_url, wire) as url:
        await an_endpoint(database, receiver.url)
        events = list[str]()
        for _ in range(ROUNDS):
            events += [str(event) for event in await told(database)]
            await placed(database)

            assert await killed(born, url, wire, receiver, step) == -signal.SIGKILL

            await leases_end(database)
            await one_turn(database)
            assert {row["state"] for row in await all_deliveries(database)} == {"delivered"}

    received = Counter(receiver.ids)
    assert {*received} == {*events}
    assert max(received.values()) == min(received.values()) == step.received
    assert len({(one.id, one.body) for one in receiver.received}) == ROUNDS


async def test_left_alive_it_delivers(born: Nursery, database_url: str, database: Database) -> None:
    never = Step(b"never said", Moment.NOT_HEARD, 1)
    async with receiving() as receiver, through(database_url, wire := Heard()) as url:
        await an_endpoint(database, receiver.url)
        await told(database)
        await placed(database)

        assert await killed(born, url, wire, receiver, never) == 0

    assert (await only_delivery(database))["state"] == "delivered"


@pytest.mark.parametrize("count", [1, 2, 4])
async def test_relays_share_ten_thousand_deliveries_without_doubling_one(
    database_url: str, database: Database, count: int
) -> None:
    async with receiving() as receiver:
        for number in range(ENDPOINTS):
            await an_endpoint(database, f"{receiver.url}/{number}")
        for _ in range(EVENTS // 100):
            await told(database, 100)
        await placed(database)
        async with relays(database_url, count):
            await receiver.has(ENDPOINTS * EVENTS, seconds=240)
            await until_settled(database, seconds=20)

    received = Counter((one.path, one.id) for one in receiver.received)
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
            taken.extend(await claim(database, [Channel.WEBHOOK], most=10, lane_most=1000))

    await asyncio.gather(*(take() for _ in range(6)))
    return len(taken) - len({each.id for each in taken})


async def test_no_delivery_is_claimed_twice(database: Database) -> None:
    assert await doubled(database) == 0


async def test_red_run_without_the_locks_some_are(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "LANES", claims.LANES.replace("FOR NO KEY UPDATE OF l SKIP LOCKED", ""))
    unlocked = claims.CLAIM.replace("FOR UPDATE SKIP LOCKED", "").replace(
        " AND d.state = 'due'\nRETURNING", "\nRETURNING"
    )
    monkeypatch.setattr(claims, "CLAIM", unlocked.replace("UPDATE lane SET claimed_at", "SELECT 1 WHERE false --"))
    monkeypatch.setattr(claims, "CLAIM", unlocked)

    assert await doubled(database) > 0


async def one_claim(database: Database) -> Claimed:
    (claimed,) = await claim(database, [Channel.WEBHOOK], most=1, lane_most=4)
    return claimed


async def posted(database: Database) -> None:
    await an_endpoint(database, "http://127.0.0.1:9/")
    await told(database)
    await placed(database)


async def test_a_relay_that_comes_back_late_changes_nothing(database: Database) -> None:
    await posted(database)
    late = await one_claim(database)
    await leases_end(database)
    assert await reap(database, 10) == 1
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

    assert await reap(database, 10) == 0
    assert await claim(database, [Channel.WEBHOOK], most=1, lane_most=4) == []


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
