"""One nursery for the room, a wire for each test, and advisers on either side of their quota."""

from collections.abc import AsyncGenerator

import pytest

from app.persistence.database import Database, open_database
from tests.crash import doomed
from tests.crash.nursery import Nursery, nursery
from tests.crash.wire import Wire, wired
from tests.databases import Databases, name_of
from tests.persistence.telling import placed
from tests.samples import CRASH_ROUNDS
from tests.use_cases.acting import an_adviser_in_post, registered


@pytest.fixture(scope="session")
async def born() -> AsyncGenerator[Nursery]:
    async with nursery(doomed.__name__) as started:
        yield started


@pytest.fixture
async def through_wire(database_url: str) -> AsyncGenerator[tuple[str, Wire]]:
    async with wired(database_url) as found:
        yield found


@pytest.fixture(scope="session")
async def at_quota(databases: Databases, template: str) -> str:
    """The name of a database with an adviser for each round, whose unit is taken; nobody is connected to it."""
    url = databases.copy(template)
    database = open_database(url, pool_size=1)
    for _ in range(CRASH_ROUNDS):
        await registered(database, await an_adviser_in_post(database))
    await placed(database)
    await database.one("DELETE FROM delivery")
    await database.close()
    return name_of(url)


@pytest.fixture(scope="session")
async def over_quota(databases: Databases, at_quota: str) -> str:
    """The same with a second registration each, and the message about it, that waits."""
    url = databases.copy(at_quota)
    database = open_database(url, pool_size=1)
    for row in await database.many("SELECT id FROM adviser"):
        await registered(database, row["id"], module="cybersecurite")
    await placed(database)
    await database.one("DELETE FROM delivery WHERE recipient <> 'adviser'")
    await database.one("UPDATE delivery SET next_attempt_at = 'infinity'")
    await database.close()
    return name_of(url)


@pytest.fixture
async def advisers_over_quota(databases: Databases, over_quota: str) -> AsyncGenerator[tuple[Database, str]]:
    """A database of the test's own, and its URL."""
    url = databases.copy(over_quota)
    database = open_database(url, pool_size=2)
    yield database, url
    await database.close()
