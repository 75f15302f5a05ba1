"""Connections to the database, lent one at a time: only a live one, with no transaction under way."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy.ext.asyncio import create_async_engine

from app.persistence.driver import Driver
from app.persistence.roles import SERVICE

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
WAIT_SECONDS = 2.0


def session_of(role: str | None) -> dict[str, str]:
    """The settings of a session that acts as `role`; as whoever connects when None."""
    return SERVER_SETTINGS | ({"role": role} if role else {})


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection, and what its borrowers leave noted about its session; the notes go when the connection goes."""

    connection: Driver
    notes: dict[Any, Any]


class Pool:
    """At most `size` connections to `postgresql://…`, the one given back last lent first; none before the first need.

    They act as `role`; None is whoever connects, which only tests and chores of the owner have a use for.
    """

    def __init__(self, url: str, size: int, role: str | None = SERVICE) -> None:
        self._engine = create_async_engine(
            driver_url(url),
            isolation_level="AUTOCOMMIT",
            json_deserializer=str,  # JSON stays text: whoever needs it parses it once, into what it needs
            pool_size=size,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_use_lifo=True,
            connect_args={"server_settings": session_of(role), "command_timeout": 10},
        )

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Lent]:
        """Lend a live connection; one that the server closed, or that is left in a transaction, is thrown away."""
        pooled = await self._engine.raw_connection()
        try:
            connection = cast("Driver", pooled.driver_connection)
            if connection.is_closed():
                pooled.invalidate()
                pooled = await self._engine.raw_connection()
                connection = cast("Driver", pooled.driver_connection)
            try:
                yield Lent(connection, pooled.info)
            finally:
                if connection.is_closed() or connection.is_in_transaction():
                    connection.terminate()
                    pooled.invalidate()
        finally:
            pooled.close()


def driver_url(url: str) -> str:
    """The URL with the driver that SQLAlchemy must use."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+asyncpg"))
