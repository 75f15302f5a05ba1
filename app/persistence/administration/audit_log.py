"""The audit log: entries of what was read or refused, beside those that changes write themselves, and the search."""

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
from app.persistence.engine.readers import read_count
from app.persistence.engine.transactions.audit_entries import AUDIT_COLUMNS, AuditEntry

# An entry whose confirmation was lost is inserted again under the same id.
ADD = f"""INSERT INTO audit_log ({", ".join(AUDIT_COLUMNS)}) SELECT {", ".join(AUDIT_COLUMNS)}
FROM json_populate_recordset(NULL::audit_log, $1) ON CONFLICT (id) DO NOTHING"""

WRITE_WAIT_SECONDS = 1.0  # how long a request waits for its entry
RETRY_SECONDS = 0.5
CLOSE_SECONDS = 3.0
MAX_PENDING = 5_000  # entries in memory; beyond, nobody's data is read
ROWS_PER_STATEMENT = 500  # entries
# Entries that are inserted again in a new session: a standby that took over may lack the last ones.
RESENT_AFTER_FAILOVER = 1_000

AuditRow = dict[str, Any]
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.audit_log")


@dataclass(slots=True)
class Batch:
    """Entries that will be written together."""

    rows: list[AuditRow] = field(default_factory=list[AuditRow])
    written: asyncio.Task[None] | None = None


class AuditLogWriter:
    """Writes the audit entries of requests that change nothing: reads and refusals.

    One statement at a time writes all entries that came meanwhile: requests share its cost. Each waits for its entry to
    be on this server's disk, a second at most, and for no standby. An entry that takes longer goes to the program's log
    before its request is answered, and is written as soon as it can be: it is in one or the other, whatever is killed.
    """

    def __init__(self, database: Database) -> None:
        self._pool = database.local_commit_pool
        self._write_lock = asyncio.Lock()
        self._next_batch = Batch()
        self._pending = dict[UUID, AuditRow]()
        self._write_tasks = set[asyncio.Task[None]]()
        self._recent = deque[AuditRow](maxlen=RESENT_AFTER_FAILOVER)

    async def write(self, audit_entry: AuditEntry, subjects: Iterable[UUID | str], *, refused: bool = False) -> None:
        """Return once the entry is written, or logged and pending. A cancelled request cancels no entry.

        Raise DatabaseUnavailable when too many entries are pending, and the error of a write that was refused.
        """
        if len(self._pending) >= MAX_PENDING:
            raise DatabaseUnavailable(DatabaseTrouble.READ_ONLY)
        row = audit_entry.row(subjects, refused=refused)
        written = self._enqueue(row)
        await asyncio.wait({written}, timeout=WRITE_WAIT_SECONDS)
        if written.done():
            written.result()
        else:
            _log_unwritten(row)

    async def close(self) -> None:
        """Write the pending entries; log those that can't be within three seconds."""
        if self._write_tasks:
            await asyncio.wait(self._write_tasks, timeout=CLOSE_SECONDS)
        for writing in self._write_tasks:
            writing.cancel()
        for row in self._pending.values():
            _log_unwritten(row)

    def _enqueue(self, row: AuditRow) -> asyncio.Task[None]:
        batch = self._next_batch
        batch.rows.append(row)
        self._pending[row["id"]] = row
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
            self._write_tasks.add(batch.written)
            batch.written.add_done_callback(self._write_tasks.discard)
        return batch.written

    async def _write(self, batch: Batch) -> None:
        """Write the batch once those before it are written, however long it takes."""
        async with self._write_lock:
            self._next_batch = Batch()
            for start in range(0, len(batch.rows), ROWS_PER_STATEMENT):
                await self._add(batch.rows[start : start + ROWS_PER_STATEMENT])

    async def _add(self, rows: list[AuditRow]) -> None:
        while True:
            try:
                await self._add_once(rows)
            except UNAVAILABLE_ERRORS as failure:
                _LOG.warning("lines of the audit log wait", lines=len(self._pending), exc_info=failure)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                self._forget_pending(rows)
                raise
            self._forget_pending(rows)
            self._recent.extend(rows)
            return

    async def _add_once(self, rows: list[AuditRow]) -> None:
        async with self._pool.acquire() as pooled:
            resent = () if RESENT_AFTER_FAILOVER in pooled.session_state else self._recent
            await pooled.connection.fetchrow(ADD, orjson.dumps([*resent, *rows], default=str).decode())
            pooled.session_state[RESENT_AFTER_FAILOVER] = True

    def _forget_pending(self, rows: list[AuditRow]) -> None:
        """Drop entries that were written, or refused, which raises in their requests."""
        for row in rows:
            self._pending.pop(row["id"], None)


def _log_unwritten(row: AuditRow) -> None:
    """Log the entry: identifiers only, as in the table."""
    _LOG.warning("a line of the audit log is not written yet", **orjson.loads(orjson.dumps(row, default=str)))


DELETE_BATCH = 5_000

# A filter of a page. The ids are found first: a page is short, and the planner would rather read the log from its
# beginning until it is full.
NAMES_SUBJECT = "{t}.id = ANY (ARRAY(SELECT id FROM audit_log WHERE subject_ids @> ARRAY[{}::uuid]))"


async def delete_expired_entries(reader: Reader) -> int:
    """Delete some entries past their retention, the only ones that may be deleted; return how many."""
    return await read_count(reader, "SELECT forget_old_traces($1) AS count", DELETE_BATCH)


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    """Oldest first."""
    return await page.fetch(reader, "SELECT l.* FROM audit_log l", table_alias="l")
