"""The databases of the suite: copies of templates, on one server for each process that runs tests."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

import asyncpg

from app.embedded.cluster import Cluster


class Databases:
    """Makes copies and drops them over one connection that stays open, since opening one costs as much as a copy.

    Its methods block for some 30 ms, and may be called inside or outside of any event loop.
    """

    def __init__(self, cluster: Cluster, loop: asyncio.AbstractEventLoop) -> None:
        self._cluster, self._loop, self._numbers = cluster, loop, count(1)
        self._connection: asyncpg.Connection | None = None

    def copy(self, template: str) -> str:
        """The URL of a new copy of the database of this name, to which nobody may be connected."""
        name = f"copy_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")  # our own names
        return self._cluster.url(name)

    def drop(self, url: str) -> None:
        self._run(f"DROP DATABASE {name_of(url)} WITH (force)")

    def _run(self, command: str) -> None:
        asyncio.run_coroutine_threadsafe(self._execute(command), self._loop).result()

    async def _execute(self, command: str) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._cluster.url("postgres"))
        await self._connection.execute(command)

    def close(self) -> None:
        if self._connection is not None:
            asyncio.run_coroutine_threadsafe(self._connection.close(), self._loop).result()


def name_of(url: str) -> str:
    """The name of the database."""
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def running_databases(cluster: Cluster) -> Generator[Databases]:
    """With a thread whose event loop has the connection."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    databases = Databases(cluster, loop)
    try:
        yield databases
    finally:
        databases.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
