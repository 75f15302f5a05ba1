"""A small HTTP client: it shares the processors with what is measured, so it does no more than is needed for that."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from benchmarks.load.response_head import parse_head

ANSWER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def header(self, name: str) -> str | None:
        found = re.search(rb"\r\n" + name.encode() + rb": *([^\r]*)\r\n", self.head, re.IGNORECASE)
        return found[1].decode() if found else None


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self.is_open, self._received = False, b""
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_open, self._transport = True, cast("asyncio.WriteTransport", transport)

    async def exchange(self, request: bytes) -> Answer:
        """Raise ConnectionError, TimeoutError."""
        self._received, self._answer = b"", asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        parsed = parse_head(self._received)
        if parsed is None or len(self._received) < parsed[2] or self._answer is None or self._answer.done():
            return
        status, head, whole = parsed
        self._answer.set_result(Answer(status, self._received[:head], self._received[head:whole]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server hung up"))

    def close(self) -> None:
        self._transport.close()


class KeepAliveConnections:
    """Connections to one server, as many as there are requests at once."""

    def __init__(self, base_url: str) -> None:
        self._address = urlsplit(base_url)
        self._idle: list[_Connection] = []

    async def request(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Raise OSError, TimeoutError. The server may close an idle connection at any time: it is asked again then, so
        a request that changes something must have its idempotency key."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._address.netloc}"]
        lines += [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        while (connection := self._idle_connection()) is not None:
            try:
                return await self._exchange(connection, request)
            except ConnectionError:
                continue
        return await self._exchange(await self._connect(), request)

    def _idle_connection(self) -> _Connection | None:
        while self._idle:
            if (connection := self._idle.pop()).is_open:
                return connection
        return None

    async def _connect(self) -> _Connection:
        host, port = self._address.hostname or "", self._address.port or 80
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, host, port)
        return connection

    async def _exchange(self, connection: _Connection, request: bytes) -> Answer:
        answer = await connection.exchange(request)
        self._idle.append(connection)
        return answer

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
