"""The pool of connections, and the one way to write: `transaction()`.

SQLAlchemy describes the schema; statements go to asyncpg as they are written, because the hot path
costs half the processor time that way (docs/decisions/sql-as-text.md gives the figures).
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from app.domain.errors import AdviserAnonymised, Conflict
from app.domain.facts.policy import Policy
from app.metrics import count_decisions
from app.persistence.engine.connection_pool import ConnectionGeneration, ConnectionPool, TimedSemaphore
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS, InstantTooOld, ends_session
from app.persistence.engine.database_roles import SERVICE_ROLE, TRAINING_ORGANISATION_ROLE
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.readiness import ReadinessProbe
from app.persistence.engine.secrets.keyring import Keyring
from app.persistence.engine.tenant_reader import TenantReader
from app.persistence.engine.transactions.adviser_locks import AdviserLock, NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry, uuid_literal
from app.persistence.engine.transactions.change_watermark import hold_instant, is_recent_enough
from app.persistence.engine.transactions.idempotency import (
    FIND_RESPONSE,
    ConflictStored,
    IdempotentRequest,
    check_stored_row,
    store_conflict,
)

POOL_SIZE = 20  # per process
MAX_WRITERS = 16  # of these: while some commits wait for the disk, others decide; the rest is left to those who read
TENANT_POOL_SIZE = 8  # per process: training organisations read, and read little
LOCAL_COMMIT_POOL_SIZE = 2  # per process: what readers did is noted there
COMMIT_SECONDS = 5.0  # and no longer: what became of it is then asked in what is left of the request's time


class Reader(Protocol):
    """Whatever can be asked: the database at large, or a transaction under way.

    `policies` keeps the versions already read: they never change, and each database has its own.
    """

    @property
    def policies(self) -> dict[str, Policy]: ...

    async def one(self, sql: str, *values: object) -> Row | None: ...

    async def many(self, sql: str, *values: object) -> list[Row]: ...


class KeyedReader(Reader, Protocol):
    """Whatever can be asked, and has what opens the secrets that rest there."""

    @property
    def keyring(self) -> Keyring: ...


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction under way; `decided` are the decisions it wrote, counted once it is committed; `subjects` is SQL
    for the ids of what it changes, kept by its trace."""

    connection: AsyncpgConnection
    policies: dict[str, Policy]
    decisions: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    audit_subjects: list[str] = field(default_factory=list[str])
    keyring: Keyring = field(default_factory=Keyring)

    def add_audit_subjects(self, *subjects: UUID) -> None:
        """Say what else the transaction is about, beside what it was opened for."""
        self.audit_subjects.extend(uuid_literal(subject) for subject in subjects)

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self.connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        return await self.connection.fetch(sql, *values)

    async def run(self, sql: str, *values: object) -> None:
        await self.connection.execute(sql, *values)


class Database:
    """`changed` is set whenever a change was committed, for whoever tells it on; what is committed on `aside` waits for
    no standby. `keyring` opens what is sealed. `has_real_clock` says that instants come from a real clock, so that one which
    has become too old can be refused."""

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
        self._writer_slots = TimedSemaphore(
            MAX_WRITERS
        )  # commits that wait for a standby take no connection from reads
        self._tenant_pool = tenant_pool
        self.local_commit_pool = local_commit_pool
        self.readiness = readiness
        self.keyring = keyring
        self.policies: dict[str, Policy] = {}
        self.changed = asyncio.Event()

    async def close(self) -> None:
        await asyncio.gather(*(pool.close() for pool in (self._pool, self._tenant_pool, self.local_commit_pool)))
        await self.readiness.close()

    def for_tenant(self, training_organisation: UUID | None) -> Reader:
        """What exists for this training organisation; everything when None."""
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

    @asynccontextmanager
    async def transaction(
        self,
        lock: AdviserLock | None = None,
        idempotency: IdempotentRequest | None = None,
        audit_entry: AuditEntry | None = None,
    ) -> AsyncGenerator[Transaction, None]:
        """Open a transaction that holds `lock`, commit it when the block ends, undo it when the block raises.

        BEGIN, the trace's instant and the lock share a round trip, the trace and COMMIT another. Raises Missing,
        AdviserAnonymised, TooLate, AttemptInFlight, and whatever the block raises; with an attempt, a conflict is
        remembered and raised as ConflictAnswered, so that a replay repeats it. When the connection is lost at COMMIT:
        AlreadyAnswered, NothingWritten or OutcomeUnknown; NotReady until commits are heard of again.
        """
        await self.readiness.check()
        try:
            async with self._writer_slots, self._pool.acquire() as pooled:
                await self.readiness.check()  # again: commits may have come into doubt while this one waited its turn
                connection = pooled.connection
                script, expected = _begin_script(lock, idempotency, audit_entry, has_real_clock=self.has_real_clock)
                answered = await connection.execute(script)
                try:
                    if answered != expected:
                        await _raise_not_opened(connection, lock, audit_entry if self.has_real_clock else None)
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
                await _commit(connection, audit_entry, opened.audit_subjects)
        except CommitOutcomeUnknown:
            self.readiness.mark_in_doubt()
            # The lost connection is given back first: when all of them are lost, another must be had.
            if idempotency is not None:
                await self._resolve_unknown_commit(idempotency)
            raise
        if audit_entry is not None:  # as every change of a use case has one
            self.changed.set()
        count_decisions(opened.decisions)

    async def _resolve_unknown_commit(self, idempotency: IdempotentRequest) -> None:
        """The stored answer is the witness: raise AlreadyAnswered when it is there, NothingWritten when it is not.

        The attempt's lock is waited for, because the lost session may still be committing. Raise OutcomeUnknown when
        the database can't be asked.
        """
        try:
            async with self._pool.acquire() as pooled:
                connection = pooled.connection
                await connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({idempotency.lock_key})")
                row = await connection.fetchrow(FIND_RESPONSE, idempotency.client_id, idempotency.key)
                await connection.execute("ROLLBACK")
        except UNAVAILABLE_ERRORS as away:
            raise CommitOutcomeUnknown from away
        if row is None:
            raise CommitLost
        check_stored_row(idempotency, row)


class CommitOutcomeUnknown(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Nobody can say whether the transaction was committed."""


class CommitLost(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The connection was lost, and the transaction with it: the same request may be sent again."""


class RequestInFlight(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another request with the same key is being carried out."""


def _begin_script(
    lock: AdviserLock | None,
    idempotency: IdempotentRequest | None,
    audit_entry: AuditEntry | None,
    *,
    has_real_clock: bool = False,
) -> tuple[str, str]:
    """The script that opens the transaction, and the status it ends with when the lock was got."""
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    if audit_entry is not None:  # the instant is held before anything is waited for
        begin = f"{begin}; SELECT {hold_instant(audit_entry.at)}"
    # The attempt is tried before the adviser is waited for: the second of two equal requests learns at once.
    tried = [f"pg_try_advisory_xact_lock({idempotency.lock_key})"] if idempotency else []
    tried += [is_recent_enough(audit_entry.at)] if audit_entry and has_real_clock else []
    if lock is not None:
        wanted = " AND ".join([f"id = {lock.adviser}", *tried, "anonymised_at IS NULL"])
        return f"{begin}; SELECT 1 FROM adviser WHERE {wanted} FOR NO KEY UPDATE", "SELECT 1"
    if tried:
        return f"{begin}; SELECT 1 WHERE {' AND '.join(tried)}", "SELECT 1"
    return begin, "SELECT 1" if audit_entry else "BEGIN"


async def _commit(connection: AsyncpgConnection, audit_entry: AuditEntry | None, subjects: list[str]) -> None:
    """With the trace it leaves, in one round trip. Raise OutcomeUnknown when the server went away, or fell silent,
    before it said that it had committed; and what it said instead, when it did not."""
    script = f"{audit_entry.insert_statement(subjects)}; COMMIT" if audit_entry else "COMMIT"
    try:
        await connection.execute(script, timeout=COMMIT_SECONDS)
    except UNAVAILABLE_ERRORS as failure:
        if not ends_session(failure):
            raise
        raise CommitOutcomeUnknown from failure


async def _raise_not_opened(
    connection: AsyncpgConnection, lock: AdviserLock | None, timed_entry: AuditEntry | None
) -> None:
    """Say why the opening got no lock."""
    if lock is not None:
        found = await connection.fetchrow(f"SELECT anonymised_at FROM adviser WHERE id = {lock.adviser}")
        if found is None:
            raise NotFound(lock.target)
        if found["anonymised_at"] is not None:
            raise AdviserAnonymised
    if timed_entry is not None and not await connection.fetchval(f"SELECT {is_recent_enough(timed_entry.at)}"):
        raise InstantTooOld
    raise RequestInFlight


def open_database(
    url: str,
    *,
    pool_size: int = POOL_SIZE,
    role: str | None = SERVICE_ROLE,
    secrets: Sequence[str] = (),
    has_real_clock: bool = False,
) -> Database:
    """Open a pool on `postgresql://…`; nothing connects before the first statement. It acts as `role`; None is whoever
    connects, which only the owner's chores have a use for. `secrets`, the values of SECRET_KEY, recognise people.
    `has_real_clock` is for whoever has a real clock."""
    generation = ConnectionGeneration()
    viewers = ConnectionPool(url, min(pool_size, TENANT_POOL_SIZE), TRAINING_ORGANISATION_ROLE, generation=generation)
    aside = ConnectionPool(
        url, LOCAL_COMMIT_POOL_SIZE, role, generation=generation, settings={"synchronous_commit": "local"}
    )
    readiness = ReadinessProbe(ConnectionPool(url, 1, role, generation=generation))
    pool, keyring = ConnectionPool(url, pool_size, role, generation=generation), Keyring(tuple(secrets))
    return Database(pool, viewers, aside, readiness, keyring, has_real_clock=has_real_clock)
