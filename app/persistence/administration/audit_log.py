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
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS, DatabaseTrouble, DatabaseUnavailable
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.transactions.audit_entries import AuditEntry

# Whoever's answer was lost may add a line again: it is the same one.
ADD = """INSERT INTO audit_log (id, at, client_id, action, refused, request_id, subject_ids)
SELECT id, at, client_id, action, refused, request_id, subject_ids
FROM json_populate_recordset(NULL::audit_log, $1) ON CONFLICT (id) DO NOTHING"""

WRITE_WAIT_SECONDS = 1.0  # how long a reader waits for the line
RETRY_SECONDS = 0.5
CLOSE_SECONDS = 3.0
MAX_PENDING = 5_000  # lines in memory; beyond, nobody is read about
ROWS_PER_STATEMENT = 500  # lines a statement
RESENT_AFTER_FAILOVER = (
    1_000  # lines that are added again when the session is another: a standby that took over may lack the last ones
)

AuditRow = dict[str, Any]
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.audit_log")


@dataclass(slots=True)
class Batch:
    """Lines that will be written together."""

    rows: list[AuditRow] = field(default_factory=list[AuditRow])
    written: asyncio.Task[None] | None = None


class AuditLogWriter:
    """Notes what leaves no trace by changing something.

    One statement at a time, with all that came meanwhile: readers share its cost. Each waits for its own line to be on
    this server's disk, for a second at most and for no standby. A line that takes longer is said in the log before
    its reader is answered, and written as soon as it can be: it is in one or the other, whatever is killed.
    """

    def __init__(self, database: Database) -> None:
        self._pool = database.local_commit_pool
        self._write_lock = asyncio.Lock()
        self._next_batch = Batch()
        self._pending = dict[UUID, AuditRow]()
        self._write_tasks = set[asyncio.Task[None]]()
        self._recent = deque[AuditRow](maxlen=RESENT_AFTER_FAILOVER)

    async def write(self, audit_entry: AuditEntry, subjects: Iterable[UUID | str], *, refused: bool = False) -> None:
        """Return once it is written, or will be. A reader who goes away takes nobody's line along.

        Raise NotReady when too many lines wait, and what the database has against writing this one.
        """
        if len(self._pending) >= MAX_PENDING:
            raise DatabaseUnavailable(DatabaseTrouble.READ_ONLY)
        line = _row_of(audit_entry, subjects, refused=refused)
        written = self._enqueue(line)
        await asyncio.wait({written}, timeout=WRITE_WAIT_SECONDS)
        if written.done():
            written.result()
        else:
            _log_unwritten(line)

    async def close(self) -> None:
        """Write what is owed; what can't be within three seconds is said in the log."""
        if self._write_tasks:
            await asyncio.wait(self._write_tasks, timeout=CLOSE_SECONDS)
        for writing in self._write_tasks:
            writing.cancel()
        for line in self._pending.values():
            _log_unwritten(line)

    def _enqueue(self, line: AuditRow) -> asyncio.Task[None]:
        batch = self._next_batch
        batch.rows.append(line)
        self._pending[line["id"]] = line
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
            self._write_tasks.add(batch.written)
            batch.written.add_done_callback(self._write_tasks.discard)
        return batch.written

    async def _write(self, batch: Batch) -> None:
        """However long it takes."""
        async with self._write_lock:
            self._next_batch = Batch()
            for start in range(0, len(batch.rows), ROWS_PER_STATEMENT):
                await self._add(batch.rows[start : start + ROWS_PER_STATEMENT])

    async def _add(self, lines: list[AuditRow]) -> None:
        while True:
            try:
                await self._add_once(lines)
            except UNAVAILABLE_ERRORS as failure:
                _LOG.warning("lines of the audit log wait", lines=len(self._pending), exc_info=failure)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                self._forget_pending(lines)
                raise
            self._forget_pending(lines)
            self._recent.extend(lines)
            return

    async def _add_once(self, lines: list[AuditRow]) -> None:
        async with self._pool.acquire() as pooled:
            again = () if RESENT_AFTER_FAILOVER in pooled.session_state else self._recent
            await pooled.connection.fetchrow(ADD, orjson.dumps([*again, *lines], default=str).decode())
            pooled.session_state[RESENT_AFTER_FAILOVER] = True

    def _forget_pending(self, lines: list[AuditRow]) -> None:
        """They are owed no longer: written, or refused, which their readers are told."""
        for line in lines:
            self._pending.pop(line["id"], None)


def _row_of(audit_entry: AuditEntry, subjects: Iterable[UUID | str], *, refused: bool) -> AuditRow:
    return {
        "id": audit_entry.new_id(),
        "at": audit_entry.at,
        "client_id": audit_entry.client_id,
        "action": audit_entry.action,
        "refused": refused,
        "request_id": audit_entry.request_id,
        "subject_ids": [*dict.fromkeys(subjects)],
    }


def _log_unwritten(line: AuditRow) -> None:
    """Identifiers only, as in the table."""
    _LOG.warning("a line of the audit log is not written yet", **orjson.loads(orjson.dumps(line, default=str)))


DELETE_BATCH = 5_000


async def delete_expired_entries(reader: Reader) -> int:
    """Forget some of those kept for longer than anybody may ask, the only ones that can be; return how many."""
    row = await reader.one("SELECT forget_old_traces($1) AS forgotten", DELETE_BATCH)
    return int(row["forgotten"]) if row else 0


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    """In the order of time."""
    return await page.fetch(reader, "SELECT l.* FROM audit_log l", table_alias="l")
