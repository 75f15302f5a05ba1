"""Import jobs requested over HTTP, each claimed by one of several workers.

A claim holds for as long as its lease, which every step renews: a worker that dies is replaced, and one that comes back
late finds its claim taken over and commits nothing more. All instants but those of the request are of the database's
clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import IgnoredColumns, ImportKind, LineCounts, headings_by_column
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.readers import read_count
from app.persistence.schema.retention_periods import IMPORTS_RETENTION

LEASE = timedelta(seconds=60)  # longer than reading the file, or writing a hundred of its lines
MAX_ATTEMPTS = 5
MAX_FILE_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewImport:
    """A job to store. `is_ndjson`: the file has a JSON object on each line, and is a spreadsheet otherwise."""

    id: UUID
    client: Client
    request_id: UUID | None
    kind: ImportKind
    dry_run: bool
    content: bytes
    is_ndjson: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedImport:
    """A job to carry out now, within the rights of `client` as they were when it asked. Earlier attempts `imported` so
    many lines, which will be found unchanged."""

    id: UUID
    claim: UUID
    client: Client
    request_id: UUID | None
    kind: ImportKind
    dry_run: bool
    content: bytes
    is_ndjson: bool
    imported: int
    created_at: datetime


class ClaimLost(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """Another worker has taken the job over."""


ADD = """INSERT INTO import_job (id, client_id, role, training_organisation_id, request_id, kind, dry_run, status,
    content, is_ndjson, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $10) RETURNING *"""

# Without the file.
SELECT = """SELECT j.id, j.kind, j.dry_run, j.status, j.read, j.imported, j.unchanged, j.rejected, j.ignored_columns,
    j.failure::text AS failure, j.created_at, j.finished_at,
    EXISTS (SELECT FROM import_reject r WHERE r.job_id = j.id) AS has_rejects
FROM import_job j"""
# $2 is the client whose imports alone are shown, null for an administrator.
READ = f"{SELECT} WHERE j.id = $1 AND ($2::uuid IS NULL OR j.client_id = $2)"

# Clients take turns, each with one job at a time, its oldest first. A job whose file kills its workers fails.
CLAIM = """WITH given_up AS (
    UPDATE import_job SET status = 'failed', content = NULL, claim = NULL, lease_until = NULL, finished_at = now(),
        failure = $2
    WHERE status = 'running' AND lease_until < now() AND attempts >= $3
), next AS (
    SELECT id FROM import_job w
    WHERE content IS NOT NULL AND attempts < $3 AND (status = 'waiting' OR lease_until < now())
        AND NOT EXISTS (SELECT FROM import_job o WHERE o.client_id = w.client_id AND o.lease_until >= now())
    ORDER BY (SELECT max(finished_at) FROM import_job d WHERE d.client_id = w.client_id) NULLS FIRST, created_at, id
    LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE import_job j SET status = 'running', attempts = attempts + 1, claim = gen_random_uuid(),
    lease_until = now() + $1::interval, imported = CASE WHEN dry_run THEN 0 ELSE imported END
FROM next WHERE j.id = next.id
RETURNING j.id, j.claim, j.client_id, j.role, j.training_organisation_id, j.request_id, j.kind, j.dry_run, j.content,
    j.is_ndjson, j.imported, j.created_at"""

_CLAIMED_COLUMNS = ("id", "claim", "request_id", "dry_run", "content", "is_ndjson", "imported", "created_at")
_CLAIMED = "WHERE id = $1 AND claim = $2"
RECORD_PROGRESS = f"""UPDATE import_job SET lease_until = now() + $3::interval, imported = imported + $4,
    read = coalesce($5, read), unchanged = coalesce($6, unchanged), rejected = coalesce($7, rejected)
{_CLAIMED} RETURNING id"""
FINISH = f"""UPDATE import_job SET status = 'done', content = NULL, claim = NULL, lease_until = NULL,
    finished_at = now(), read = $3, unchanged = $4, rejected = $5, rejects_heading = $6, ignored_columns = $7
{_CLAIMED} RETURNING id"""
FAIL = f"""UPDATE import_job SET status = 'failed', content = NULL, claim = NULL, lease_until = NULL,
    finished_at = now(), failure = $3 {_CLAIMED} RETURNING id"""
RELEASE = f"""UPDATE import_job SET status = 'waiting', attempts = attempts - 1, claim = NULL, lease_until = NULL
{_CLAIMED} RETURNING id"""

DELETE_EXPIRED = """WITH old AS (
    DELETE FROM import_job WHERE created_at < now() - $1::interval AND claim IS NULL RETURNING 1
)
SELECT count(*) FROM old"""


# Beside the sequencer's key. Two workers that claim at the same time would not see each other's claim.
LOCK_CLAIMING = "SELECT pg_advisory_xact_lock(7241906, 3)"
LOCK_WRITING = "SELECT pg_advisory_xact_lock(7241906, 2)"


async def lock_writing(transaction: Transaction) -> None:
    """Keep other imports from adding advisers until the transaction ends."""
    await transaction.run(LOCK_WRITING)


async def add(transaction: Transaction, job: NewImport) -> Row:
    """Insert a waiting job; return its row."""
    client = job.client
    asker = client.id, client.role, client.training_organisation_id, job.request_id
    row = await transaction.one(ADD, job.id, *asker, job.kind, job.dry_run, job.content, job.is_ndjson, job.created_at)
    return {**(row or {}), "has_rejects": False, "suspect_columns": []}


async def read(reader: Reader, job: UUID, asker: UUID | None = None) -> Row | None:
    """None when it is unknown, or not of the client `asker`, when there is one."""
    row = await reader.one(READ, job, asker)
    return {**row, **headings_by_column(row["ignored_columns"])} if row else None


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    found = await page.fetch(reader, SELECT, table_alias="j")
    return replace(found, rows=[{**row, **headings_by_column(row["ignored_columns"])} for row in found.rows])


async def claim(transaction: Transaction, given_up: Mapping[str, Any]) -> ClaimedImport | None:
    """Claim the next job, None when none waits; one tried too often fails with `given_up`. Waits for other claims."""
    await transaction.run(LOCK_CLAIMING)
    row = await transaction.one(CLAIM, LEASE, orjson.dumps(given_up).decode(), MAX_ATTEMPTS)
    if row is None:
        return None
    client = Client(row["client_id"], Role(row["role"]), row["training_organisation_id"])
    own = {name: row[name] for name in _CLAIMED_COLUMNS}
    return ClaimedImport(**own, client=client, kind=ImportKind(row["kind"]))


async def record_progress(
    reader: Reader, job: ClaimedImport, imported: int = 0, counts: LineCounts | None = None
) -> None:
    """Renew the lease. `imported` is how many more lines this transaction commits, or a dry run left alone. Raise
    ClaimLost."""
    known = (counts.read, counts.unchanged, counts.rejected) if counts else (None, None, None)
    _check(await reader.one(RECORD_PROGRESS, job.id, job.claim, LEASE, imported, *known))


async def finish(
    transaction: Transaction, job: ClaimedImport, counts: LineCounts, heading: str | None, ignored: IgnoredColumns
) -> None:
    """Mark the job as done. `heading` is that of the rejected lines, None without any. Raise ClaimLost."""
    known = counts.read, counts.unchanged, counts.rejected
    _check(await transaction.one(FINISH, job.id, job.claim, *known, heading, ignored.stored))


async def fail(reader: Reader, job: ClaimedImport, failure: Mapping[str, Any]) -> None:
    """Mark the job as failed. Raise ClaimLost."""
    _check(await reader.one(FAIL, job.id, job.claim, orjson.dumps(failure).decode()))


async def release(reader: Reader, job: ClaimedImport) -> None:
    """Give the job back as if it had not been tried. Raise ClaimLost."""
    _check(await reader.one(RELEASE, job.id, job.claim))


def _check(row: Row | None) -> None:
    if row is None:
        raise ClaimLost


async def delete_expired_imports(reader: Reader) -> int:
    """Delete the jobs past their retention, with their rejected lines; return how many."""
    return await read_count(reader, DELETE_EXPIRED, IMPORTS_RETENTION)
