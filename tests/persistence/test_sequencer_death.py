"""A sequencer killed at any statement leaves its whole step or nothing, and nobody waits for it."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from app.persistence.database import Database
from tests.persistence.doomed import Moment, Nursery, Wire, deadly, nursery
from tests.persistence.telling import everything, placed, told

STATEMENTS = 6  # BEGIN, the turn and the placing (each is prepared first), COMMIT
ROUNDS = 20


@pytest.fixture(scope="module")
async def born() -> AsyncGenerator[Nursery]:
    async with nursery() as started:
        yield started


@pytest.fixture
async def wired(database_url: str) -> AsyncGenerator[tuple[str, Wire]]:
    async with deadly(database_url) as found:
        yield found


async def ended(born: Nursery, url: str, wire: Wire, moment: Moment, fatal: int | None) -> int:
    """The status with which a sequencer ends whose statement `fatal` is its last."""
    victim = wire.expect(moment, fatal)
    victim.set_result(await born.start(url))
    async with asyncio.timeout(10):
        return await born.ended()


async def all_placed(database: Database, expected: list[UUID]) -> bool:
    await placed(database)
    return await everything(database) == expected


async def test_left_alive_it_says_as_many_statements_as_are_made_fatal(
    born: Nursery, wired: tuple[str, Wire], database: Database
) -> None:
    url, wire = wired
    expected = await told(database, 2)

    status = await ended(born, url, wire, Moment.NOT_HEARD, None)

    assert (status, wire.said) == (0, STATEMENTS)
    assert await everything(database) == expected


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("fatal", range(1, STATEMENTS + 1))
async def test_killed_at_any_statement_it_leaves_all_or_nothing(
    born: Nursery, wired: tuple[str, Wire], database: Database, moment: Moment, fatal: int
) -> None:
    url, wire = wired
    expected: list[UUID] = []
    for _ in range(ROUNDS):
        before = [*expected]
        expected += await told(database, 2)

        status = await ended(born, url, wire, moment, fatal)

        assert status == -signal.SIGKILL
        assert await everything(database) in (before, expected)
        async with asyncio.timeout(5):
            while not await all_placed(database, expected):
                pass
