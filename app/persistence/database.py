"""The pool of connections, and the one way to write: `transaction()`.

SQLAlchemy describes the schema; statements go to asyncpg as they are written, because the hot path
costs half the processor time that way (the README's decisions give the figures).
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from app.domain.errors import AdviserAnonymised, Conflict
from app.domain.policy import Policy
from app.measures import count_decisions
from app.persistence.attempts import FIND, Attempt, ConflictAnswered, check_not_answered, remember_conflict
from app.persistence.driver import Driver, Row
from app.persistence.failures import UNREACHABLE
from app.persistence.keyring import Keyring
from app.persistence.locks import Lock, Missing
from app.persistence.pool import Pool
from app.persistence.roles import SERVICE, TRAINING_ORGANISATION
from app.persistence.traces import Trace, literal
from app.persistence.viewers import Viewer

POOL_SIZE = 16  # per process: while some commits wait for the disk, others decide
VIEWERS = 8  # per process: training organisations read, and read little


class Reader(Protocol):
    """Whatever can be asked: the database at large, or a transaction under way.

    `policies` keeps the versions already read: they never change, and each database has its own.
    """

    @property
    def policies(self) -> dict[str, Policy]: ...

    async def one(self, sql: str, *values: object) -> Row | None: ...

    async def many(self, sql: str, *values: object) -> list[Row]: ...


class Keyed(Reader, Protocol):
    """Whatever can be asked, and has what opens the secrets that rest there."""

    @property
    def keyring(self) -> Keyring: ...


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction under way; `decided` are the decisions it wrote, counted once it is committed; `subjects` is SQL
    for the ids of what it changes, kept by its trace."""

    connection: Driver
    policies: dict[str, Policy]
    decided: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    subjects: list[str] = field(default_factory=list[str])
    keyring: Keyring = field(default_factory=Keyring)

    def concerns(self, *subjects: UUID) -> None:
        """Say what else the transaction is about, beside what it was opened for."""
        self.subjects.extend(literal(subject) for subject in subjects)

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self.connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        return await self.connection.fetch(sql, *values)

    async def run(self, sql: str, *values: object) -> None:
        await self.connection.execute(sql, *values)


class Database:
    """`changed` is set whenever a change was committed, for whoever tells it on; `keyring` opens what is sealed."""

    def __init__(self, pool: Pool, viewers: Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._viewers = viewers
        self.keyring = keyring
        self.policies: dict[str, Policy] = {}
        self.changed = asyncio.Event()

    async def close(self) -> None:
        await self._pool.close()
        await self._viewers.close()

    def seen_by(self, training_organisation: UUID | None) -> Reader:
        """What exists for this training organisation; everything when None."""
        if training_organisation is None:
            return self
        return Viewer(self._viewers, self.policies, training_organisation)

    async def one(self, sql: str, *values: object) -> Row | None:
        """Read at most one row, in a statement of its own."""
        async with self._pool.lend() as lent:
            return await lent.connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        async with self._pool.lend() as lent:
            return await lent.connection.fetch(sql, *values)

    @asynccontextmanager
    async def transaction(
        self, lock: Lock | None = None, attempt: Attempt | None = None, trace: Trace | None = None
    ) -> AsyncGenerator[Transaction, None]:
        """Open a transaction that holds `lock`, commit it when the block ends, undo it when the block raises.

        BEGIN and the lock share a round trip, the trace and COMMIT another. Raises Missing, AdviserAnonymised,
        AttemptInFlight, and whatever the block raises; with an attempt, a conflict is remembered and raised as
        ConflictAnswered, so that a replay repeats it. When the connection is lost at COMMIT: AlreadyAnswered,
        NothingWritten or OutcomeUnknown.
        """
        try:
            async with self._pool.lend() as lent:
                connection = lent.connection
                script, expected = _opening(lock, attempt)
                answered = await connection.execute(script)
                try:
                    if answered != expected:
                        await _explain(connection, lock)
                    subjects = [*lock.subjects] if lock else []
                    opened = Transaction(connection, self.policies, subjects=subjects, keyring=self.keyring)
                    yield opened
                except Conflict as conflict:
                    await connection.execute("ROLLBACK")
                    if attempt is None:
                        raise
                    raise ConflictAnswered(await remember_conflict(connection, attempt, conflict)) from conflict
                except Exception:
                    if not connection.is_closed():
                        await connection.execute("ROLLBACK")
                    raise
                await _commit(connection, trace, opened.subjects)
        except OutcomeUnknown:
            # The lost connection is given back first: when all of them are lost, another must be had.
            if attempt is not None:
                await self._settle(attempt)
            raise
        if trace is not None:  # as every change of a use case has one
            self.changed.set()
        count_decisions(opened.decided)

    async def _settle(self, attempt: Attempt) -> None:
        """The stored answer is the witness: raise AlreadyAnswered when it is there, NothingWritten when it is not.

        The attempt's lock is waited for, because the lost session may still be committing. Raise OutcomeUnknown when
        the database can't be asked.
        """
        try:
            async with self._pool.lend() as lent:
                connection = lent.connection
                await connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({attempt.number})")
                row = await connection.fetchrow(FIND, attempt.client_id, attempt.key)
                await connection.execute("ROLLBACK")
        except UNREACHABLE as away:
            raise OutcomeUnknown from away
        if row is None:
            raise NothingWritten
        check_not_answered(attempt, row)


class OutcomeUnknown(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Nobody can say whether the transaction was committed."""


class NothingWritten(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The connection was lost, and the transaction with it: the same request may be sent again."""


class AttemptInFlight(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another request with the same key is being carried out."""


def _opening(lock: Lock | None, attempt: Attempt | None) -> tuple[str, str]:
    """The script that opens the transaction, and the status it ends with when the lock was got."""
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    # The attempt is tried before the adviser is waited for: the second of two equal requests learns at once.
    tried = f"pg_try_advisory_xact_lock({attempt.number})" if attempt else "true"
    if lock is not None:
        changing = f"SELECT 1 FROM adviser WHERE id = {lock.adviser} AND {tried} AND anonymised_at IS NULL"
        return f"{begin}; {changing} FOR NO KEY UPDATE", "SELECT 1"
    return (f"{begin}; SELECT 1 WHERE {tried}", "SELECT 1") if attempt else (begin, "BEGIN")


async def _commit(connection: Driver, trace: Trace | None, subjects: list[str]) -> None:
    """With the trace it leaves, in one round trip. Raise OutcomeUnknown when the server went away before it said that
    it had committed."""
    script = f"{trace.insertion(subjects)}; COMMIT" if trace else "COMMIT"
    try:
        await connection.execute(script)
    except UNREACHABLE as lost:
        raise OutcomeUnknown from lost


async def _explain(connection: Driver, lock: Lock | None) -> None:
    """Say why the opening got no lock."""
    if lock is not None:
        found = await connection.fetchrow(f"SELECT anonymised_at FROM adviser WHERE id = {lock.adviser}")
        if found is None:
            raise Missing(lock.target)
        if found["anonymised_at"] is not None:
            raise AdviserAnonymised
    raise AttemptInFlight


def open_database(
    url: str, *, pool_size: int = POOL_SIZE, role: str | None = SERVICE, secrets: Sequence[str] = ()
) -> Database:
    """Open a pool on `postgresql://…`; nothing connects before the first statement. It acts as `role`; None is whoever
    connects, which only the owner's chores have a use for. `secrets`, the values of SECRET_KEY, recognise people."""
    viewers = Pool(url, min(pool_size, VIEWERS), TRAINING_ORGANISATION)
    return Database(Pool(url, pool_size, role), viewers, Keyring(tuple(secrets)))
