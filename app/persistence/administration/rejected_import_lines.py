"""The rejected lines of imports, found by the digests of the people they name.

A person may be anonymised while a file that names them is imported: storing lines and erasing a person take turns under
a lock, so that the second sees what the first did.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from app.persistence.engine.database import Reader, Transaction
from app.persistence.identities.identity_digests import IdentityDigester, shorten
from app.persistence.identities.identity_normalisation import adviser_id_token

LINES_PER_STATEMENT = 1_000

# Beside the sequencer's key.
LOCK_WRITING = "SELECT pg_advisory_xact_lock(7241906, 4)"

INSERT_LINES = """INSERT INTO import_reject (job_id, number, line, subjects)
SELECT $1, number, line, subjects FROM json_to_recordset($2) AS given (number integer, line text, subjects bigint[])"""

READ = """SELECT rejects_heading || string_agg(r.line, '' ORDER BY r.number) AS file
FROM import_job j JOIN import_reject r ON r.job_id = j.id
WHERE j.id = $1 AND ($2::uuid IS NULL OR j.client_id = $2) GROUP BY rejects_heading"""

FIND_ANONYMISED_SINCE = """SELECT a.id, i.digest FROM adviser a LEFT JOIN former_identity i ON i.adviser_id = a.id
WHERE a.anonymised_at >= $1"""

DELETE_LINES_ABOUT = "DELETE FROM import_reject WHERE job_id = $1 AND subjects && $2"


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """`text` as it is given back; `names` are the tokens (`identity_normalisation`) of the people it is about."""

    number: int
    text: str
    names: Collection[str]


async def lock_writing(transaction: Transaction) -> None:
    """Keep others from storing rejected lines, or erasing a person from them, until the transaction ends."""
    await transaction.run(LOCK_WRITING)


async def store_lines(
    transaction: Transaction, job: UUID, sent_at: datetime, lines: Sequence[RejectedLine], digester: IdentityDigester
) -> None:
    """Store the lines, without those about somebody anonymised since the file was sent."""
    await lock_writing(transaction)
    for start in range(0, len(lines), LINES_PER_STATEMENT):
        rows = [_row(line, digester) for line in lines[start : start + LINES_PER_STATEMENT]]
        await transaction.run(INSERT_LINES, job, orjson.dumps(rows).decode())
    anonymised = await transaction.many(FIND_ANONYMISED_SINCE, sent_at)
    if anonymised:
        subjects = {digester.short_digest(adviser_id_token(row["id"])) for row in anonymised}
        subjects |= {shorten(row["digest"]) for row in anonymised if row["digest"]}
        await transaction.run(DELETE_LINES_ABOUT, job, [*subjects])


def _row(line: RejectedLine, digester: IdentityDigester) -> dict[str, object]:
    return {"number": line.number, "line": line.text, "subjects": digester.short_digests(line.names)}


async def read_file(reader: Reader, job: UUID, asker: UUID | None = None) -> str | None:
    """The rejected lines under their headings; None when there are none, or none of the client `asker`, when there is
    one."""
    row = await reader.one(READ, job, asker)
    return row["file"] if row else None
