"""What an action costs on the wire, statements prepared: round trips, counted by a proxy before PostgreSQL."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.persistence import registrations
from app.persistence.engine.database import Database, open_database
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.register_adviser import preview
from tests.persistence.counting_proxy import Wire, counted
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    a_demand,
    a_key,
    an_adviser_in_post,
    asking,
    day,
    id_of,
    registered,
)


@pytest.fixture
async def wired(database_url: str) -> AsyncGenerator[tuple[Database, Wire]]:
    """A database of one connection, behind a wire that counts."""
    async with counted(database_url) as (url, wire):
        opened = open_database(url, pool_size=1)
        yield opened, wire
        await opened.close()


async def cost(wire: Wire, action: Callable[[], Awaitable[Any]]) -> int:
    """The round trips of the action."""
    before = wire.round_trips
    await action()
    return wire.round_trips - before


async def test_a_registration_takes_four_round_trips_begin_and_commit_included(wired: tuple[Database, Wire]) -> None:
    database, wire = wired
    adviser = await an_adviser_in_post(database)
    await registered(database, adviser, FIRST_DAY, asked=asking(key=a_key()))

    accepted = await cost(
        wire, lambda: registered(database, adviser, FIRST_DAY + timedelta(365), asked=asking(key=a_key()))
    )
    over_quota = await cost(
        wire, lambda: registered(database, adviser, FIRST_DAY + timedelta(1), asked=asking(key=a_key()))
    )

    assert (accepted, over_quota) == (4, 4)


async def test_a_cancellation_that_promotes_takes_four_round_trips(wired: tuple[Database, Wire]) -> None:
    database, wire = wired
    adviser = await an_adviser_in_post(database)
    first, second, _ = [await registered(database, adviser, FIRST_DAY + timedelta(number)) for number in range(3)]
    await cancel(database, id_of(first), day("2026-06-15"), None, asking(key=a_key()))

    cancelling = await cost(wire, lambda: cancel(database, id_of(second), day("2026-06-15"), None, asking(key=a_key())))

    assert len(await database.many("SELECT id FROM decision WHERE cause = 'promotion'")) == 2
    assert cancelling == 4


async def test_a_read_takes_one_round_trip(wired: tuple[Database, Wire]) -> None:
    database, wire = wired
    adviser = await an_adviser_in_post(database)
    registration = id_of(await registered(database, adviser))
    await registrations.read(database, registration, owner=None)
    await preview(database, a_demand(adviser, FIRST_DAY + timedelta(1)), asking())

    reading = await cost(wire, lambda: registrations.read(database, registration, owner=None))
    previewing = await cost(wire, lambda: preview(database, a_demand(adviser, FIRST_DAY + timedelta(1)), asking()))

    assert (reading, previewing) == (1, 1)


async def test_the_wire_counts_what_is_not_prepared_yet(wired: tuple[Database, Wire]) -> None:
    database, wire = wired
    await database.one("SELECT 1")

    first = await cost(wire, lambda: database.one("SELECT 2"))
    again = await cost(wire, lambda: database.one("SELECT 2"))

    assert (first, again) == (2, 1)
