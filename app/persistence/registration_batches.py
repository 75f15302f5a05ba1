"""Several registrations of several advisers in two statements: one reads their files, one writes what was decided.

A statement costs more than its rows: a registration by itself takes four round trips and about 1 ms of PostgreSQL,
one of sixteen that share two round trips 0.25 ms (docs/decisions/registrations-in-batches.md).

Nothing is locked while it is decided. The statement that writes takes the locks, and writes only for advisers whose
file has the version that was read: whoever locks a file raises it (adviser_locks.LOCK_ADVISER). A file that somebody
holds is not waited for, so that no two batches can wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from app.domain.facts.module import ModuleCode
from app.persistence.advisers.adviser_file_statements import FILE_JSON
from app.persistence.catalogue import MODULE_FACTS, ORGANISATION_FACTS
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER
from app.persistence.engine.transactions.audit_entries import AUDIT_COLUMNS, AuditEntry
from app.persistence.engine.transactions.change_watermark import LOCK_CLASS, MARGIN, lock_seconds
from app.persistence.engine.transactions.commits import write_at_once
from app.persistence.engine.transactions.idempotency import (
    RESPONSE_COLUMNS,
    IdempotentRequest,
    ReplayableResponse,
    row_values,
)
from app.persistence.registrations.registrations import DECISION_COLUMNS, EVENT_COLUMNS, REGISTRATION_COLUMNS, Changes

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

# Nobody who was anonymised, nothing under a key that was used: that is for a transaction to explain. OFFSET keeps the
# planner from reading all keys for a few requests.
READ = f"""SELECT asked.place, {FILE_JSON} AS file, a.file_version,
    (SELECT array_agg(version) FROM policy) AS policy_versions,
    (SELECT {MODULE_FACTS} FROM module m WHERE m.code = asked.module) AS module,
    (SELECT {ORGANISATION_FACTS} FROM training_organisation o WHERE o.id = asked.organisation) AS organisation
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[])
    WITH ORDINALITY AS asked(adviser, module, organisation, client, key, place)
JOIN adviser a ON a.id = asked.adviser AND a.anonymised_at IS NULL
WHERE NOT EXISTS (SELECT FROM idempotency i WHERE i.client_id = asked.client AND i.key = asked.key OFFSET 0)"""


def _insert(table: str, columns: Sequence[str], parameter: str, adviser: str = "given.adviser_id") -> str:
    """SQL that inserts those rows of a JSON array whose adviser is held."""
    values = ", ".join(f"given.{column}" for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "
        f"FROM json_populate_recordset(NULL::{table}, {parameter}) given JOIN held ON held.id = {adviser}"
    )


# As a transaction opens: the instant is held, then compared with the clock (CASE keeps this order); the keys are tried;
# the advisers are locked.
WRITE = f"""WITH decided AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[]) AS decided(adviser_id, file_version, key_lock)
    WHERE CASE WHEN (SELECT pg_advisory_xact_lock_shared({LOCK_CLASS}, $4)) IS NOT NULL
        THEN clock_timestamp() < $5 ELSE false END
), held AS MATERIALIZED (
    SELECT a.id FROM decided JOIN adviser a ON a.id = decided.adviser_id AND a.file_version = decided.file_version
    WHERE a.anonymised_at IS NULL AND pg_try_advisory_xact_lock(decided.key_lock)
    FOR NO KEY UPDATE OF a SKIP LOCKED
), raised AS ({LOCK_ADVISER} FROM held WHERE adviser.id = held.id),
registrations AS ({_insert("registration", REGISTRATION_COLUMNS, "$6")}),
decisions AS ({_insert("decision", DECISION_COLUMNS, "$7")}),
events AS ({_insert("outbox", EVENT_COLUMNS, "$8")}),
audit_entries AS ({_insert("audit_log", AUDIT_COLUMNS, "$9", "given.subject_ids[1]")}),
responses AS (
    INSERT INTO idempotency ({RESPONSE_COLUMNS}) SELECT {RESPONSE_COLUMNS}
    FROM unnest($1::uuid[], $10::uuid[], $11::text[], $12::bytea[], $13::smallint[], $14::json[], $15::bytea[],
        $16::timestamptz[]) AS given(adviser_id, {RESPONSE_COLUMNS})
    JOIN held ON held.id = given.adviser_id
)
SELECT id FROM held"""


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Whose file is asked for, and what beside it; under which key."""

    adviser: UUID
    module: ModuleCode
    organisation: UUID
    idempotency: IdempotentRequest


@dataclass(frozen=True, slots=True)
class DecidedRegistration:
    """A new registration decided on `file_version` of its adviser's file: the rows to write, the response to store."""

    adviser: UUID
    file_version: int
    registration: UUID
    changes: Changes
    response: ReplayableResponse
    idempotency: IdempotentRequest
    audit_entry: AuditEntry


async def read_files(connection: AsyncpgConnection, requests: Sequence[FileRequest]) -> list[Row]:
    """A row for `adviser_files.snapshot_of` for each request that may be carried out in a batch; its `place` counts
    from 1."""
    return await connection.fetch(
        READ,
        [each.adviser for each in requests],
        [each.module for each in requests],
        [each.organisation for each in requests],
        [each.idempotency.client_id for each in requests],
        [each.idempotency.key for each in requests],
    )


async def write(
    connection: AsyncpgConnection, batch: Sequence[DecidedRegistration], *, is_timed: bool
) -> frozenset[UUID]:
    """Write and commit what was decided on files that are as they were read; return their advisers. The others were
    changed, or are being changed, and nothing of them is written.

    An adviser and a key may occur once. `is_timed`: nothing is written whose instant has become too old. Raise
    CommitOutcomeUnknown, and what the server says against any of them: then none is written.
    """
    earliest = min(each.audit_entry.at for each in batch)
    audit_rows = [each.audit_entry.row([each.adviser, each.registration]) for each in batch]
    responses = zip(*(row_values(each.idempotency, each.response) for each in batch), strict=True)
    rows = await write_at_once(
        connection,
        WRITE,
        [each.adviser for each in batch],
        [each.file_version for each in batch],
        [each.idempotency.lock_key for each in batch],
        lock_seconds(earliest),
        earliest + MARGIN if is_timed else END_OF_TIME,
        *Changes.together(each.changes for each in batch).as_json(),
        orjson.dumps(audit_rows, default=str).decode(),
        *([*column] for column in responses),
    )
    return frozenset(row["id"] for row in rows)
