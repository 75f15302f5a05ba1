"""A proxy to the service that loses the first response: the request has arrived, its response never will."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while heard := await reader.read(65_536):
        writer.write(heard)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def first_answer_lost(base_url: str) -> AsyncGenerator[str]:
    """The URL of the proxy."""
    parts, answered = urlsplit(base_url), asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        asking = asyncio.create_task(_forward(reader, far_writer))
        if answered.is_set():
            await asyncio.gather(asking, _forward(far_reader, writer))
            return
        await far_reader.read(1)
        answered.set()
        for end in (writer, far_writer):
            end.close()
        await asyncio.gather(asking, return_exceptions=True)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert answered.is_set()
    finally:
        server.close()
