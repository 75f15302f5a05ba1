"""A wire to PostgreSQL that is cut at a COMMIT: before the server hears it, or before the client hears it is done."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

COMMIT = b"COMMIT\x00"


class Cut(Enum):
    BEFORE_IT_IS_HEARD = "before"
    BEFORE_IT_IS_ANSWERED = "after"


@dataclass(slots=True)
class Scissors:
    """`cut` so many of the next COMMITs; `away`: nobody who connects is served."""

    cut: Cut | None = None
    times: int = 0
    away: bool = False

    def _cuts(self, heard: bytes, cut: Cut) -> bool:
        due = self.cut is cut and self.times > 0 and COMMIT in heard
        self.times -= due
        return due

    async def carry(self, here: "Line", there: "Line") -> None:
        """Both ways, until the wire is cut or either end hangs up."""
        ways = {asyncio.create_task(self._say(here, there)), asyncio.create_task(_hear(there, here))}
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for line in (here, there):
            line.writer.close()

    async def _say(self, here: "Line", there: "Line") -> None:
        while heard := await here.reader.read(65_536):
            if self._cuts(heard, Cut.BEFORE_IT_IS_HEARD):
                return
            there.writer.write(heard)
            await there.writer.drain()
            if self._cuts(heard, Cut.BEFORE_IT_IS_ANSWERED):
                return


@dataclass(frozen=True, slots=True)
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def _hear(there: Line, here: Line) -> None:
    while heard := await there.reader.read(65_536):
        here.writer.write(heard)
        await here.writer.drain()


@asynccontextmanager
async def cuttable(url: str) -> AsyncGenerator[tuple[str, Scissors]]:
    """The URL of the same database through a wire, and the scissors."""
    parts, scissors, carried = urlsplit(url), Scissors(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if scissors.away:
            writer.close()
            return
        there = Line(*await asyncio.open_connection(parts.hostname, parts.port))
        carried.add(asyncio.create_task(scissors.carry(Line(reader, writer), there)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), scissors
    finally:
        server.close()
        # A wire that was cut may have been reset by an end that was still speaking.
        await asyncio.gather(*carried, return_exceptions=True)
