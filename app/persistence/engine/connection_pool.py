"""The connection pool: each connection that it lends is live, and in no transaction."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from app.persistence.engine.connection import connect
from app.persistence.engine.database_errors import ends_session
from app.persistence.engine.driver_types import AsyncpgConnection

# The roles that connections act as; migration 0002 makes them and says what each may do.
SERVICE_ROLE = "registrations_service"
TRAINING_ORGANISATION_ROLE = "registrations_training_organisation"

APPLICATION_NAME = "registrations"
SERVER_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": "3s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    # Every statement finds its rows by key: planning it anew at each call would cost more than running it.
    "plan_cache_mode": "force_generic_plan",
    # Each statement is small: compiling it to machine code costs more than running it.
    "jit": "off",
}
ACQUIRE_SECONDS = 2.0
COMMAND_SECONDS = 6.0  # the server gives up after five; after that it is taken for gone
CLOSE_SECONDS = 1.0
GENERATION_SECONDS = 1.0  # one failure loses many sessions: those lost within this time advance the generation once
_NO_SETTINGS: Mapping[str, str] = {}


def session_settings(role: str | None, name: str = APPLICATION_NAME) -> dict[str, str]:
    """The settings of a session that acts as `role`, the role of the URL when None, under this application name."""
    return SERVER_SETTINGS | {"application_name": name} | ({"role": role} if role else {})


class ConnectionGeneration:
    """Counts the losses of sessions; the pools of one database share one.

    What ended one session may have ended all, or turned their server into a standby: a connection of a former
    generation is never lent again.
    """

    def __init__(self) -> None:
        self.current = 0
        self._started_at = float("-inf")

    def advance(self, generation: int) -> None:
        """End the generation in which a lost session was opened, unless it has ended already."""
        now = monotonic()
        if generation == self.current and now - self._started_at >= GENERATION_SECONDS:
            self.current, self._started_at = generation + 1, now


class TimedSemaphore(asyncio.Semaphore):
    """A semaphore that is waited for at most ACQUIRE_SECONDS: raise TimeoutError."""

    async def __aenter__(self) -> None:
        if not self.locked():
            await self.acquire()
            return
        async with asyncio.timeout(ACQUIRE_SECONDS):
            await self.acquire()


@dataclass(frozen=True, slots=True)
class PooledConnection:
    """A connection, the state of its session as its borrowers note it, and the generation it was opened in."""

    connection: AsyncpgConnection
    session_state: dict[Any, Any]
    generation: int


class ConnectionPool:
    """At most `size` connections to `postgresql://…`, opened when needed; the one released last is lent first.

    They act as `role`; None is the role of the URL, for tests and maintenance by the owner. Written here, because
    every request borrows one: the pools of SQLAlchemy and of the driver cost more than the statement of a read
    (docs/decisions/sql-as-text.md gives the figures).
    """

    def __init__(
        self,
        url: str,
        size: int,
        role: str | None = SERVICE_ROLE,
        name: str = APPLICATION_NAME,
        *,
        generation: ConnectionGeneration | None = None,
        settings: Mapping[str, str] = _NO_SETTINGS,
    ) -> None:
        self._url = url
        self._session = {**session_settings(role, name), **settings}
        self._semaphore = TimedSemaphore(size)
        self._idle: list[PooledConnection] = []
        self._closed = False
        self._generation = generation or ConnectionGeneration()
        self._swept_generation = 0
        self._close_tasks = set[asyncio.Task[None]]()

    async def close(self) -> None:
        """Close the idle connections now, each lent one when it is released. Wait for the server a second at most."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_close_gracefully(pooled.connection) for pooled in idle), *self._close_tasks)

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[PooledConnection]:
        """Lend a live connection. One that the server closed, that is left in a transaction, or whose statement was
        cancelled half-way, is discarded.

        Raise SessionRefused, OSError, and TimeoutError when none comes free in time.
        """
        async with self._semaphore:
            pooled = await self._live_connection()
            try:
                yield pooled
            except BaseException as stopped:
                self._release_after_error(pooled, stopped)
                raise
            self._release(pooled)

    async def _live_connection(self) -> PooledConnection:
        if self._swept_generation != self._generation.current:
            self._discard_former_generations()
        while self._idle:
            pooled = self._idle.pop()
            if not pooled.connection.is_closed():
                return pooled
        generation = self._generation.current
        return PooledConnection(await connect(self._url, self._session, COMMAND_SECONDS), {}, generation)

    def _discard_former_generations(self) -> None:
        """Discard the idle connections of former generations."""
        self._swept_generation = self._generation.current
        kept = [pooled for pooled in self._idle if pooled.generation == self._swept_generation]
        for pooled in self._idle:
            if pooled.generation != self._swept_generation:
                pooled.connection.terminate()
        self._idle = kept

    def _release_after_error(self, pooled: PooledConnection, error: BaseException) -> None:
        """Discard it when the error ends its session, or is a cancellation: its answer is still to come."""
        lost = ends_session(error) or ends_session(error.__cause__)
        if lost:
            self._generation.advance(pooled.generation)
        if lost or not isinstance(error, Exception):
            self._discard(pooled.connection)
        else:
            self._release(pooled)

    def _discard(self, connection: AsyncpgConnection) -> None:
        """Close without waiting. A statement outside a transaction is cancelled; one inside is not: it may be a COMMIT
        that waits for a standby, which a cancel would end without the standby's confirmation."""
        if connection.is_closed():
            return
        if connection.is_in_transaction():
            connection.terminate()
            return
        closing = asyncio.create_task(_close_gracefully(connection))
        self._close_tasks.add(closing)
        closing.add_done_callback(self._close_tasks.discard)

    def _release(self, pooled: PooledConnection) -> None:
        if pooled.connection.is_closed():
            return
        if self._closed or pooled.generation != self._generation.current or pooled.connection.is_in_transaction():
            pooled.connection.terminate()
        else:
            self._idle.append(pooled)


async def _close_gracefully(connection: AsyncpgConnection) -> None:
    """Close within CLOSE_SECONDS; the driver has the server cancel what still runs."""
    with suppress(Exception):
        await connection.close(timeout=CLOSE_SECONDS)
