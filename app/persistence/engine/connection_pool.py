"""Connections to the database, lent one at a time: only a live one, with no transaction under way."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from app.persistence.engine.connection import connect
from app.persistence.engine.database_errors import ends_session
from app.persistence.engine.database_roles import SERVICE_ROLE
from app.persistence.engine.driver_types import AsyncpgConnection

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
COMMAND_SECONDS = 6.0  # the server gives up after five: one that says nothing by then will say nothing more
CLOSE_SECONDS = 1.0
GENERATION_SECONDS = 1.0  # between two signs of loss that count: all that one loss brings about are one sign
_NO_SETTINGS: Mapping[str, str] = {}


def session_settings(role: str | None, name: str = APPLICATION_NAME) -> dict[str, str]:
    """The settings of a session that acts as `role`; as whoever connects when None. It is seen under this name."""
    return SERVER_SETTINGS | {"application_name": name} | ({"role": role} if role else {})


class ConnectionGeneration:
    """The time since the last sign that sessions are being lost; pools of one database share theirs.

    What ended one session may have ended all, or turned their server into a standby: none that was opened in a former
    era is lent again.
    """

    def __init__(self) -> None:
        self.current = 0
        self._started_at = float("-inf")

    def advance(self, generation: int) -> None:
        """End the era in which a lost session was opened, unless another has begun since."""
        now = monotonic()
        if generation == self.current and now - self._started_at >= GENERATION_SECONDS:
            self.current, self._started_at = generation + 1, now


class TimedSemaphore(asyncio.Semaphore):
    """So many at a time. Whoever waits too long for one is told: raise TimeoutError."""

    async def __aenter__(self) -> None:
        if not self.locked():
            await self.acquire()
            return
        async with asyncio.timeout(ACQUIRE_SECONDS):
            await self.acquire()


@dataclass(frozen=True, slots=True)
class PooledConnection:
    """A connection of an era, and what its borrowers leave noted about its session; the notes go when it goes."""

    connection: AsyncpgConnection
    session_state: dict[Any, Any]
    generation: int


class ConnectionPool:
    """At most `size` connections to `postgresql://…`, the one given back last lent first; none before the first need.

    They act as `role`; None is whoever connects, which only tests and chores of the owner have a use for. By hand,
    because every request borrows: the pools of SQLAlchemy and of the driver cost more than the statement of a read
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
        """Close what is free now, and what is lent when it comes back; a server that says nothing has a second."""
        self._closed = True
        free, self._idle = self._idle, []
        await asyncio.gather(*(_close_gracefully(pooled.connection) for pooled in free), *self._close_tasks)

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[PooledConnection]:
        """Lend a live connection; one that the server closed, that is left in a transaction, or on which something was
        given up half-way, is thrown away.

        Raise NotConnected, OSError, and TimeoutError when none comes free in time.
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
        """Throw away what is free and of a former era."""
        self._swept_generation = self._generation.current
        kept = [lent for lent in self._idle if lent.generation == self._swept_generation]
        for pooled in self._idle:
            if pooled.generation != self._swept_generation:
                pooled.connection.terminate()
        self._idle = kept

    def _release_after_error(self, pooled: PooledConnection, error: BaseException) -> None:
        """Throw it away when what stopped its borrower says so: the session failed, or nobody heard its answer."""
        lost = ends_session(error) or ends_session(error.__cause__)
        if lost:
            self._generation.advance(pooled.generation)
        if lost or not isinstance(error, Exception):
            self._discard(pooled.connection)
        else:
            self._release(pooled)

    def _discard(self, connection: AsyncpgConnection) -> None:
        """Without waiting. What runs outside a transaction is cancelled; in one, it is not: it may be a COMMIT that
        waits for a standby, and that would be done without one."""
        if connection.is_closed():
            return
        if connection.is_in_transaction():
            connection.terminate()
            return
        farewell = asyncio.create_task(_close_gracefully(connection))
        self._close_tasks.add(farewell)
        farewell.add_done_callback(self._close_tasks.discard)

    def _release(self, pooled: PooledConnection) -> None:
        if pooled.connection.is_closed():
            return
        if self._closed or pooled.generation != self._generation.current or pooled.connection.is_in_transaction():
            pooled.connection.terminate()
        else:
            self._idle.append(pooled)


async def _close_gracefully(connection: AsyncpgConnection) -> None:
    """The driver has the server cancel what still runs, then closes; it is cut off when that takes too long."""
    with suppress(Exception):
        await connection.close(timeout=CLOSE_SECONDS)
