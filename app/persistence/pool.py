"""Connections to the database, lent one at a time: only a live one, with no transaction under way."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from app.persistence.connecting import connect
from app.persistence.driver import Driver
from app.persistence.failures import ends_session
from app.persistence.roles import SERVICE

NAME = "registrations"
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
WAIT_SECONDS = 2.0
COMMAND_SECONDS = 6.0  # the server gives up after five: one that says nothing by then will say nothing more
FAREWELL_SECONDS = 1.0
APART_SECONDS = 1.0  # between two signs of loss that count: all that one loss brings about are one sign
_NO_SETTINGS: Mapping[str, str] = {}


def session_of(role: str | None, name: str = NAME) -> dict[str, str]:
    """The settings of a session that acts as `role`; as whoever connects when None. It is seen under this name."""
    return SERVER_SETTINGS | {"application_name": name} | ({"role": role} if role else {})


class Era:
    """The time since the last sign that sessions are being lost; pools of one database share theirs.

    What ended one session may have ended all, or turned their server into a standby: none that was opened in a former
    era is lent again.
    """

    def __init__(self) -> None:
        self.number = 0
        self._begun = float("-inf")

    def end(self, era: int) -> None:
        """End the era in which a lost session was opened, unless another has begun since."""
        now = monotonic()
        if era == self.number and now - self._begun >= APART_SECONDS:
            self.number, self._begun = era + 1, now


class Places(asyncio.Semaphore):
    """So many at a time. Whoever waits too long for one is told: raise TimeoutError."""

    async def __aenter__(self) -> None:
        if not self.locked():
            await self.acquire()
            return
        async with asyncio.timeout(WAIT_SECONDS):
            await self.acquire()


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection of an era, and what its borrowers leave noted about its session; the notes go when it goes."""

    connection: Driver
    notes: dict[Any, Any]
    era: int


class Pool:
    """At most `size` connections to `postgresql://…`, the one given back last lent first; none before the first need.

    They act as `role`; None is whoever connects, which only tests and chores of the owner have a use for. By hand,
    because every request borrows: the pools of SQLAlchemy and of the driver cost more than the statement of a read
    (docs/decisions/sql-as-text.md gives the figures).
    """

    def __init__(
        self,
        url: str,
        size: int,
        role: str | None = SERVICE,
        name: str = NAME,
        *,
        era: Era | None = None,
        settings: Mapping[str, str] = _NO_SETTINGS,
    ) -> None:
        self._url = url
        self._session = {**session_of(role, name), **settings}
        self._places = Places(size)
        self._free: list[Lent] = []
        self._closed = False
        self._era = era or Era()
        self._swept = 0
        self._farewells = set[asyncio.Task[None]]()

    async def close(self) -> None:
        """Close what is free now, and what is lent when it comes back; a server that says nothing has a second."""
        self._closed = True
        free, self._free = self._free, []
        await asyncio.gather(*(_say_farewell(lent.connection) for lent in free), *self._farewells)

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Lent]:
        """Lend a live connection; one that the server closed, that is left in a transaction, or on which something was
        given up half-way, is thrown away.

        Raise NotConnected, OSError, and TimeoutError when none comes free in time.
        """
        async with self._places:
            lent = await self._live()
            try:
                yield lent
            except BaseException as stopped:
                self._take_back_from(lent, stopped)
                raise
            self._take_back(lent)

    async def _live(self) -> Lent:
        if self._swept != self._era.number:
            self._sweep()
        while self._free:
            lent = self._free.pop()
            if not lent.connection.is_closed():
                return lent
        era = self._era.number
        return Lent(await connect(self._url, self._session, COMMAND_SECONDS), {}, era)

    def _sweep(self) -> None:
        """Throw away what is free and of a former era."""
        self._swept = self._era.number
        kept = [lent for lent in self._free if lent.era == self._swept]
        for lent in self._free:
            if lent.era != self._swept:
                lent.connection.terminate()
        self._free = kept

    def _take_back_from(self, lent: Lent, stopped: BaseException) -> None:
        """Throw it away when what stopped its borrower says so: the session failed, or nobody heard its answer."""
        lost = ends_session(stopped) or ends_session(stopped.__cause__)
        if lost:
            self._era.end(lent.era)
        if lost or not isinstance(stopped, Exception):
            self._throw_away(lent.connection)
        else:
            self._take_back(lent)

    def _throw_away(self, connection: Driver) -> None:
        """Without waiting. What runs outside a transaction is cancelled; in one, it is not: it may be a COMMIT that
        waits for a standby, and that would be done without one."""
        if connection.is_closed():
            return
        if connection.is_in_transaction():
            connection.terminate()
            return
        farewell = asyncio.create_task(_say_farewell(connection))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    def _take_back(self, lent: Lent) -> None:
        if lent.connection.is_closed():
            return
        if self._closed or lent.era != self._era.number or lent.connection.is_in_transaction():
            lent.connection.terminate()
        else:
            self._free.append(lent)


async def _say_farewell(connection: Driver) -> None:
    """The driver has the server cancel what still runs, then closes; it is cut off when that takes too long."""
    with suppress(Exception):
        await connection.close(timeout=FAREWELL_SECONDS)
