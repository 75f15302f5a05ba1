"""Connections to the database, lent one at a time: only a live one, with no transaction under way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from asyncpg import PostgresError, connect

from app.persistence.driver import Driver
from app.persistence.failures import NotConnected
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
COMMAND_SECONDS = 10.0


def session_of(role: str | None, name: str = NAME) -> dict[str, str]:
    """The settings of a session that acts as `role`; as whoever connects when None. It is seen under this name."""
    return SERVER_SETTINGS | {"application_name": name} | ({"role": role} if role else {})


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection, and what its borrowers leave noted about its session; the notes go when the connection goes."""

    connection: Driver
    notes: dict[Any, Any]


class Pool:
    """At most `size` connections to `postgresql://…`, the one given back last lent first; none before the first need.

    They act as `role`; None is whoever connects, which only tests and chores of the owner have a use for. By hand,
    because every request borrows: the pools of SQLAlchemy and of the driver cost more than the statement of a read (the
    README's decisions give the figures).
    """

    def __init__(self, url: str, size: int, role: str | None = SERVICE, name: str = NAME) -> None:
        self._url = url
        self._session = session_of(role, name)
        self._places = asyncio.Semaphore(size)
        self._free: list[Lent] = []
        self._closed = False

    async def close(self) -> None:
        """Close what is free now, and what is lent when it comes back."""
        self._closed = True
        while self._free:
            await self._free.pop().connection.close()

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Lent]:
        """Lend a live connection; one that the server closed, or that is left in a transaction, is thrown away.

        Raise NotConnected, OSError, and TimeoutError when none comes free in time.
        """
        if self._places.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            lent = await self._live()
            try:
                yield lent
            finally:
                self._take_back(lent)
        finally:
            self._places.release()

    async def _live(self) -> Lent:
        while self._free:
            lent = self._free.pop()
            if not lent.connection.is_closed():
                return lent
        try:
            connection = await connect(self._url, server_settings=self._session, command_timeout=COMMAND_SECONDS)
        except PostgresError as refused:
            raise NotConnected from refused
        return Lent(cast("Driver", connection), {})

    def _take_back(self, lent: Lent) -> None:
        if lent.connection.is_closed():
            return
        if self._closed or lent.connection.is_in_transaction():
            lent.connection.terminate()
        else:
            self._free.append(lent)


def driver_url(url: str) -> str:
    """The URL as SQLAlchemy wants it, for migrations."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+asyncpg"))
