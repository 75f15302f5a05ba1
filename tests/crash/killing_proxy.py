"""A wire to PostgreSQL that understands what is said on it, and kills whoever says it: `kill -9`, at a statement of
somebody else's choice."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

READ_AT_MOST = 65_536
WISH_FOR_TLS = 80_877_103
OF_THE_DRIVER = re.compile(r"typeinfo_tree|current_setting\('jit'\)")  # it reads about types, once for a connection


class Moment(Enum):
    NOT_HEARD = "the server does not hear it"
    HEARD = "the server hears it and has nobody to answer"


class Ear:
    """Follows what the client of one connection says."""

    def __init__(self) -> None:
        self._heard = b""
        self._has_introduced_itself = False
        self._prepared: dict[bytes, str] = {}

    def executed(self, heard: bytes) -> list[str]:
        """The statements that the server is asked to execute, once it has heard this, too."""
        self._heard += heard
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
        """An introduction has no kind; it is said again when the wish for TLS was refused."""
        start = int(self._has_introduced_itself)
        end = start + int.from_bytes(self._heard[start : start + 4])
        if len(self._heard) < start + 4 or len(self._heard) < end:
            return None
        message, self._heard = self._heard[:end], self._heard[end:]
        if not self._has_introduced_itself:
            self._has_introduced_itself = int.from_bytes(message[4:8]) != WISH_FOR_TLS
            return b""
        return message


@dataclass(slots=True)
class Wire:
    """`said` are the statements since the wire was last set; one that `last` is found in is its victim's last."""

    last: str | None = None
    moment: Moment = Moment.NOT_HEARD
    said: list[str] = field(default_factory=list[str])
    victim: "asyncio.Future[int] | None" = None
    carried: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def set(self, last: str | None = None, moment: Moment = Moment.NOT_HEARD) -> asyncio.Future[int]:
        """Nobody dies without a `last`, a regular expression. The victim's process id is to be told."""
        self.last, self.moment, self.said = last, moment, []
        self.victim = asyncio.get_running_loop().create_future()
        return self.victim

    async def silent(self) -> None:
        """Return once the server has done with all who spoke: what they had begun is undone or committed."""
        while self.carried:
            await asyncio.wait(self.carried)

    async def carry(self, here: "Line", there: "Line") -> None:
        """Both ways; when the client is gone, the server still comes to the end of what it has heard."""
        hearing = asyncio.create_task(_hear(there, here))
        with suppress(ConnectionError):
            await self._say(here, there)
        with suppress(OSError):
            there.writer.write_eof()
        await hearing
        there.writer.close()

    async def _say(self, here: "Line", there: "Line") -> None:
        ear = Ear()
        while heard := await here.reader.read(READ_AT_MOST):
            is_fatal = self._is_fatal(ear.executed(heard))
            if not (is_fatal and self.moment is Moment.NOT_HEARD):
                there.writer.write(heard)
                await there.writer.drain()
            if is_fatal:
                await self._kill()
                return

    def _is_fatal(self, statements: list[str]) -> bool:
        self.said += (statement for statement in statements if not OF_THE_DRIVER.search(statement))
        return self.last is not None and any(re.search(self.last, statement, re.DOTALL) for statement in statements)

    async def _kill(self) -> None:
        self.last = None
        if self.victim is not None:
            os.kill(await self.victim, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def _hear(there: Line, here: Line) -> None:
    """Until the server is gone."""
    with suppress(ConnectionError):
        while heard := await there.reader.read(READ_AT_MOST):
            with suppress(ConnectionError):  # nobody is left to hear it
                here.writer.write(heard)
                await here.writer.drain()
    here.writer.close()


@asynccontextmanager
async def wired(url: str) -> AsyncGenerator[tuple[str, Wire]]:
    """The URL of the same database through a wire."""
    parts, wire = urlsplit(url), Wire()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = Line(*await asyncio.open_connection(parts.hostname, parts.port))
        task = asyncio.create_task(wire.carry(Line(reader, writer), there))
        wire.carried.add(task)
        task.add_done_callback(wire.carried.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), wire
    finally:
        server.close()
        await wire.silent()


def names(said: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """Of each statement, the one name under which its regular expression is `known`."""
    found = list[str]()
    for statement in said:
        (name,) = (name for name, words in known.items() if re.search(words, statement, re.DOTALL))
        found.append(name)
    return found
