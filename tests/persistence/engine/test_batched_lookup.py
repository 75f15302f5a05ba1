"""Reads by id that wait together: one statement for all, none of them older than its question, each on its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid4

import pytest

from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.reads import batched_lookup
from app.persistence.engine.reads.batched_lookup import BatchedLookup

VERSION = "UPDATE adviser SET version = version + 1 WHERE id = $1 RETURNING version"
ADD = "INSERT INTO adviser (id, in_scheme, version, created_at, updated_at) VALUES ($1, true, 1, now(), now())"
FIND = "SELECT id, version FROM adviser WHERE id = ANY($1)"


@dataclass(slots=True)
class Table:
    """Rows that each statement reads when it begins, and gives once `gate` is open; `asked` has the ids of each."""

    versions: dict[UUID, int]
    asked: list[list[UUID]] = field(default_factory=list[list[UUID]])
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    async def read(self, keys: list[UUID]) -> Sequence[Row]:
        self.asked.append(keys)
        self.begun.set()
        rows = [{"id": key, "version": self.versions[key]} for key in keys if key in self.versions]
        failure = self.failure
        await self.gate.wait()
        if failure is not None:
            raise failure
        return rows


@pytest.fixture
def ids() -> list[UUID]:
    return [uuid4() for _ in range(4)]


@pytest.fixture
def table(ids: list[UUID]) -> Table:
    return Table(dict.fromkeys(ids, 1))


async def under_way(table: Table) -> None:
    """Once the first statement has begun."""
    async with asyncio.timeout(10):
        await table.begun.wait()


async def test_those_who_come_during_a_statement_share_the_next_one(table: Table, ids: list[UUID]) -> None:
    lookup = BatchedLookup(table.read)
    first = asyncio.create_task(lookup.row(ids[0]))
    await under_way(table)
    others = [asyncio.create_task(lookup.row(key)) for key in (*ids, ids[1], uuid4())]
    await asyncio.sleep(0)
    table.gate.set()

    rows = await asyncio.gather(first, *others)

    assert [row and row["id"] for row in rows] == [ids[0], *ids, ids[1], None]
    assert [len(keys) for keys in table.asked] == [1, 5]


async def test_those_who_come_at_once_share_the_first(table: Table, ids: list[UUID]) -> None:
    lookup = BatchedLookup(table.read)
    table.gate.set()

    await asyncio.gather(*(lookup.row(key) for key in ids))
    await lookup.row(ids[0])

    assert [len(keys) for keys in table.asked] == [4, 1]


async def test_nobody_sees_a_state_older_than_its_question(table: Table, ids: list[UUID]) -> None:
    lookup = BatchedLookup(table.read)
    before = asyncio.create_task(lookup.row(ids[0]))
    await under_way(table)
    table.versions[ids[0]] = 2
    after = asyncio.create_task(lookup.row(ids[0]))
    await asyncio.sleep(0)
    table.gate.set()

    assert [row and row["version"] for row in (await before, await after)] == [1, 2]


async def test_whoever_is_cancelled_cancels_nobody_else(table: Table, ids: list[UUID]) -> None:
    lookup = BatchedLookup(table.read)
    first = asyncio.create_task(lookup.row(ids[0]))
    await under_way(table)
    beside, waiting, given_up = (asyncio.create_task(lookup.row(key)) for key in ids[1:])
    await asyncio.sleep(0)
    first.cancel()
    given_up.cancel()
    table.gate.set()

    assert [row and row["id"] for row in await asyncio.gather(beside, waiting)] == ids[1:3]
    assert (await asyncio.gather(first, given_up, return_exceptions=True))[0].__class__ is asyncio.CancelledError
    assert await lookup.row(ids[0])


async def test_an_error_reaches_each_who_waited_for_the_statement_and_nobody_after(
    table: Table, ids: list[UUID]
) -> None:
    lookup = BatchedLookup(table.read)
    table.failure = ConnectionResetError("gone")
    together = [asyncio.create_task(lookup.row(key)) for key in (*ids[:2], uuid4())]
    await under_way(table)
    table.failure = None
    later = asyncio.create_task(lookup.row(ids[2]))
    await asyncio.sleep(0)
    together[1].cancel()
    table.gate.set()
    failed = await asyncio.gather(*together, return_exceptions=True)

    assert [type(each) for each in failed] == [ConnectionResetError, asyncio.CancelledError, ConnectionResetError]
    assert (await later or {})["id"] == ids[2]


async def test_a_statement_that_hangs_holds_back_those_who_wait_for_it_only(
    table: Table, ids: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batched_lookup, "PATIENCE_SECONDS", 0.01)
    lookup, hanging = BatchedLookup(table.read), table.gate
    hung = asyncio.create_task(lookup.row(ids[0]))
    await under_way(table)
    waiting = asyncio.create_task(lookup.row(ids[1]))
    table.gate = asyncio.Event()
    table.gate.set()

    assert (await waiting or {})["id"] == ids[1]
    assert (await lookup.row(ids[2]) or {})["id"] == ids[2]
    assert not hung.done()
    hanging.set()
    assert (await hung or {})["id"] == ids[0]


async def test_five_hundred_readers_see_what_was_committed_before_they_asked(
    database: Database, owner: Database
) -> None:
    chance = Random(20_261_130)  # noqa: S311  # the same moments in every run
    advisers = [uuid4() for _ in range(5)]
    committed = dict.fromkeys(advisers, 1)
    for adviser in advisers:
        await owner.one(ADD, adviser)
    reading = True

    async def write() -> None:
        while reading:
            adviser = chance.choice(advisers)
            row = await owner.one(VERSION, adviser)
            committed[adviser] = row["version"] if row else 0

    async def read() -> bool:
        adviser = chance.choice(advisers)
        await asyncio.sleep(chance.uniform(0, 0.3))
        at_least = committed[adviser]
        try:
            async with asyncio.timeout(chance.choice((0.001, 10))):
                row = await database.one_by_id(FIND, adviser)
        except TimeoutError:
            return False
        assert row is not None
        assert row["version"] >= at_least
        return True

    writing = asyncio.create_task(write())
    answered = await asyncio.gather(*(read() for _ in range(500)))
    reading = False
    await writing

    assert sum(answered) > 200
