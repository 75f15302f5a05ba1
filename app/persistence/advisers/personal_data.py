"""All that is held on one adviser, shown or erased: every statement is made from what the tables say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, DateTime, LargeBinary, Table

from app.persistence.administration import rejected_import_lines
from app.persistence.advisers import anonymised_advisers
from app.persistence.advisers.identity_digests import IdentityDigester, existing_digester
from app.persistence.advisers.identity_normalisation import all_tokens_of, identity_tokens
from app.persistence.engine.database import KeyedReader, Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.schema.domain_tables import metadata
from app.persistence.schema.personal_data_inventory import InventoryEntry, erased_columns, inventory, label_of

ADVISER = metadata.tables["adviser"]
PERSONAL_DATA_TABLES: dict[str, tuple[Table, InventoryEntry]] = {
    table.name: (table, holding) for table, holding in inventory(metadata) if holding.rows is not None
}
READ_NAMES = "SELECT id, name FROM client UNION ALL SELECT id, name FROM training_organisation"

FIND_INACTIVE = """SELECT a.id, a.version
FROM adviser a CROSS JOIN (SELECT $1::timestamptz - make_interval(years => $2) AS at) since
WHERE a.anonymised_at IS NULL AND a.updated_at < since.at
    AND NOT EXISTS (SELECT FROM contract c WHERE c.adviser_id = a.id AND (c.updated_at >= since.at
        OR least(coalesce(c.ends_on, 'infinity'), coalesce(c.terminated_on, 'infinity')) >= since.at::date))
    AND NOT EXISTS (SELECT FROM registration r WHERE r.adviser_id = a.id
        AND (r.updated_at >= since.at OR r.session_ends_on >= since.at::date))
    AND NOT EXISTS (SELECT FROM certification c WHERE c.adviser_id = a.id
        AND (c.updated_at >= since.at OR c."on" >= since.at::date))
    AND NOT EXISTS (SELECT FROM carry_over c WHERE c.adviser_id = a.id AND c.created_at >= since.at)
ORDER BY a.updated_at LIMIT 1"""


def _as_json(column: Column[Any]) -> str:
    """SQL for the column as JSON shows it: instants end in `Z`, and the bytes that we keep are JSON."""
    name = f'"{column.name}"'
    if isinstance(column.type, DateTime):
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS {name}"""
    if isinstance(column.type, LargeBinary):
        return f"convert_from({name}, 'UTF8')::json AS {name}"
    return name


def _disclosed_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if label_of(column) is not None]


def _rows_as_json(table: Table, holding: InventoryEntry) -> str:
    columns = ", ".join(map(_as_json, _disclosed_columns(table)))
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    rows = f"SELECT {columns} FROM {table.name} WHERE {holding.rows} ORDER BY {order}"
    return f"(SELECT coalesce(json_agg(held), '[]') FROM ({rows}) held) AS {table.name}"


# The adviser, the digests of what names that person, and now: one statement has a use for one of them, another for two.
PARAMETERS = "WITH given AS (SELECT $1::uuid, $2::bigint[], $3::timestamptz)"
# One statement: everything as of one moment.
READ_EVERYTHING = f"{PARAMETERS} SELECT {', '.join(_rows_as_json(table, holding) for table, holding in PERSONAL_DATA_TABLES.values())}"


@dataclass(frozen=True, slots=True)
class TableExport:
    """What one table holds on the adviser: rows by French labels."""

    holding: InventoryEntry
    rows: list[dict[str, Any]]


async def read_everything(reader: KeyedReader, present: Row, now: datetime) -> list[TableExport]:
    """Of the adviser whose row is `present`; clients and organisations by their names."""
    digester = await existing_digester(reader)
    subjects = digester.short_digests(all_tokens_of(present)) if digester else []
    found = await reader.one(READ_EVERYTHING, present["id"], subjects, now) or {}
    names = {str(row["id"]): row["name"] for row in await reader.many(READ_NAMES)}
    return [
        TableExport(holding, [_with_labels(table, row, names) for row in orjson.loads(found[name])])
        for name, (table, holding) in PERSONAL_DATA_TABLES.items()
    ]


def _with_labels(table: Table, row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    values = ((label_of(column), row[column.name]) for column in _disclosed_columns(table))
    return {str(label): names.get(value, value) if isinstance(value, str) else value for label, value in values}


def _erasing_assignment(column: Column[Any]) -> str:
    left = column.info["leaving"]
    value = "NULL" if left is None else f"CASE WHEN \"{column.name}\" IS NOT NULL THEN '{left}' END"
    return f'"{column.name}" = {value}'


def _still_names(column: Column[Any]) -> str:
    """SQL for whether there is anything left to erase."""
    left = column.info["leaving"]
    return f'"{column.name}" IS NOT NULL' if left is None else f"\"{column.name}\" <> '{left}'"


def _erasure(table: Table, holding: InventoryEntry) -> str | None:
    """What it takes to erase the adviser `$1` from the table, at the instant `$3`; None when it names nobody."""
    if holding.forgotten:
        return f"{PARAMETERS} DELETE FROM {table.name} WHERE {holding.rows}"
    columns = erased_columns(table)
    changes = [_erasing_assignment(column) for column in columns]
    named = " OR ".join(_still_names(column) for column in columns)
    if "version" in table.columns:
        changes += ["version = version + 1", "updated_at = $3"]
    if not columns:
        return None
    return f"{PARAMETERS} UPDATE {table.name} SET {', '.join(changes)} WHERE {holding.rows} AND ({named})"


ERASURES = {
    name: statement
    for name, (table, holding) in PERSONAL_DATA_TABLES.items()
    if table is not ADVISER and (statement := _erasure(table, holding)) is not None
}
ERASE_IDENTITY = f"""UPDATE adviser SET {", ".join(_erasing_assignment(column) for column in erased_columns(ADVISER))},
    anonymised_at = $2, version = version + 1, updated_at = $2 WHERE id = $1 RETURNING *"""


async def erase(transaction: Transaction, present: Row, digester: IdentityDigester, now: datetime) -> Row:
    """Take whatever names the adviser out of every table; return the adviser's row. Whose row, `present`, must be
    locked. Digests stay, by which whoever comes back is recognised."""
    adviser = present["id"]
    await rejected_import_lines.lock_writing(transaction)
    identity = {kind: digester.digest(name) for kind, name in identity_tokens(present).items()}
    await anonymised_advisers.store_identity(transaction, adviser, identity, now)
    subjects = digester.short_digests(all_tokens_of(present))
    for statement in ERASURES.values():
        await transaction.run(statement, adviser, subjects, now)
    return await transaction.one(ERASE_IDENTITY, adviser, now) or {}


async def find_inactive(reader: Reader, now: datetime, years: int) -> Row | None:
    """The id and version of an adviser without a contract that runs, of whom nothing was written or happened for so
    many years; None when there is none left."""
    return await reader.one(FIND_INACTIVE, now, years)
