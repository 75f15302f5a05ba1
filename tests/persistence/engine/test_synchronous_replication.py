"""Commits that wait for a standby: not done without it by whoever gives them up, and not begun in vain."""

import asyncio
from collections.abc import AsyncGenerator

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it publishes no types
import pytest

from app.embedded.cluster import Cluster
from app.persistence.administration.audit_log import AuditLogWriter
from app.persistence.administration.health import database_trouble
from app.persistence.engine import connection_pool as pools
from app.persistence.engine import database as databases
from app.persistence.engine import readiness
from app.persistence.engine.connection import KeepaliveConnection
from app.persistence.engine.connection_pool import ConnectionPool
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import DatabaseTrouble, DatabaseUnavailable
from app.persistence.engine.driver_types import AsyncpgConnection
from app.persistence.engine.transactions import commits
from app.persistence.engine.transactions.idempotency import AlreadyCompleted
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from tests.persistence.administration.test_audit_log import an_audit_entry, left_by
from tests.persistence.missing_standby import confirm_commits_again, stop_confirming_commits
from tests.use_cases.registrations.batch_builders import a_batch_context, register_in_a_batch
from tests.use_cases.use_case_builders import a_new_registration, an_adviser_in_post, register_in

REGISTRATIONS = "SELECT FROM registration"
WAITS = "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"


@pytest.fixture
async def confirming(cluster: Cluster, database: Database) -> AsyncGenerator[Cluster]:
    """The server, which confirms again once the test is over."""
    await database.one("SELECT 1")
    yield cluster
    await confirm_commits_again(cluster)


@pytest.fixture
async def unconfirmed(confirming: Cluster, database: Database) -> Database:
    """A database whose commits are not confirmed."""
    await stop_confirming_commits(confirming)
    return database


async def _waiting(database: Database) -> None:
    """Return when a commit waits."""
    while not await database.many(WAITS):  # noqa: ASYNC110  # the server rings no bell
        await asyncio.sleep(0.01)


def _throw_away_late(_: ConnectionPool, connection: AsyncpgConnection) -> None:
    """Once the driver, which was told to stop, has had the server cancel what it does."""
    asyncio.get_running_loop().call_later(0.1, connection.terminate)


@pytest.mark.parametrize("done", [0, 1], ids=["as it is", "red: the driver cancels it"])
async def test_a_commit_that_is_given_up_is_not_done_without_its_standby(
    confirming: Cluster, database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    adviser = await an_adviser_in_post(database)
    if done:
        monkeypatch.setattr(ConnectionPool, "_discard", _throw_away_late)
    await stop_confirming_commits(confirming)
    registering = asyncio.create_task(register_in(database, adviser))
    await _waiting(owner)

    registering.cancel()
    await asyncio.gather(registering, return_exceptions=True)
    await asyncio.sleep(0.2)  # for a cancellation to be heard

    assert len(await owner.many(REGISTRATIONS)) == done
    await confirm_commits_again(confirming)
    assert len(await owner.many(REGISTRATIONS)) == 1


@pytest.mark.parametrize("done", [0, 1], ids=["as it is", "red: the driver cancels it"])
async def test_a_batch_that_is_given_up_is_not_done_without_its_standby(
    confirming: Cluster, database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    adviser = await an_adviser_in_post(database)
    monkeypatch.setattr(commits, "COMMIT_SECONDS", 0.2)
    if done:
        monkeypatch.setattr(KeepaliveConnection, "terminate", _terminate_late)
    await stop_confirming_commits(confirming)

    with pytest.raises(CommitOutcomeUnknown if not done else AlreadyCompleted):
        await register_in_a_batch(database, a_new_registration(adviser), a_batch_context())

    assert len(await owner.many(REGISTRATIONS)) == done
    await confirm_commits_again(confirming)
    assert len(await owner.many(REGISTRATIONS)) == 1


def _terminate_late(connection: KeepaliveConnection) -> None:
    asyncio.get_running_loop().call_later(0.1, asyncpg.Connection.terminate, connection)


async def test_one_commit_that_nobody_heard_holds_the_next_ones_back(
    confirming: Cluster, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "COMMIT_SECONDS", 0.2)
    monkeypatch.setattr(readiness, "PROBE_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "PROBE_TIMEOUT_SECONDS", 0.3)
    first, second = await an_adviser_in_post(database), await an_adviser_in_post(database)
    await stop_confirming_commits(confirming)

    with pytest.raises(CommitOutcomeUnknown):
        await register_in(database, first)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable) as told:
            await register_in(database, second)
        assert told.value.trouble is DatabaseTrouble.UNCONFIRMED

    await confirm_commits_again(confirming)
    await register_in(database, second)
    assert len(await database.many(REGISTRATIONS)) == 2


async def test_a_look_leaves_nothing_waiting_on_the_server(
    unconfirmed: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PROBE_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "PROBE_TIMEOUT_SECONDS", 0.2)

    found = [await database_trouble(unconfirmed) for _ in range(5)]

    assert found == [DatabaseTrouble.UNCONFIRMED] * 5
    async with asyncio.timeout(5):
        while await owner.many(WAITS):  # noqa: ASYNC110  # the server rings no bell
            await asyncio.sleep(0.01)


async def test_a_hundred_who_ask_at_once_share_one_look(
    unconfirmed: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PROBE_TIMEOUT_SECONDS", 0.2)
    looking = asyncio.gather(*(database_trouble(unconfirmed) for _ in range(100)))
    await _waiting(owner)

    assert len(await owner.many(WAITS)) == 1
    assert {*await looking} == {DatabaseTrouble.UNCONFIRMED}


async def test_a_reader_s_line_waits_for_no_standby(unconfirmed: Database) -> None:
    trace = an_audit_entry("getAdviser")

    await AuditLogWriter(unconfirmed).write(trace, [])

    assert len(await left_by(unconfirmed, trace)) == 1


RED = pytest.param(databases.POOL_SIZE, id="red: they may take all")


@pytest.mark.parametrize("writers", [pytest.param(databases.MAX_WRITERS, id="as it is"), RED])
async def test_commits_that_wait_take_no_connection_from_those_who_read(
    confirming: Cluster, database_url: str, owner: Database, monkeypatch: pytest.MonkeyPatch, writers: int
) -> None:
    monkeypatch.setattr(databases, "MAX_WRITERS", writers)
    monkeypatch.setattr(pools, "ACQUIRE_SECONDS", 0.3)
    busy = open_database(database_url)
    await stop_confirming_commits(confirming)
    changes = [asyncio.create_task(_change(busy)) for _ in range(databases.POOL_SIZE)]
    while len(await owner.many(WAITS)) < writers:  # noqa: ASYNC110  # the server rings no bell
        await asyncio.sleep(0.01)

    assert await _is_read(busy) is (writers < databases.POOL_SIZE)

    await confirm_commits_again(confirming)
    await asyncio.gather(*changes, return_exceptions=True)
    await busy.close()


async def test_whoever_waited_for_a_commit_that_nobody_heard_does_not_begin_another(
    confirming: Cluster, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "MAX_WRITERS", 1)
    monkeypatch.setattr(commits, "COMMIT_SECONDS", 0.2)
    monkeypatch.setattr(readiness, "PROBE_TIMEOUT_SECONDS", 0.3)
    busy = open_database(database_url)
    await stop_confirming_commits(confirming)

    told = await asyncio.gather(_change(busy), _change(busy), return_exceptions=True)

    assert [type(each) for each in told] == [CommitOutcomeUnknown, DatabaseUnavailable]
    await busy.close()


async def _change(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run("SELECT pg_logical_emit_message(true, '', '')")


async def _is_read(database: Database) -> bool:
    try:
        return await database.one("SELECT 1") is not None
    except TimeoutError:
        return False
