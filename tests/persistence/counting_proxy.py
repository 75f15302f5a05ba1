"""A wire to PostgreSQL that counts: a round trip is the client speaking, then the server answering."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class CountingProxy:
    def __init__(self) -> None:
        self.round_trips = 0
        self._client_spoke_last = False

    def _count(self, *, by_client: bool) -> None:
        if by_client and not self._client_spoke_last:
            self.round_trips += 1
        self._client_spoke_last = by_client

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool) -> None:
        while heard := await reader.read(65_536):
            self._count(by_client=from_client)
            writer.write(heard)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def through_counting_proxy(url: str) -> AsyncGenerator[tuple[str, CountingProxy]]:
    """The URL of the same database through a wire, and the wire; for one connection at a time."""
    parts, proxy, carried = urlsplit(url), CountingProxy(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        for task in (
            asyncio.create_task(proxy.forward(reader, far_writer, from_client=True)),
            asyncio.create_task(proxy.forward(far_reader, writer, from_client=False)),
        ):
            carried.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), proxy
    finally:
        server.close()
        await asyncio.gather(*carried)
