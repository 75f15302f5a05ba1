"""Real faults of a database: each starts when its block does, and is over when it ends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from app.embedded.cluster import Cluster
from app.persistence.engine.database import Database, open_database

READY = b"Z\0\0\0\5I"  # what the server ends each answer with
TABLES = """SELECT format('%I', relname) AS name FROM pg_class WHERE relkind = 'r'
AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"""


def _shutdown_message() -> bytes:
    """An idle session is told that it ends; its connection stays open for a moment longer."""
    fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
    return b"E" + (len(fields) + 4).to_bytes(4) + fields


@dataclass(frozen=True, slots=True)
class FaultyDatabase:
    """`url` is for those that suffer the fault; `owner` is a connection, opened before, that does not."""

    cluster: Cluster
    url: str
    owner: Database
    proxy: "ShutdownProxy"

    @property
    def name(self) -> str:
        return urlsplit(self.url).path.removeprefix("/")


class ShutdownProxy:
    """A proxy that forwards both ways, and can send the shutdown message to sessions that are idle."""

    def __init__(self) -> None:
        self._announces_shutdown = False
        self._writers = set[asyncio.StreamWriter]()
        self._idle = set[asyncio.StreamWriter]()

    def announce_shutdown(self) -> None:
        """To those that are idle now, and to those that become idle."""
        self._announces_shutdown = True
        for writer in self._idle:
            writer.write(_shutdown_message())

    def recover(self) -> None:
        self._announces_shutdown = False
        for writer in self._writers:
            writer.close()

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_client: bool) -> None:
        self._writers.add(writer)
        try:
            while heard := await reader.read(65_536):
                ready = to_client and heard.endswith(READY)
                writer.write(heard + (_shutdown_message() if ready and self._announces_shutdown else b""))
                (self._idle.add if ready else self._idle.discard)(writer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            self._idle.discard(writer)
            writer.close()


@asynccontextmanager
async def running_faulty_database(cluster: Cluster, url: str) -> AsyncGenerator[FaultyDatabase]:
    parts, proxy, carried = urlsplit(url), ShutdownProxy(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        carried.add(asyncio.create_task(proxy.forward(reader, far_writer, to_client=False)))
        carried.add(asyncio.create_task(proxy.forward(far_reader, writer, to_client=True)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"))
    owner = open_database(url, pool_size=4, role=None)
    try:
        yield FaultyDatabase(cluster, through, owner, proxy)
    finally:
        await owner.close()
        server.close()
        await asyncio.gather(*carried)


@asynccontextmanager
async def _maintenance_connection(target: FaultyDatabase) -> AsyncGenerator[Database]:
    maintenance = open_database(target.cluster.url("postgres"), pool_size=1, role=None)
    try:
        yield maintenance
    finally:
        await maintenance.close()


async def end_sessions(target: FaultyDatabase) -> None:
    """End all sessions of the database, as a planned failover does."""
    async with _maintenance_connection(target) as maintenance:
        await maintenance.many(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", target.name
        )


async def _execute(target: FaultyDatabase, *commands: str) -> None:
    async with _maintenance_connection(target) as maintenance:
        for command in commands:
            await maintenance.one(command)


@asynccontextmanager
async def sessions_ended(target: FaultyDatabase) -> AsyncGenerator[None]:
    """End them, and accept no new one for a while."""
    await _execute(target, f"ALTER DATABASE {target.name} ALLOW_CONNECTIONS false")
    await end_sessions(target)
    yield
    await _execute(target, f"ALTER DATABASE {target.name} ALLOW_CONNECTIONS true")


@asynccontextmanager
async def driver_broken(target: FaultyDatabase) -> AsyncGenerator[None]:
    """Send shutdown messages that no statement waited for: asyncpg raises InternalClientError."""
    target.proxy.announce_shutdown()
    yield
    target.proxy.recover()


@asynccontextmanager
async def read_only(target: FaultyDatabase) -> AsyncGenerator[None]:
    """As a standby is; the sessions end once more when it becomes the primary."""
    await _execute(target, f"ALTER DATABASE {target.name} SET default_transaction_read_only = on")
    await end_sessions(target)
    yield
    await _execute(target, f"ALTER DATABASE {target.name} RESET default_transaction_read_only")
    await end_sessions(target)


def _writes_fail_with(code: str) -> Callable[[FaultyDatabase], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def refusing(target: FaultyDatabase) -> AsyncGenerator[None]:
        await target.owner.one(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE 'no room is left' USING ERRCODE = '{code}'; END $$"
        )
        for table in await target.owner.many(TABLES):
            await target.owner.one(
                f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON {table['name']} EXECUTE FUNCTION refuse()"
            )
        yield
        for table in await target.owner.many(TABLES):  # one lock at a time: all at once may deadlock with a worker
            await target.owner.one(f"DROP TRIGGER refuse ON {table['name']}")
        await target.owner.one("DROP FUNCTION refuse()")

    return refusing


@asynccontextmanager
async def schema_gone(target: FaultyDatabase) -> AsyncGenerator[None]:
    """Every table is in another schema for a while, so that no plan is valid."""
    tables = [table["name"] for table in await target.owner.many(TABLES)]
    await target.owner.one("CREATE SCHEMA elsewhere")
    for table in tables:
        await target.owner.one(f"ALTER TABLE {table} SET SCHEMA elsewhere")
    yield
    for table in tables:
        await target.owner.one(f"ALTER TABLE elsewhere.{table} SET SCHEMA public")


@asynccontextmanager
async def plans_outdated(target: FaultyDatabase) -> AsyncGenerator[None]:
    """Every table gets one more column: plans prepared before are invalid."""
    for table in await target.owner.many(TABLES):
        await target.owner.one(f"ALTER TABLE {table['name']} ADD COLUMN added_since integer")
    yield


DATABASE_FAULTS: dict[str, Callable[[FaultyDatabase], AbstractAsyncContextManager[None]]] = {
    "sessions ended": sessions_ended,
    "driver broken": driver_broken,
    "read-only": read_only,
    "disk full": _writes_fail_with("53100"),
    "out of memory": _writes_fail_with("53200"),
    "schema gone": schema_gone,
    "plans outdated": plans_outdated,
}
