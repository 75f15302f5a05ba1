"""The audit log beside what changes leave in it themselves: what was read, what was refused, and the search."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import structlog

from app.persistence.engine.database import Database, Reader
from app.persistence.engine.database_errors import UNREACHABLE, NotReady, Unready
from app.persistence.engine.pagination import Page, Slice
from app.persistence.engine.transactions.audit_entries import Trace

# Whoever's answer was lost may add a line again: it is the same one.
ADD = """INSERT INTO audit_log (id, at, client_id, action, refused, request_id, subject_ids)
SELECT id, at, client_id, action, refused, request_id, subject_ids
FROM json_populate_recordset(NULL::audit_log, $1) ON CONFLICT (id) DO NOTHING"""

PATIENCE_SECONDS = 1.0  # how long a reader waits for the line
RETRY_SECONDS = 0.5
FAREWELL_SECONDS = 3.0
MOST_OWED = 5_000  # lines in memory; beyond, nobody is read about
TOGETHER = 500  # lines a statement
KEPT = 1_000  # lines that are added again when the session is another: a standby that took over may lack the last ones

Line = dict[str, Any]
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.audit_log")


@dataclass(slots=True)
class Batch:
    """Lines that will be written together."""

    lines: list[Line] = field(default_factory=list[Line])
    written: asyncio.Task[None] | None = None


class Trail:
    """Notes what leaves no trace by changing something.

    One statement at a time, with all that came meanwhile: readers share its cost. Each waits for its own line to be on
    this server's disk, for a second at most and for no standby. A line that takes longer is said in the log before
    its reader is answered, and written as soon as it can be: it is in one or the other, whatever is killed.
    """

    def __init__(self, database: Database) -> None:
        self._pool = database.aside
        self._turn = asyncio.Lock()
        self._next = Batch()
        self._owed = dict[UUID, Line]()
        self._writing = set[asyncio.Task[None]]()
        self._kept = deque[Line](maxlen=KEPT)

    async def note(self, trace: Trace, subjects: Iterable[UUID | str], *, refused: bool = False) -> None:
        """Return once it is written, or will be. A reader who goes away takes nobody's line along.

        Raise NotReady when too many lines wait, and what the database has against writing this one.
        """
        if len(self._owed) >= MOST_OWED:
            raise NotReady(Unready.READ_ONLY)
        line = _line(trace, subjects, refused=refused)
        written = self._to_be_written(line)
        await asyncio.wait({written}, timeout=PATIENCE_SECONDS)
        if written.done():
            written.result()
        else:
            _say(line)

    async def close(self) -> None:
        """Write what is owed; what can't be within three seconds is said in the log."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=FAREWELL_SECONDS)
        for writing in self._writing:
            writing.cancel()
        for line in self._owed.values():
            _say(line)

    def _to_be_written(self, line: Line) -> asyncio.Task[None]:
        batch = self._next
        batch.lines.append(line)
        self._owed[line["id"]] = line
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
            self._writing.add(batch.written)
            batch.written.add_done_callback(self._writing.discard)
        return batch.written

    async def _write(self, batch: Batch) -> None:
        """However long it takes."""
        async with self._turn:
            self._next = Batch()
            for start in range(0, len(batch.lines), TOGETHER):
                await self._add(batch.lines[start : start + TOGETHER])

    async def _add(self, lines: list[Line]) -> None:
        while True:
            try:
                await self._add_once(lines)
            except UNREACHABLE as failure:
                _LOG.warning("lines of the audit log wait", lines=len(self._owed), exc_info=failure)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                self._settle(lines)
                raise
            self._settle(lines)
            self._kept.extend(lines)
            return

    async def _add_once(self, lines: list[Line]) -> None:
        async with self._pool.lend() as lent:
            again = () if KEPT in lent.notes else self._kept
            await lent.connection.fetchrow(ADD, orjson.dumps([*again, *lines], default=str).decode())
            lent.notes[KEPT] = True

    def _settle(self, lines: list[Line]) -> None:
        """They are owed no longer: written, or refused, which their readers are told."""
        for line in lines:
            self._owed.pop(line["id"], None)


def _line(trace: Trace, subjects: Iterable[UUID | str], *, refused: bool) -> Line:
    return {
        "id": trace.new_id(),
        "at": trace.at,
        "client_id": trace.client_id,
        "action": trace.action,
        "refused": refused,
        "request_id": trace.request_id,
        "subject_ids": [*dict.fromkeys(subjects)],
    }


def _say(line: Line) -> None:
    """Identifiers only, as in the table."""
    _LOG.warning("a line of the audit log is not written yet", **orjson.loads(orjson.dumps(line, default=str)))


FORGOTTEN_AT_ONCE = 5_000


async def forget_old_traces(reader: Reader) -> int:
    """Forget some of those kept for longer than anybody may ask, the only ones that can be; return how many."""
    row = await reader.one("SELECT forget_old_traces($1) AS forgotten", FORGOTTEN_AT_ONCE)
    return int(row["forgotten"]) if row else 0


async def list_page(reader: Reader, page: Page) -> Slice:
    """In the order of time."""
    return await page.of(reader, "SELECT l.* FROM audit_log l", alias="l")
