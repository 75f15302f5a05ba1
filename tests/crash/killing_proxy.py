"""A proxy to PostgreSQL that reads the protocol, and kills the client (`kill -9`) at a statement of the test's
choice."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

READ_SIZE = 65_536
SSL_REQUEST_CODE = 80_877_103
DRIVER_STATEMENTS = re.compile(r"typeinfo_tree|current_setting\('jit'\)")  # it reads about types, once for a connection


class KillMoment(Enum):
    NOT_HEARD = "the server does not hear it"
    HEARD = "the server hears it and has nobody to answer"


class ProtocolReader:
    """Reads the messages of the client of one connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._has_started_up = False
        self._prepared: dict[bytes, str] = {}

    def statements_in(self, heard: bytes) -> list[str]:
        """The statements that the server is asked to execute once it has received this, too."""
        self._buffer += heard
        found = list[str]()
        while (message := self._whole_message()) is not None:
            kind, words = message[:1], message[5:].split(b"\0")
            if kind == b"Q":
                found.append(words[0].decode())
            elif kind == b"P":
                self._prepared[words[0]] = words[1].decode()
            elif kind == b"B":
                found.append(self._prepared[words[1]])
        return found

    def _whole_message(self) -> bytes | None:
        """A startup message has no type; it is sent again when TLS was refused."""
        start = int(self._has_started_up)
        end = start + int.from_bytes(self._buffer[start : start + 4])
        if len(self._buffer) < start + 4 or len(self._buffer) < end:
            return None
        message, self._buffer = self._buffer[:end], self._buffer[end:]
        if not self._has_started_up:
            self._has_started_up = int.from_bytes(message[4:8]) != SSL_REQUEST_CODE
            return b""
        return message


@dataclass(slots=True)
class KillingProxy:
    """`said` are the statements since it was last armed; the client dies at one that `last` is found in."""

    last: str | None = None
    moment: KillMoment = KillMoment.NOT_HEARD
    statements: list[str] = field(default_factory=list[str])
    victim: "asyncio.Future[int] | None" = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def arm(self, last: str | None = None, moment: KillMoment = KillMoment.NOT_HEARD) -> asyncio.Future[int]:
        """Kill the client at a statement that matches `last`, a regular expression; None kills nobody."""
        self.last, self.moment, self.statements = last, moment, []
        self.victim = asyncio.get_running_loop().create_future()
        return self.victim

    async def wait_until_idle(self) -> None:
        """Return once the server is done with all clients: what they had begun is rolled back or committed."""
        while self.tasks:
            await asyncio.wait(self.tasks)

    async def forward(self, here: "ConnectionEnd", there: "ConnectionEnd") -> None:
        """Forward both ways; when the client is gone, the server still executes all that it received."""
        hearing = asyncio.create_task(_forward_answers(there, here))
        with suppress(ConnectionError):
            await self._forward_statements(here, there)
        with suppress(OSError):
            there.writer.write_eof()
        await hearing
        there.writer.close()

    async def _forward_statements(self, here: "ConnectionEnd", there: "ConnectionEnd") -> None:
        reader = ProtocolReader()
        while heard := await here.reader.read(READ_SIZE):
            is_fatal = self._is_fatal(reader.statements_in(heard))
            if not (is_fatal and self.moment is KillMoment.NOT_HEARD):
                there.writer.write(heard)
                await there.writer.drain()
            if is_fatal:
                await self._kill()
                return

    def _is_fatal(self, statements: list[str]) -> bool:
        self.statements += (statement for statement in statements if not DRIVER_STATEMENTS.search(statement))
        return self.last is not None and any(re.search(self.last, statement, re.DOTALL) for statement in statements)

    async def _kill(self) -> None:
        self.last = None
        if self.victim is not None:
            os.kill(await self.victim, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def _forward_answers(there: ConnectionEnd, here: ConnectionEnd) -> None:
    """Until the server closes."""
    with suppress(ConnectionError):
        while heard := await there.reader.read(READ_SIZE):
            with suppress(ConnectionError):  # nobody is left to hear it
                here.writer.write(heard)
                await here.writer.drain()
    here.writer.close()


@asynccontextmanager
async def through_killing_proxy(url: str) -> AsyncGenerator[tuple[str, KillingProxy]]:
    """The proxy, with the URL of the same database through it."""
    parts, proxy = urlsplit(url), KillingProxy()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = ConnectionEnd(*await asyncio.open_connection(parts.hostname, parts.port))
        task = asyncio.create_task(proxy.forward(ConnectionEnd(reader, writer), there))
        proxy.tasks.add(task)
        task.add_done_callback(proxy.tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), proxy
    finally:
        server.close()
        await proxy.wait_until_idle()


def statement_names(said: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """The name of each statement, by the one regular expression of `known` that matches it."""
    found = list[str]()
    for statement in said:
        (name,) = (name for name, words in known.items() if re.search(words, statement, re.DOTALL))
        found.append(name)
    return found
