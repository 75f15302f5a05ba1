"""Transactions made to meet: what they read and write is real, and a test says in which order."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.persistence.engine.database import Database, Transaction, open_database
from app.persistence.engine.transactions.adviser_locks import AdviserLock
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest

Pause = Callable[[Transaction], Awaitable[object]]


async def no_pause(_: Transaction) -> None:
    """Go on."""


@dataclass(frozen=True, slots=True)
class PausingTransaction(Transaction):
    """Stops once everything is read, before the statement that writes, and after it, before the commit."""

    before_writing: Pause = no_pause
    after_writing: Pause = no_pause

    async def run(self, sql: str, *values: object) -> None:
        plain = Transaction(self.connection, self.policies)
        await self.before_writing(plain)
        await plain.run(sql, *values)
        await self.after_writing(plain)


class PausingDatabase(Database):
    """The pool of `opened`; its transactions pause around the statement that writes."""

    def __init__(self, opened: Database, before_writing: Pause = no_pause, after_writing: Pause = no_pause) -> None:
        pools = opened._pool, opened._tenant_pool  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the same for both
        super().__init__(*pools, opened.local_commit_pool, opened.readiness, opened.keyring)
        self.policies = opened.policies
        self._pauses = before_writing, after_writing

    @asynccontextmanager
    async def transaction(
        self,
        lock: AdviserLock | None = None,
        idempotency: IdempotentRequest | None = None,
        audit_entry: AuditEntry | None = None,
    ) -> AsyncGenerator[Transaction, None]:
        async with super().transaction(lock, idempotency, audit_entry) as tx:
            yield PausingTransaction(
                tx.connection, tx.policies, tx.decisions, tx.audit_subjects, tx.keyring, *self._pauses
            )


class Gate:
    """Where one transaction stands still, everything read and nothing written, until it is let through."""

    def __init__(self) -> None:
        self.pid = 0
        self._reached = asyncio.Event()
        self._opened = asyncio.Event()

    async def pause(self, transaction: Transaction) -> None:
        row = await transaction.one("SELECT pg_backend_pid() AS pid")
        assert row is not None
        self.pid = row["pid"]
        self._reached.set()
        await self._opened.wait()

    async def wait_until_reached(self) -> None:
        """Return once the transaction stands there."""
        async with asyncio.timeout(5):
            await self._reached.wait()

    def open(self) -> None:
        self._opened.set()


async def wait_until_blocked_by(database: Database, pid: int) -> None:
    """Return once a backend of this database waits for a lock that `pid` holds."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND $1 = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(5):
        while await database.one(waiting, pid) is None:
            pass


async def count_deadlocks(url: str) -> int:
    """How many the server counted in this database; a backend has told all it knows once its connection is closed."""
    database = open_database(url, pool_size=1)
    row = await database.one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await database.close()
    assert row is not None
    return int(row["deadlocks"])
