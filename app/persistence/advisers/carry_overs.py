"""Carry-overs of unused entitlements: decided once with their window, never changed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row

ADD = """INSERT INTO carry_over (id, adviser_id, bucket, units, motive, decided_on, decided_by, created_at, valid_from,
    valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *"""


async def add(transaction: Transaction, values: Mapping[str, Any]) -> Row:
    """Insert these columns, in the order of the statement; return the row."""
    return await transaction.one(ADD, *values.values()) or {}


async def read_all(reader: Reader, adviser: UUID) -> list[Row]:
    """The carry-overs of the adviser, oldest first."""
    return await reader.many("SELECT * FROM carry_over WHERE adviser_id = $1 ORDER BY created_at, id", adviser)
