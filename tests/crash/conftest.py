"""A fork server for these tests, a proxy for each, and advisers below and above their quota."""

from collections.abc import AsyncGenerator

import pytest

from app.persistence.engine.database import Database, open_database
from tests.crash import killable_processes
from tests.crash.fork_server import ForkServer, running_fork_server
from tests.crash.killing_proxy import KillingProxy, through_killing_proxy
from tests.databases import Databases, name_of
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.samples import CRASH_ROUNDS
from tests.use_cases.use_case_builders import an_adviser_in_post, register_in


@pytest.fixture(scope="session")
async def forks() -> AsyncGenerator[ForkServer]:
    async with running_fork_server(killable_processes.__name__) as started:
        yield started


@pytest.fixture
async def crash_proxy(database_url: str) -> AsyncGenerator[tuple[str, KillingProxy]]:
    async with through_killing_proxy(database_url) as found:
        yield found


@pytest.fixture(scope="session")
async def at_quota(databases: Databases, template: str) -> str:
    """The name of a database with an adviser for each round, whose unit is used; without connections."""
    url = databases.copy(template)
    database = open_database(url, pool_size=1)
    for _ in range(CRASH_ROUNDS):
        await register_in(database, await an_adviser_in_post(database))
    await place_waiting_events(database)
    await database.one("DELETE FROM delivery")
    await database.close()
    return name_of(url)


@pytest.fixture(scope="session")
async def over_quota(databases: Databases, at_quota: str) -> str:
    """The same with a second registration each, whose message waits."""
    url = databases.copy(at_quota)
    database = open_database(url, pool_size=1)
    for row in await database.many("SELECT id FROM adviser"):
        await register_in(database, row["id"], module="cybersecurite")
    await place_waiting_events(database)
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
