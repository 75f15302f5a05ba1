"""What bytes travel on, beneath the library's HTTP: plain asyncio.

The library's own back end opens a scope for whatever is read or written, and asks the system whether a connection
lives: a third of what a delivery costs. Nothing but the handshake has a time limit here: the sender has one for all.
"""

# ruff: noqa: ARG002, ASYNC109  # the signatures are the library's

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any, cast

from httpcore import AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout, ReadError

HELD_AT_MOST = 65_536  # bytes that came and were not read; the other side waits from there on


class Wire(asyncio.Protocol, AsyncNetworkStream):
    """One connection."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._news = asyncio.Event()
        self._ended = False
        self._lost: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > HELD_AT_MOST:
            self._transport.pause_reading()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._lost = True, exc
        self._news.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Nothing when the other side has closed. Raise ReadError."""
        while not self._held and not self._ended:
            self._news.clear()
            await self._news.wait()
        if not self._held and self._lost is not None:
            raise ReadError from self._lost
        found = bytes(self._held[:max_bytes])
        del self._held[:max_bytes]
        if not self._ended:
            self._transport.resume_reading()
        return found

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Never waits: what is delivered is small."""
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """At once: what the other side still says, or has not read yet, is of no interest."""
        self._transport.close()
        self._transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        """Raise ConnectError, ConnectTimeout."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                encrypted = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            raise ConnectTimeout("no handshake in time") from None
        except OSError as refused:  # SSLError is one
            raise ConnectError("no handshake") from refused
        self._transport = cast("asyncio.Transport", encrypted)
        return self

    def get_extra_info(self, info: str) -> Any:
        """An idle connection that `is_readable` is of no more use; nothing else is asked."""
        return bool(self._held) or self._ended if info == "is_readable" else None


class Wires(AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Raise ConnectError, ConnectTimeout."""
        try:
            async with asyncio.timeout(timeout):
                _, wire = await asyncio.get_running_loop().create_connection(Wire, host, port)
        except TimeoutError:
            raise ConnectTimeout("no connection in time") from None
        except OSError as refused:
            raise ConnectError("no connection") from refused
        return wire
