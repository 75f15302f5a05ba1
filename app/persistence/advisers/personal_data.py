"""All that is held on one adviser, exported or erased.

The statements are imported when first needed: they are made from SQLAlchemy's tables, which take longer to import than
all else that serves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.persistence.administration import rejected_import_lines
from app.persistence.engine.database import KeyedReader, Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.identities import anonymised_advisers
from app.persistence.identities.identity_digests import IdentityDigester, existing_digester
from app.persistence.identities.identity_normalisation import all_tokens_of, identity_tokens

READ_NAMES = "SELECT id, name FROM client UNION ALL SELECT id, name FROM training_organisation"

# The next advisers in the order of their ids, however few of them are inactive: `reached` is the last one looked at.
FIND_INACTIVE = """WITH since AS (
    SELECT $1::timestamptz - make_interval(years => $2) AS at
), looked_at AS MATERIALIZED (
    SELECT id, version, anonymised_at, updated_at FROM adviser WHERE id > $3 ORDER BY id LIMIT $4
), inactive AS (
    SELECT a.id, a.version FROM looked_at a CROSS JOIN since WHERE a.anonymised_at IS NULL AND a.updated_at < since.at
        AND NOT EXISTS (SELECT FROM contract c WHERE c.adviser_id = a.id AND (c.updated_at >= since.at OR
            least(coalesce(c.ends_on, 'infinity'), coalesce(c.terminated_on, 'infinity')) >= since.at::date) OFFSET 0)
        AND NOT EXISTS (SELECT FROM registration r WHERE r.adviser_id = a.id
            AND (r.updated_at >= since.at OR r.session_ends_on >= since.at::date) OFFSET 0)
        AND NOT EXISTS (SELECT FROM certification c WHERE c.adviser_id = a.id
            AND (c.updated_at >= since.at OR c."on" >= since.at::date) OFFSET 0)
        AND NOT EXISTS (SELECT FROM carry_over c WHERE c.adviser_id = a.id AND c.created_at >= since.at OFFSET 0)
        AND NOT EXISTS (SELECT FROM support_request s WHERE s.adviser_id = a.id AND s.updated_at >= since.at OFFSET 0)
    ORDER BY a.id LIMIT 1
)
SELECT i.id, i.version, coalesce(i.id, (SELECT l.id FROM looked_at l ORDER BY l.id DESC LIMIT 1)) AS reached
FROM (SELECT) one LEFT JOIN inactive i ON true"""
LOOKED_AT_PER_STATEMENT = 1_000  # advisers


@dataclass(frozen=True, slots=True)
class TableExport:
    """What one table holds on the adviser, why and for how long, in French; `rows` are by French labels."""

    title: str
    purpose: str
    kept_for: str
    rows: list[dict[str, Any]]


async def read_everything(reader: KeyedReader, present: Row, now: datetime) -> list[TableExport]:
    """Export all that is held on the adviser whose row is `present`, with clients and organisations by their names."""
    from app.persistence.schema import personal_data_statements as statements  # noqa: PLC0415  # see the module

    digester = await existing_digester(reader)
    subjects = digester.short_digests(all_tokens_of(present)) if digester else []
    found = await reader.one(statements.READ_EVERYTHING, present["id"], subjects, now) or {}
    names = {str(row["id"]): row["name"] for row in await reader.many(READ_NAMES)}
    return [
        TableExport(
            entry.title,
            entry.purpose,
            entry.kept_for,
            [statements.with_labels(table, row, names) for row in orjson.loads(found[name])],
        )
        for name, (table, entry) in statements.PERSONAL_DATA_TABLES.items()
    ]


async def erase(transaction: Transaction, present: Row, digester: IdentityDigester, now: datetime) -> Row:
    """Erase what identifies the adviser from every table, and return the adviser's new row; the present one must be
    locked. Digests stay, by which the person is recognised on return."""
    from app.persistence.schema import personal_data_statements as statements  # noqa: PLC0415  # see the module

    adviser = present["id"]
    await rejected_import_lines.lock_writing(transaction)
    identity = {kind: digester.digest(name) for kind, name in identity_tokens(present).items()}
    await anonymised_advisers.store_identity(transaction, adviser, identity, now)
    subjects = digester.short_digests(all_tokens_of(present))
    for statement in statements.ERASURES.values():
        await transaction.run(statement, adviser, subjects, now)
    return await transaction.one(statements.ERASE_IDENTITY, adviser, now) or {}


async def find_inactive(reader: Reader, now: datetime, years: int, after: UUID) -> Row:
    """Look at the next advisers after this one for one without a current contract, of whom nothing was recorded or
    happened for so many years: `id` and `version`, None when none is found among them. `reached` is the last one that
    was looked at, None when no adviser follows."""
    return await reader.one(FIND_INACTIVE, now, years, after, LOOKED_AT_PER_STATEMENT) or {}
