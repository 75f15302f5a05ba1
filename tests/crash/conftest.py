"""One nursery for the room, a wire for each test, and advisers on either side of their quota."""

from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import pytest

from app.embedded.cluster import Cluster
from app.persistence.engine.database import Database, open_database
from tests.conftest import copied
from tests.crash import killable_processes
from tests.crash.fork_server import Nursery, nursery
from tests.crash.killing_proxy import Wire, wired
from tests.persistence.outbox.event_builders import placed
from tests.use_cases.use_case_builders import an_adviser_in_post, registered

ROUNDS = 20


@pytest.fixture(scope="session")
async def born() -> AsyncGenerator[Nursery]:
    async with nursery(killable_processes.__name__) as started:
        yield started


@pytest.fixture
async def through_wire(database_url: str) -> AsyncGenerator[tuple[str, Wire]]:
    async with wired(database_url) as found:
        yield found


@pytest.fixture(scope="session")
async def at_quota(cluster: Cluster, template: str) -> str:
    """The name of a database with an adviser for each round, whose unit is taken; nobody is connected to it."""
    url = await copied(cluster, template)
    database = open_database(url, pool_size=1)
    for _ in range(ROUNDS):
        await registered(database, await an_adviser_in_post(database))
    await placed(database)
    await database.one("DELETE FROM delivery")
    await database.close()
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture(scope="session")
async def over_quota(cluster: Cluster, at_quota: str) -> str:
    """The same with a second registration each, and the message about it, that waits."""
    url = await copied(cluster, at_quota)
    database = open_database(url, pool_size=1)
    for row in await database.many("SELECT id FROM adviser"):
        await registered(database, row["id"], module="cybersecurite")
    await placed(database)
    await database.one("DELETE FROM delivery WHERE recipient <> 'adviser'")
    await database.one("UPDATE delivery SET next_attempt_at = 'infinity'")
    await database.close()
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture
async def advisers_over_quota(cluster: Cluster, over_quota: str) -> AsyncGenerator[tuple[Database, str]]:
    """A database of the test's own, and its URL."""
    url = await copied(cluster, over_quota)
    database = open_database(url, pool_size=2)
    yield database, url
    await database.close()
