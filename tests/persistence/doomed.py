"""A sequencer in a process of its own, that somebody else kills: `kill -9`, at a statement of their choice.

A nursery that has everything imported forks one for each database URL it reads; it says the process id, then the
status that the process ended with.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from app.persistence.database import open_database
from app.use_cases.sequence import sequence
from tests.clockwork import MORNING

BEGIN, GOODBYE = b"BEGIN", b"X"


class Moment(Enum):
    NOT_HEARD = "the server does not hear the statement"
    HEARD = "the server hears it and has nobody to answer"


@dataclass(slots=True)
class Wire:
    """Counts what the sequencer says from BEGIN on; kills it at the statement `fatal`, when there is one."""

    moment: Moment = Moment.NOT_HEARD
    fatal: int | None = None
    said: int = 0
    victim: asyncio.Future[int] | None = None

    def expect(self, moment: Moment, fatal: int | None) -> asyncio.Future[int]:
        """Get ready for the next sequencer; its process id is to be told."""
        self.moment, self.fatal, self.said = moment, fatal, 0
        self.victim = asyncio.get_running_loop().create_future()
        return self.victim

    async def _kill(self) -> None:
        if self.victim is not None:
            os.kill(await self.victim, signal.SIGKILL)

    def is_fatal(self, heard: bytes) -> bool:
        """Whether this is the last that is said."""
        self.said += (self.said > 0 or BEGIN in heard) and not heard.startswith(GOODBYE)
        return self.said > 0 and self.said == self.fatal

    async def say(self, here: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while heard := await here.read(65_536):
            is_fatal = self.is_fatal(heard)
            if is_fatal and self.moment is Moment.NOT_HEARD:
                await self._kill()
                break
            there.write(heard)
            await there.drain()
            if is_fatal:
                await self._kill()
                break
        there.close()


async def _hear(there: asyncio.StreamReader, here: asyncio.StreamWriter) -> None:
    try:
        while heard := await there.read(65_536):
            here.write(heard)
            await here.drain()
    except ConnectionError:
        pass  # nobody is left to hear it
    here.close()


@asynccontextmanager
async def deadly(url: str) -> AsyncGenerator[tuple[str, Wire]]:
    """The URL of the same database through a wire."""
    async with through(url, wire := Wire()) as found:
        yield found, wire


@asynccontextmanager
async def through(url: str, wire: Wire) -> AsyncGenerator[str]:
    """The URL of the same database through the wire."""
    parts, carried = urlsplit(url), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        carried.add(asyncio.create_task(wire.say(reader, far_writer)))
        carried.add(asyncio.create_task(_hear(far_reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
    finally:
        server.close()
        await asyncio.gather(*carried)


class Nursery:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def _number(self) -> int:
        assert self._process.stdout is not None
        return int(await self._process.stdout.readline())

    async def start(self, url: str) -> int:
        """The process id of a new sequencer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{url}\n".encode())
        return await self._number()

    async def ended(self) -> int:
        """The status it ended with; the negative number of the signal that killed it."""
        return await self._number()


@asynccontextmanager
async def nursery(module: str = __name__) -> AsyncGenerator[Nursery]:
    """Of what `main` of this module acts out."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    yield Nursery(process)
    process.stdin.close()
    await process.wait()


async def _place(url: str) -> None:
    database = open_database(url, pool_size=1)
    await sequence(database, MORNING)
    await database.close()


def main(act: Callable[[str], Coroutine[Any, Any, None]]) -> None:
    """Act on each database URL, in a process of its own."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(act(line.strip()))
            os._exit(0)
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(_place)
