"""The database as the rest of the service sees it, and the one way to write: `transaction()`.

SQLAlchemy describes the schema; asyncpg sends statements as text, at half the cost (docs/decisions/sql-as-text.md).
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from app.domain.errors import Conflict
from app.domain.facts.policy import Policy
from app.metrics import count_decisions
from app.persistence.engine.connection_pool import (
    SERVICE_ROLE,
    TRAINING_ORGANISATION_ROLE,
    ConnectionGeneration,
    ConnectionPool,
    TimedSemaphore,
)
from app.persistence.engine.database_errors import ends_session
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.readers import KeyedReader, LookupReader, Reader
from app.persistence.engine.readiness import ReadinessProbe
from app.persistence.engine.reads.batched_lookup import BatchedLookups
from app.persistence.engine.reads.tenant_reader import TenantReader
from app.persistence.engine.secrets.keyring import Keyring
from app.persistence.engine.transactions.adviser_locks import AdviserLock
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.commits import commit, resolve_unknown_commit
from app.persistence.engine.transactions.idempotency import ConflictStored, IdempotentRequest, store_conflict
from app.persistence.engine.transactions.opening import opening_script, raise_not_opened
from app.persistence.engine.transactions.transaction import Transaction
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown

# All that is needed to ask the database, from one place.
__all__ = ["Database", "KeyedReader", "LookupReader", "Reader", "Transaction", "open_database"]

POOL_SIZE = 20  # per process
MAX_WRITERS = 16  # of these: while some commits wait for the disk, others decide; the rest is left to reads
TENANT_POOL_SIZE = 8  # per process: training organisations read, and read little
LOCAL_COMMIT_POOL_SIZE = 2  # per process: the audit entries of reads are written there
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"


class Database:
    """`changed` is set whenever a change was committed. Commits on `local_commit_pool` wait for no standby. `keyring`
    has the keys of stored secrets. With `has_real_clock`, an instant that has become too old is refused."""

    def __init__(
        self,
        pool: ConnectionPool,
        tenant_pool: ConnectionPool,
        local_commit_pool: ConnectionPool,
        readiness: ReadinessProbe,
        keyring: Keyring,
        *,
        has_real_clock: bool = False,
    ) -> None:
        self.has_real_clock = has_real_clock
        self._pool = pool
        # Commits that wait for a standby take no connection from reads.
        self._writer_slots = TimedSemaphore(MAX_WRITERS)
        self._tenant_pool = tenant_pool
        self.local_commit_pool = local_commit_pool
        self.readiness = readiness
        self.keyring = keyring
        self.policies: dict[str, Policy] = {}
        self._lookups = BatchedLookups(self.many)
        self.changed = asyncio.Event()

    async def close(self) -> None:
        await asyncio.gather(*(pool.close() for pool in (self._pool, self._tenant_pool, self.local_commit_pool)))
        await self.readiness.close()

    def for_tenant(self, training_organisation: UUID | None) -> LookupReader:
        """A reader of what this training organisation may see; of everything when None."""
        if training_organisation is None:
            return self
        return TenantReader(self._tenant_pool, self.policies, training_organisation)

    async def one(self, sql: str, *values: object) -> Row | None:
        """Read at most one row, in a statement of its own."""
        async with self._pool.acquire() as pooled:
            return await pooled.connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        async with self._pool.acquire() as pooled:
            return await pooled.connection.fetch(sql, *values)

    async def one_by_id(self, sql: str, key: UUID) -> Row | None:
        return await self._lookups.row(sql, key)

    @asynccontextmanager
    async def transaction(
        self,
        lock: AdviserLock | None = None,
        idempotency: IdempotentRequest | None = None,
        audit_entry: AuditEntry | None = None,
    ) -> AsyncGenerator[Transaction, None]:
        """Open a transaction that holds `lock`, commit it when the block ends, undo it when the block raises.

        BEGIN, the entry's instant and the lock share a round trip, the audit entry and COMMIT another. Raise NotFound,
        AdviserAnonymised, InstantTooOld, RequestInFlight, and whatever the block raises. With `idempotency`, a conflict
        is stored and raised as ConflictStored, so that a replay repeats it. When the connection is lost at COMMIT:
        AlreadyCompleted, CommitLost or CommitOutcomeUnknown; DatabaseUnavailable until a commit is confirmed again.
        """
        try:
            async with self.writer() as connection:
                script, expected = opening_script(BEGIN, lock, idempotency, audit_entry, is_timed=self.has_real_clock)
                status = await connection.execute(script)
                try:
                    if status != expected:
                        await raise_not_opened(connection, lock, audit_entry if self.has_real_clock else None)
                    subjects = [*lock.audit_subjects] if lock else []
                    opened = Transaction(connection, self.policies, audit_subjects=subjects, keyring=self.keyring)
                    yield opened
                except Conflict as conflict:
                    await connection.execute("ROLLBACK")
                    if idempotency is None:
                        raise
                    raise ConflictStored(await store_conflict(connection, idempotency, conflict)) from conflict
                except Exception as failure:
                    if not (connection.is_closed() or ends_session(failure)):
                        await connection.execute("ROLLBACK")
                    raise
                await commit(connection, audit_entry, opened.audit_subjects)
        except CommitOutcomeUnknown:
            await self.resolve_unknown_commit(idempotency)
            raise
        if audit_entry is not None:  # as every change of a use case has one
            self.changed.set()
        count_decisions(opened.decisions)

    @asynccontextmanager
    async def writer(self) -> AsyncGenerator[AsyncpgConnection, None]:
        """Lend a connection to write on, in no transaction. Raise DatabaseUnavailable while commits are in doubt."""
        await self.readiness.check()
        async with self._writer_slots, self._pool.acquire() as pooled:
            await self.readiness.check()  # again: commits may have come into doubt while this one waited its turn
            yield pooled.connection

    async def resolve_unknown_commit(self, idempotency: IdempotentRequest | None) -> None:
        """To call when nothing was heard of a commit, the lost connection given back: when all of them are lost,
        another must be had. Raise AlreadyCompleted, CommitLost or CommitOutcomeUnknown; nothing without a key."""
        self.readiness.mark_in_doubt()
        if idempotency is not None:
            await resolve_unknown_commit(self._pool, idempotency)


def open_database(
    url: str,
    *,
    pool_size: int = POOL_SIZE,
    role: str | None = SERVICE_ROLE,
    secrets: Sequence[str] = (),
    has_real_clock: bool = False,
) -> Database:
    """Open pools on `postgresql://…`; nothing connects before the first statement. Sessions act as `role`; None is the
    role of the URL, for maintenance by the owner. `secrets` are the values of SECRET_KEY, newest first."""
    generation = ConnectionGeneration()

    def pool(size: int, role: str | None = role, **settings: str) -> ConnectionPool:
        return ConnectionPool(url, size, role, generation=generation, settings=settings)

    return Database(
        pool(pool_size),
        pool(min(pool_size, TENANT_POOL_SIZE), TRAINING_ORGANISATION_ROLE),
        pool(LOCAL_COMMIT_POOL_SIZE, synchronous_commit="local"),
        ReadinessProbe(pool(1)),
        Keyring(tuple(secrets)),
        has_real_clock=has_real_clock,
    )
