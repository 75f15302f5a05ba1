"""Imports asked for over HTTP, taken by one worker among several.

A claim holds for as long as its lease, which every step renews: a worker that dies is replaced, and one that comes back
late finds its claim taken over and commits nothing more. All instants but those of the request are of the database's
own clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.schema.retention_periods import IMPORTS_RETENTION

LEASE = timedelta(seconds=60)  # more than reading the file, or a hundred of its lines, takes
MAX_ATTEMPTS = 5
MAX_FILE_BYTES = 10 * 1024 * 1024  # bytes
_END_OF_SUSPECT = ""  # which no heading is


class ImportKind(StrEnum):
    ADVISERS = "advisers"
    CONTRACTS = "contracts"
    CERTIFICATIONS = "certifications"
    REGISTRATIONS = "registrations"


class ImportStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ClaimedImport:
    """An import to carry out now. Earlier attempts `imported` so many lines, which will be found unchanged."""

    id: UUID
    claim: UUID
    client_id: UUID
    request_id: UUID | None
    kind: ImportKind
    dry_run: bool
    content: bytes
    imported: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LineCounts:
    """Of lines."""

    read: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True)
class IgnoredColumns:
    """The headings of the columns that are not imported; `suspect` are those that it may be a mistake to ignore."""

    headings: Sequence[str]
    suspect: Sequence[str] = ()

    @property
    def stored(self) -> list[str]:
        """The suspect ones, what ends them, and the others."""
        others = [heading for heading in self.headings if heading not in self.suspect]
        return [*self.suspect, _END_OF_SUSPECT, *others] if self.suspect else others


class ClaimLost(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """Another worker has taken the import over."""


ADD = """INSERT INTO import_job (id, client_id, request_id, kind, dry_run, status, content, created_at)
VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7) RETURNING *"""

# All but the file.
READ = """SELECT id, kind, dry_run, status, read, imported, unchanged, rejected, ignored_columns, failure, created_at,
    finished_at, EXISTS (SELECT FROM import_reject r WHERE r.job_id = j.id) AS has_rejects
FROM import_job j WHERE id = $1"""

# Clients take turns, each with one import at a time; of one client, whoever asked first. A file that kills its workers
# is given up.
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
RETURNING j.id, j.claim, j.client_id, j.request_id, j.kind, j.dry_run, j.content, j.imported,
    j.created_at"""

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

DELETE_EXPIRED = """WITH old AS (DELETE FROM import_job WHERE created_at < now() - $1::interval AND claim IS NULL RETURNING 1)
SELECT count(*) AS forgotten FROM old"""


# Two numbers: beside the sequencer's. Two workers that look at the same time would not see each other's claim.
LOCK_CLAIMING = "SELECT pg_advisory_xact_lock(7241906, 3)"
LOCK_WRITING = "SELECT pg_advisory_xact_lock(7241906, 2)"


async def lock_writing(transaction: Transaction) -> None:
    """Until the transaction ends, no other import adds whom this one looks for."""
    await transaction.run(LOCK_WRITING)


async def add(transaction: Transaction, values: Sequence[object]) -> Row:
    """Id, client, request, kind, whether it is a dry run, the file, the instant: the row, as it waits."""
    row = await transaction.one(ADD, *values)
    return {**(row or {}), "has_rejects": False, "suspect_columns": []}


async def read(reader: Reader, job: UUID) -> Row | None:
    row = await reader.one(READ, job)
    return {**row, **_columns(row["ignored_columns"])} if row else None


def _columns(kept: Sequence[str]) -> dict[str, list[str]]:
    """As `finish` keeps them: those that are suspect, and among all."""
    suspect = [*kept[: kept.index(_END_OF_SUSPECT)]] if _END_OF_SUSPECT in kept else []
    return {"suspect_columns": suspect, "ignored_columns": [heading for heading in kept if heading != _END_OF_SUSPECT]}


async def claim(transaction: Transaction, given_up: Mapping[str, Any]) -> ClaimedImport | None:
    """The next import, if any; one tried too often fails as `given_up` says. Waits for others who claim."""
    await transaction.run(LOCK_CLAIMING)
    row = await transaction.one(CLAIM, LEASE, orjson.dumps(given_up).decode(), MAX_ATTEMPTS)
    if row is None:
        return None
    columns: dict[str, Any] = {**row, "kind": ImportKind(row["kind"])}
    return ClaimedImport(**columns)


async def record_progress(
    reader: Reader, job: ClaimedImport, imported: int = 0, counts: LineCounts | None = None
) -> None:
    """Renew the lease. `imported` lines more are committed with the transaction that `reader` is, or were left alone by
    a dry run. Raise ClaimLost."""
    known = (counts.read, counts.unchanged, counts.rejected) if counts else (None, None, None)
    _check(await reader.one(RECORD_PROGRESS, job.id, job.claim, LEASE, imported, *known))


async def finish(
    transaction: Transaction, job: ClaimedImport, counts: LineCounts, heading: str | None, ignored: IgnoredColumns
) -> None:
    """`heading` is that of the rejected lines, if there are any. Raise ClaimLost."""
    known = counts.read, counts.unchanged, counts.rejected
    _check(await transaction.one(FINISH, job.id, job.claim, *known, heading, ignored.stored))


async def fail(reader: Reader, job: ClaimedImport, failure: Mapping[str, Any]) -> None:
    """Raise ClaimLost."""
    _check(await reader.one(FAIL, job.id, job.claim, orjson.dumps(failure).decode()))


async def release(reader: Reader, job: ClaimedImport) -> None:
    """Give it back as if it had not been tried. Raise ClaimLost."""
    _check(await reader.one(RELEASE, job.id, job.claim))


def _check(row: Row | None) -> None:
    if row is None:
        raise ClaimLost


async def delete_expired_imports(reader: Reader) -> int:
    """Forget what was asked for longer ago than its lines may be kept; return how many."""
    row = await reader.one(DELETE_EXPIRED, IMPORTS_RETENTION)
    return int(row["forgotten"]) if row else 0
