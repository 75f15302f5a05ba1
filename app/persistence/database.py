"""The pool of connections, and the one way to write: `transaction()`.

SQLAlchemy describes the schema and keeps the pool; statements go to asyncpg as they are written, because the hot path
costs half the processor time that way (the README's decisions give the figures).
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.domain.errors import Conflict
from app.domain.policy import Policy
from app.persistence.attempts import Attempt, ConflictAnswered, remember_conflict
from app.persistence.driver import Driver, Row
from app.persistence.locks import Lock, Missing

SERVER_SETTINGS = {
    "application_name": "registrations",
    "timezone": "UTC",
    "lock_timeout": "3s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    # Every statement finds its rows by key: planning it anew at each call would cost more than running it.
    "plan_cache_mode": "force_generic_plan",
    # Each statement is small: compiling it to machine code costs more than running it.
    "jit": "off",
}
POOL_SIZE = 16  # per process: while some commits wait for the disk, others decide
POOL_WAIT_SECONDS = 2.0


class Reader(Protocol):
    """Whatever can be asked: the database at large, or a transaction under way.

    `policies` keeps the versions already read: they never change, and each database has its own.
    """

    @property
    def policies(self) -> dict[str, Policy]: ...

    async def one(self, sql: str, *values: object) -> Row | None: ...

    async def many(self, sql: str, *values: object) -> list[Row]: ...


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction under way."""

    connection: Driver
    policies: dict[str, Policy]

    async def one(self, sql: str, *values: object) -> Row | None:
        return await self.connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        return await self.connection.fetch(sql, *values)

    async def run(self, sql: str, *values: object) -> None:
        await self.connection.execute(sql, *values)


class Database:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.policies: dict[str, Policy] = {}

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Driver]:
        """Lend a live connection; one that the server closed, or that is left in a transaction, is thrown away."""
        pooled = await self._engine.raw_connection()
        try:
            connection = cast("Driver", pooled.driver_connection)
            if connection.is_closed():
                pooled.invalidate()
                pooled = await self._engine.raw_connection()
                connection = cast("Driver", pooled.driver_connection)
            try:
                yield connection
            finally:
                if connection.is_closed() or connection.is_in_transaction():
                    connection.terminate()
                    pooled.invalidate()
        finally:
            pooled.close()

    async def one(self, sql: str, *values: object) -> Row | None:
        """Read at most one row, in a statement of its own."""
        async with self._connection() as connection:
            return await connection.fetchrow(sql, *values)

    async def many(self, sql: str, *values: object) -> list[Row]:
        async with self._connection() as connection:
            return await connection.fetch(sql, *values)

    @asynccontextmanager
    async def transaction(
        self, lock: Lock | None = None, attempt: Attempt | None = None
    ) -> AsyncGenerator[Transaction, None]:
        """Open a transaction that holds `lock`, commit it when the block ends, undo it when the block raises.

        BEGIN and the lock share a round trip. Raises Missing, AttemptInFlight, and whatever the block raises; with an
        attempt, a conflict is remembered and raised as ConflictAnswered, so that a replay repeats it.
        """
        async with self._connection() as connection:
            script, expected = _opening(lock, attempt)
            opened = await connection.execute(script)
            try:
                if opened != expected:
                    await _explain(connection, lock)
                yield Transaction(connection, self.policies)
            except Conflict as conflict:
                await connection.execute("ROLLBACK")
                if attempt is None:
                    raise
                raise ConflictAnswered(await remember_conflict(connection, attempt, conflict)) from conflict
            except Exception:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")


class AttemptInFlight(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """Another request with the same key is being carried out."""


def _opening(lock: Lock | None, attempt: Attempt | None) -> tuple[str, str]:
    """The script that opens the transaction, and the status it ends with when the lock was got."""
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    # The attempt is tried before the adviser is waited for: the second of two equal requests learns at once.
    tried = f"pg_try_advisory_xact_lock({attempt.number})" if attempt else "true"
    if lock is not None:
        return f"{begin}; SELECT 1 FROM adviser WHERE id = {lock.adviser} AND {tried} FOR NO KEY UPDATE", "SELECT 1"
    return (f"{begin}; SELECT 1 WHERE {tried}", "SELECT 1") if attempt else (begin, "BEGIN")


async def _explain(connection: Driver, lock: Lock | None) -> None:
    """Say why the opening got no lock."""
    if lock is not None and not await connection.fetchval(f"SELECT true FROM adviser WHERE id = {lock.adviser}"):
        raise Missing(lock.target)
    raise AttemptInFlight


def driver_url(url: str) -> str:
    """The URL with the driver that SQLAlchemy must use."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+asyncpg"))


def open_database(url: str, *, pool_size: int = POOL_SIZE) -> Database:
    """Open a pool on `postgresql://…`; nothing connects before the first statement."""
    engine = create_async_engine(
        driver_url(url),
        isolation_level="AUTOCOMMIT",
        json_deserializer=str,  # JSON stays text: whoever needs it parses it once, into what it needs
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        connect_args={"server_settings": SERVER_SETTINGS, "command_timeout": 10},
    )
    return Database(engine)
