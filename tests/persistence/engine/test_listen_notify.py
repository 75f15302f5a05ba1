"""Announcements are heard, and whoever waits for them knows when they may have been missed."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.persistence.engine.database import Database
from app.persistence.engine.listen_notify import (
    CHANGED_CHANNEL,
    NotificationConnection,
    NotificationListener,
    set_on_notification,
)
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.supervisor import BackgroundTask, supervise
from tests.fake_clock import MORNING

CHANNEL = "tidings"
CUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'LISTEN%'"""


class Listener:
    """Writes down what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._more = asyncio.Event()

    def _hears(self, what: str) -> None:
        self.told.append(what)
        self._more.set()

    @property
    def ear(self) -> NotificationListener:
        return NotificationListener(
            CHANNEL, self._hears, lambda: self._hears("(hearing)"), lambda: self._hears("(deaf)")
        )

    async def until(self, told: list[str]) -> None:
        async with asyncio.timeout(10):
            while self.told != told:
                self._more.clear()
                await self._more.wait()


@pytest.fixture
async def listener(database_url: str) -> AsyncGenerator[Listener]:
    heard = Listener()
    listen = BackgroundTask("listen", NotificationConnection(database_url, heard.ear).listen)
    listening = asyncio.create_task(supervise([listen], asyncio.Event()))
    await heard.until(["(hearing)"])
    yield heard
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def say(database: Database, text: str) -> None:
    await database.one("SELECT pg_notify($1, $2)", CHANNEL, text)


async def test_what_is_announced_is_heard_in_order(database: Database, listener: Listener) -> None:
    for text in ("one", "two", "three"):
        await say(database, text)

    await listener.until(["(hearing)", "one", "two", "three"])


async def test_what_is_undone_is_not_announced(database: Database, listener: Listener) -> None:
    async def undo() -> None:
        async with database.transaction() as tx:
            await tx.one("SELECT pg_notify($1, 'never')", CHANNEL)
            raise LookupError

    with pytest.raises(LookupError):
        await undo()
    await say(database, "after")

    await listener.until(["(hearing)", "after"])


async def test_a_connection_that_is_cut_is_replaced_and_the_gap_is_told(
    database: Database, owner: Database, listener: Listener
) -> None:
    assert len(await owner.many(CUT)) == 1

    await listener.until(["(hearing)", "(deaf)", "(hearing)"])
    await say(database, "again")
    await listener.until(["(hearing)", "(deaf)", "(hearing)", "again"])


@pytest.fixture
async def changed_elsewhere(database_url: str) -> AsyncGenerator[asyncio.Event]:
    """Set when another process hears that something changed."""
    wake_up = asyncio.Event()
    listening = asyncio.create_task(
        NotificationConnection(database_url, set_on_notification(CHANGED_CHANNEL, wake_up)).listen()
    )
    await within_patience(wake_up)
    wake_up.clear()
    yield wake_up
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def within_patience(event: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await event.wait()


@pytest.fixture
async def announcing_changes(database_url: str, database: Database) -> AsyncGenerator[None]:
    """What the test's own database changes is told."""
    listening = asyncio.create_task(NotificationConnection(database_url, changed=database.changed).listen())
    yield
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.usefixtures("announcing_changes")
async def test_a_change_is_told_to_other_processes_once_it_is_committed(
    database: Database, changed_elsewhere: asyncio.Event
) -> None:
    async with database.transaction(audit_entry=AuditEntry(None, "test", None, MORNING)):
        assert not database.changed.is_set()

    await within_patience(changed_elsewhere)


async def test_what_is_undone_is_no_change_nor_is_what_leaves_no_trace(database: Database) -> None:
    with pytest.raises(LookupError):
        async with database.transaction(audit_entry=AuditEntry(None, "test", None, MORNING)):
            raise LookupError
    async with database.transaction():
        pass

    assert not database.changed.is_set()
