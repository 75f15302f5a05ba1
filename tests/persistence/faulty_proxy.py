"""A wire to PostgreSQL with somebody in between: who drops what a session asks for, freezes, or talks nonsense."""

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

MESSAGE_HEADER = struct.Struct("!ii")
PROTOCOL_VERSION = 3 << 16
SHUTDOWN_MESSAGE = b"E\x00\x00\x00\x1dSFATAL\x00C57P01\x00Mfarewell\x00\x00"
MALFORMED_MESSAGE = b"Z\x00\x00\x00\x05?"  # ready, in a state that there is not


@dataclass(slots=True)
class FaultyProxy:
    """`dropped` are the startup parameters that never arrive; `nonsense` comes before the next answer. `sessions`
    counts those who connected."""

    dropped_parameters: frozenset[str] = frozenset()
    malformed_message: bytes = b""
    sessions: int = 0
    _frozen: int = 0
    _clients: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])
    _thawed: asyncio.Event = field(default_factory=asyncio.Event)

    def freeze(self) -> None:
        """Nothing goes either way any more between those who are connected now."""
        self._frozen = self.sessions
        self._thawed.clear()

    def announce_shutdown(self) -> None:
        """Whoever is connected is told that the server stops, and stays connected."""
        for writer in self._clients:
            writer.write(SHUTDOWN_MESSAGE)

    def thaw(self) -> None:
        self._frozen = 0
        self._thawed.set()

    async def forward(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        if not from_client:
            self._clients.append(writer)
        try:
            while heard := await reader.read(65_536):
                if number <= self._frozen:
                    await self._thawed.wait()
                writer.write(self._altered(heard, from_client=from_client))
                await writer.drain()
        finally:
            writer.close()

    def _altered(self, heard: bytes, *, from_client: bool) -> bytes:
        if from_client:
            return self._without_dropped(heard)
        nonsense, self.malformed_message = self.malformed_message, b""
        return nonsense + heard

    def _without_dropped(self, heard: bytes) -> bytes:
        """As a pooler that was told to ignore parameters does."""
        if len(heard) <= MESSAGE_HEADER.size or MESSAGE_HEADER.unpack_from(heard)[1] != PROTOCOL_VERSION:
            return heard
        said = heard[MESSAGE_HEADER.size :].rstrip(b"\x00").split(b"\x00")
        kept = [
            pair for pair in zip(said[::2], said[1::2], strict=True) if pair[0].decode() not in self.dropped_parameters
        ]
        body = b"".join(part + b"\x00" for pair in kept for part in pair) + b"\x00"
        return MESSAGE_HEADER.pack(MESSAGE_HEADER.size + len(body), PROTOCOL_VERSION) + body


@asynccontextmanager
async def through_faulty_proxy(url: str, proxy: FaultyProxy) -> AsyncGenerator[str]:
    """The URL of the same database through the meddler."""
    parts, carried = urlsplit(url), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        proxy.sessions += 1
        for task in (
            asyncio.create_task(proxy.forward(proxy.sessions, reader, far_writer, from_client=True)),
            asyncio.create_task(proxy.forward(proxy.sessions, far_reader, writer, from_client=False)),
        ):
            carried.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
    finally:
        server.close()
        for task in carried:
            task.cancel()
        await asyncio.gather(*carried, return_exceptions=True)
