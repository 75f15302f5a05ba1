"""A client of plain sockets, which costs the machine little beside what it measures: connections are kept and shared."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class KeepAliveClient:
    """Asks one server, on as many connections as there are requests at a time."""

    def __init__(self, base_url: str, authorization: str) -> None:
        self._address = urlsplit(base_url)
        self._common = f"Host: {self._address.netloc}\r\nAuthorization: {authorization}\r\n"
        self._idle: list[Connection] = []

    async def ask(self, method: str, target: str, headers: Mapping[str, str], body: str = "") -> bytes:
        """The body of a successful answer. Raise ValueError on another."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"{method} {target} HTTP/1.1\r\n{self._common}{lines}Content-Length: {len(body)}\r\n\r\n{body}"
        connection = await self._connection()
        status, answer = await _exchange(connection, request.encode())
        self._idle.append(connection)
        if not status.startswith(b"2"):
            raise ValueError(answer)
        return answer

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()

    async def _connection(self) -> Connection:
        """The one used last, unless the server has closed it since."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._address.hostname, self._address.port)


async def _exchange(connection: Connection, request: bytes) -> tuple[bytes, bytes]:
    """The status and the body of the answer."""
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head.split(b" ", 2)[1], await reader.readexactly(length)
