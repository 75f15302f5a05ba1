"""Insert, update and upsert of plain resources, one table each, with a version that counts their changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.readers import Reader
from app.persistence.engine.transactions.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ResourceTable:
    """A table and the column that identifies its rows."""

    table: str
    key: str = "id"

    async def read(self, reader: Reader, value: object, *, locking: bool = False) -> Row | None:
        """One row, None when unknown; `locking` keeps others from changing it until the transaction ends."""
        lock = " FOR NO KEY UPDATE" if locking else ""
        return await reader.one(f"SELECT * FROM {self.table} WHERE {self.key} = $1{lock}", value)

    async def read_all(self, reader: Reader) -> list[Row]:
        """Every row, in the order of the key. For catalogues, which are short."""
        return await reader.many(f"SELECT * FROM {self.table} ORDER BY {self.key}")

    async def list_page(self, reader: Reader, page: PageQuery) -> PageRows:
        return await replace(page, key=self.key).fetch(reader, f"SELECT k.* FROM {self.table} k", table_alias="k")

    async def insert(self, transaction: Transaction, values: Mapping[str, Any], now: datetime) -> Row:
        """Insert version 1 and return the row."""
        columns = {**values, "version": 1, "created_at": now, "updated_at": now}
        names = ", ".join(f'"{name}"' for name in columns)
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        statement = f"INSERT INTO {self.table} ({names}) VALUES ({places}) RETURNING *"
        return await transaction.one(statement, *columns.values()) or {}

    def next_version(self, present: Row, values: Mapping[str, Any], now: datetime) -> Row:
        """The row as `values` change it; the present one when they change nothing."""
        columns = _changed_columns(present, values, now)
        return {**present, **columns} if columns else present

    async def upsert_all(self, transaction: Transaction, rows: Sequence[Row]) -> None:
        """Insert or replace these rows, each of them whole."""
        if not rows:
            return
        names = [f'"{name}"' for name in rows[0]]
        changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in names)
        await transaction.run(
            f"INSERT INTO {self.table} ({', '.join(names)}) SELECT {', '.join(names)} "
            f"FROM json_populate_recordset(NULL::{self.table}, $1) ON CONFLICT ({self.key}) DO UPDATE SET {changes}",
            orjson.dumps([dict(row) for row in rows], default=str).decode(),
        )

    async def update(self, transaction: Transaction, present: Row, values: Mapping[str, Any], now: datetime) -> Row:
        """Write the next version and return the row; the present one when `values` change nothing."""
        columns = _changed_columns(present, values, now)
        if not columns:
            return present
        changes = ", ".join(f'"{name}" = ${place}' for place, name in enumerate(columns, start=2))
        statement = f"UPDATE {self.table} SET {changes} WHERE {self.key} = $1 RETURNING *"
        return await transaction.one(statement, present[self.key], *columns.values()) or {}


def _changed_columns(present: Row, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`values` with the next version; empty when they change nothing."""
    if all(present[name] == value for name, value in values.items()):
        return {}
    return {**values, "version": present["version"] + 1, "updated_at": now}
