"""A wire to PostgreSQL that counts: a round trip is the client speaking, then the server answering."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class Wire:
    def __init__(self) -> None:
        self.round_trips = 0
        self._client_spoke_last = False

    def _spoken(self, *, by_client: bool) -> None:
        if by_client and not self._client_spoke_last:
            self.round_trips += 1
        self._client_spoke_last = by_client

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool) -> None:
        while heard := await reader.read(65_536):
            self._spoken(by_client=from_client)
            writer.write(heard)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def counted(url: str) -> AsyncGenerator[tuple[str, Wire]]:
    """The URL of the same database through a wire, and the wire; for one connection at a time."""
    parts, wire, carried = urlsplit(url), Wire(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        for task in (
            asyncio.create_task(wire.carry(reader, far_writer, from_client=True)),
            asyncio.create_task(wire.carry(far_reader, writer, from_client=False)),
        ):
            carried.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), wire
    finally:
        server.close()
        await asyncio.gather(*carried)
