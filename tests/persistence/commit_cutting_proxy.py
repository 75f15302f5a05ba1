"""A wire to PostgreSQL that is cut at a COMMIT: before the server hears it, or before the client hears it is done."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

COMMIT = re.compile(rb"COMMIT\x00|\"refused\":false")  # a batch is written and committed at once
LONGEST = len(b'"refused":false')
# How what is sent at once ends: a text, or a statement with its values, which may come in several pieces.
ENDS = (b"COMMIT\x00", b"S\x00\x00\x00\x04")


class CutMoment(Enum):
    BEFORE_IT_IS_HEARD = "before"
    BEFORE_IT_IS_ANSWERED = "after"


@dataclass(slots=True)
class CommitCutter:
    """`cut` so many of the next COMMITs; `away`: nobody who connects is served."""

    moment: CutMoment | None = None
    times: int = 0
    refuses_connections: bool = False

    def _cuts(self, heard: bytes, cut: CutMoment) -> bool:
        due = self.moment is cut and self.times > 0 and COMMIT.search(heard) is not None
        self.times -= due
        return due

    async def forward(self, here: "ConnectionEnd", there: "ConnectionEnd") -> None:
        """Both ways, until the wire is cut or either end hangs up."""
        ways = {
            asyncio.create_task(self._forward_statements(here, there)),
            asyncio.create_task(_forward_answers(there, here)),
        }
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for line in (here, there):
            line.writer.close()

    async def _forward_statements(self, here: "ConnectionEnd", there: "ConnectionEnd") -> None:
        unfinished = b""
        while piece := await here.reader.read(65_536):
            heard = unfinished + piece
            if self._cuts(heard, CutMoment.BEFORE_IT_IS_HEARD):
                return
            there.writer.write(piece)
            await there.writer.drain()
            if self._cuts(heard, CutMoment.BEFORE_IT_IS_ANSWERED):
                while not piece.endswith(ENDS) and (piece := await here.reader.read(65_536)):
                    there.writer.write(piece)
                    await there.writer.drain()
                return
            unfinished = b"" if piece.endswith(ENDS) else piece[-LONGEST:]


@dataclass(frozen=True, slots=True)
class ConnectionEnd:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def _forward_answers(there: ConnectionEnd, here: ConnectionEnd) -> None:
    while heard := await there.reader.read(65_536):
        here.writer.write(heard)
        await here.writer.drain()


@asynccontextmanager
async def through_commit_cutter(url: str) -> AsyncGenerator[tuple[str, CommitCutter]]:
    """The URL of the same database through a wire, and the scissors."""
    parts, cutter, carried = urlsplit(url), CommitCutter(), set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if cutter.refuses_connections:
            writer.close()
            return
        there = ConnectionEnd(*await asyncio.open_connection(parts.hostname, parts.port))
        carried.add(asyncio.create_task(cutter.forward(ConnectionEnd(reader, writer), there)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}")), cutter
    finally:
        server.close()
        # A wire that was cut may have been reset by an end that was still speaking.
        await asyncio.gather(*carried, return_exceptions=True)
