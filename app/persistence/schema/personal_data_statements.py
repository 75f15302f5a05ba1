"""The statements that export or erase all that is held on one adviser, made from the inventory of personal data."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, Column, DateTime, LargeBinary, Table

from app.persistence.engine.driver_types import Row
from app.persistence.schema.personal_data_inventory import InventoryEntry, erased_columns, inventory, label_of
from app.persistence.schema.tables.all_tables import metadata

ADVISER = metadata.tables["adviser"]
PERSONAL_DATA_TABLES: dict[str, tuple[Table, InventoryEntry]] = {
    table.name: (table, entry) for table, entry in inventory(metadata) if entry.rows is not None
}


def _as_json(column: Column[Any]) -> str:
    """SQL for the column as the export shows it: instants end in `Z`; bytes that are stored are JSON."""
    name = f'"{column.name}"'
    if isinstance(column.type, DateTime):
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS {name}"""
    if isinstance(column.type, LargeBinary):
        return f"convert_from({name}, 'UTF8')::json AS {name}"
    return name


def _disclosed_columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if label_of(column) is not None]


def _rows_as_json(table: Table, entry: InventoryEntry) -> str:
    columns = ", ".join(map(_as_json, _disclosed_columns(table)))
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    rows = f"SELECT {columns} FROM {table.name} WHERE {entry.rows} ORDER BY {order}"
    return f"(SELECT coalesce(json_agg(held), '[]') FROM ({rows}) held) AS {table.name}"


# The adviser, the digests of that person's tokens, and now. Not every statement uses each of them.
PARAMETERS = "WITH given AS (SELECT $1::uuid, $2::bigint[], $3::timestamptz)"
# One statement, so that everything is of one moment.
READ_EVERYTHING = f"{PARAMETERS} SELECT {', '.join(_rows_as_json(*held) for held in PERSONAL_DATA_TABLES.values())}"


def with_labels(table: Table, row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """The row by French labels; ids of clients and organisations are replaced by their `names`."""
    values = ((label_of(column), row[column.name]) for column in _disclosed_columns(table))
    return {str(label): names.get(value, value) if isinstance(value, str) else value for label, value in values}


def _erasing_assignment(column: Column[Any]) -> str:
    left, kind = column.info["leaving"], "json" if isinstance(column.type, JSON) else "text"
    value = "NULL" if left is None else f"CASE WHEN \"{column.name}\" IS NOT NULL THEN '{left}'::{kind} END"
    return f'"{column.name}" = {value}'


def _still_names(column: Column[Any]) -> str:
    """SQL for whether there is something left to erase."""
    left = column.info["leaving"]
    return f'"{column.name}" IS NOT NULL' if left is None else f"\"{column.name}\"::text <> '{left}'"


def _erasure(table: Table, entry: InventoryEntry) -> str | None:
    """SQL that erases the adviser `$1` from the table at the instant `$3`; None when it identifies nobody."""
    if entry.forgotten:
        return f"{PARAMETERS} DELETE FROM {table.name} WHERE {entry.rows}"
    columns = erased_columns(table)
    changes = [_erasing_assignment(column) for column in columns]
    named = " OR ".join(_still_names(column) for column in columns)
    if "version" in table.columns:
        changes += ["version = version + 1", "updated_at = $3"]
    if not columns:
        return None
    return f"{PARAMETERS} UPDATE {table.name} SET {', '.join(changes)} WHERE {entry.rows} AND ({named})"


ERASURES = {
    name: statement
    for name, (table, entry) in PERSONAL_DATA_TABLES.items()
    if table is not ADVISER and (statement := _erasure(table, entry)) is not None
}
ERASE_IDENTITY = f"""UPDATE adviser SET {", ".join(_erasing_assignment(column) for column in erased_columns(ADVISER))},
    anonymised_at = $2, version = version + 1, updated_at = $2 WHERE id = $1 RETURNING *"""
