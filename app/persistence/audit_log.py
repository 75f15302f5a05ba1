"""The audit log beside what changes leave in it themselves: what was read, what was refused, and the search."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from app.persistence.database import Database, Reader
from app.persistence.pages import Page, Slice
from app.persistence.traces import Trace

ADD = """INSERT INTO audit_log (id, at, client_id, action, refused, request_id, subject_ids)
SELECT id, at, client_id, action, refused, request_id, subject_ids
FROM json_populate_recordset(NULL::audit_log, $1)"""


@dataclass(slots=True)
class Batch:
    """Lines that will be written together."""

    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    written: asyncio.Task[None] | None = None


class Trail:
    """Notes what leaves no trace by changing something.

    One statement at a time, with all that came meanwhile: readers share its cost, and each waits for its own line.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._next = Batch()

    async def note(self, trace: Trace, subjects: Iterable[UUID | str], *, refused: bool = False) -> None:
        """Return once it is written. A reader who goes away takes nobody else's line along."""
        batch = self._next
        batch.lines.append(
            {
                "id": trace.new_id(),
                "at": trace.at,
                "client_id": trace.client_id,
                "action": trace.action,
                "refused": refused,
                "request_id": trace.request_id,
                "subject_ids": [*dict.fromkeys(subjects)],
            }
        )
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
        await asyncio.shield(batch.written)

    async def _write(self, batch: Batch) -> None:
        async with self._turn:
            self._next = Batch()
            await self._database.one(ADD, orjson.dumps(batch.lines, default=str).decode())


FORGOTTEN_AT_ONCE = 5_000


async def forget_old_traces(reader: Reader) -> int:
    """Forget some of those kept for longer than anybody may ask, the only ones that can be; return how many."""
    row = await reader.one("SELECT forget_old_traces($1) AS forgotten", FORGOTTEN_AT_ONCE)
    return int(row["forgotten"]) if row else 0


async def list_page(reader: Reader, page: Page) -> Slice:
    """In the order of time."""
    return await page.of(reader, "SELECT l.* FROM audit_log l", alias="l")
