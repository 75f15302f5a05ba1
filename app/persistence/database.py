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
from app.domain.policy import Policy
from app.measures import count_decisions
from app.persistence.attempts import FIND, Attempt, ConflictAnswered, check_not_answered, remember_conflict
from app.persistence.driver import Driver, Row
from app.persistence.failures import UNREACHABLE, TooLate, ends_session
from app.persistence.keyring import Keyring
from app.persistence.locks import Lock, Missing
from app.persistence.pool import Era, Places, Pool
from app.persistence.readiness import Readiness
from app.persistence.roles import SERVICE, TRAINING_ORGANISATION
from app.persistence.traces import Trace, literal
from app.persistence.viewers import Viewer
from app.persistence.watermark import hold, is_in_time

POOL_SIZE = 20  # per process
WRITERS = 16  # of these: while some commits wait for the disk, others decide; the rest is left to those who read
VIEWERS = 8  # per process: training organisations read, and read little
ASIDE = 2  # per process: what readers did is noted there
COMMIT_SECONDS = 5.0  # and no longer: what became of it is then asked in what is left of the request's time


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
    """`changed` is set whenever a change was committed, for whoever tells it on; what is committed on `aside` waits for
    no standby. `keyring` opens what is sealed. `is_timed` says that instants come from a real clock, so that one which
    has become too old can be refused."""

    def __init__(
        self, pool: Pool, viewers: Pool, aside: Pool, readiness: Readiness, keyring: Keyring, *, is_timed: bool = False
    ) -> None:
        self.is_timed = is_timed
        self._pool = pool
        self._writers = Places(WRITERS)  # commits that wait for a standby take no connection from reads
        self._viewers = viewers
        self.aside = aside
        self.readiness = readiness
        self.keyring = keyring
        self.policies: dict[str, Policy] = {}
        self.changed = asyncio.Event()

    async def close(self) -> None:
        await asyncio.gather(*(pool.close() for pool in (self._pool, self._viewers, self.aside)))
        await self.readiness.close()

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

        BEGIN, the trace's instant and the lock share a round trip, the trace and COMMIT another. Raises Missing,
        AdviserAnonymised, TooLate, AttemptInFlight, and whatever the block raises; with an attempt, a conflict is
        remembered and raised as ConflictAnswered, so that a replay repeats it. When the connection is lost at COMMIT:
        AlreadyAnswered, NothingWritten or OutcomeUnknown; NotReady until commits are heard of again.
        """
        await self.readiness.check()
        try:
            async with self._writers, self._pool.lend() as lent:
                await self.readiness.check()  # again: commits may have come into doubt while this one waited its turn
                connection = lent.connection
                script, expected = _opening(lock, attempt, trace, is_timed=self.is_timed)
                answered = await connection.execute(script)
                try:
                    if answered != expected:
                        await _explain(connection, lock, trace if self.is_timed else None)
                    subjects = [*lock.subjects] if lock else []
                    opened = Transaction(connection, self.policies, subjects=subjects, keyring=self.keyring)
                    yield opened
                except Conflict as conflict:
                    await connection.execute("ROLLBACK")
                    if attempt is None:
                        raise
                    raise ConflictAnswered(await remember_conflict(connection, attempt, conflict)) from conflict
                except Exception as failure:
                    if not (connection.is_closed() or ends_session(failure)):
                        await connection.execute("ROLLBACK")
                    raise
                await _commit(connection, trace, opened.subjects)
        except OutcomeUnknown:
            self.readiness.doubt()
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


def _opening(
    lock: Lock | None, attempt: Attempt | None, trace: Trace | None, *, is_timed: bool = False
) -> tuple[str, str]:
    """The script that opens the transaction, and the status it ends with when the lock was got."""
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    if trace is not None:  # the instant is held before anything is waited for
        begin = f"{begin}; SELECT {hold(trace.at)}"
    # The attempt is tried before the adviser is waited for: the second of two equal requests learns at once.
    tried = [f"pg_try_advisory_xact_lock({attempt.number})"] if attempt else []
    tried += [is_in_time(trace.at)] if trace and is_timed else []
    if lock is not None:
        wanted = " AND ".join([f"id = {lock.adviser}", *tried, "anonymised_at IS NULL"])
        return f"{begin}; SELECT 1 FROM adviser WHERE {wanted} FOR NO KEY UPDATE", "SELECT 1"
    if tried:
        return f"{begin}; SELECT 1 WHERE {' AND '.join(tried)}", "SELECT 1"
    return begin, "SELECT 1" if trace else "BEGIN"


async def _commit(connection: Driver, trace: Trace | None, subjects: list[str]) -> None:
    """With the trace it leaves, in one round trip. Raise OutcomeUnknown when the server went away, or fell silent,
    before it said that it had committed; and what it said instead, when it did not."""
    script = f"{trace.insertion(subjects)}; COMMIT" if trace else "COMMIT"
    try:
        await connection.execute(script, timeout=COMMIT_SECONDS)
    except UNREACHABLE as failure:
        if not ends_session(failure):
            raise
        raise OutcomeUnknown from failure


async def _explain(connection: Driver, lock: Lock | None, timed: Trace | None) -> None:
    """Say why the opening got no lock."""
    if lock is not None:
        found = await connection.fetchrow(f"SELECT anonymised_at FROM adviser WHERE id = {lock.adviser}")
        if found is None:
            raise Missing(lock.target)
        if found["anonymised_at"] is not None:
            raise AdviserAnonymised
    if timed is not None and not await connection.fetchval(f"SELECT {is_in_time(timed.at)}"):
        raise TooLate
    raise AttemptInFlight


def open_database(
    url: str,
    *,
    pool_size: int = POOL_SIZE,
    role: str | None = SERVICE,
    secrets: Sequence[str] = (),
    is_timed: bool = False,
) -> Database:
    """Open a pool on `postgresql://…`; nothing connects before the first statement. It acts as `role`; None is whoever
    connects, which only the owner's chores have a use for. `secrets`, the values of SECRET_KEY, recognise people.
    `is_timed` is for whoever has a real clock."""
    era = Era()
    viewers = Pool(url, min(pool_size, VIEWERS), TRAINING_ORGANISATION, era=era)
    aside = Pool(url, ASIDE, role, era=era, settings={"synchronous_commit": "local"})
    readiness = Readiness(Pool(url, 1, role, era=era))
    pool, keyring = Pool(url, pool_size, role, era=era), Keyring(tuple(secrets))
    return Database(pool, viewers, aside, readiness, keyring, is_timed=is_timed)
