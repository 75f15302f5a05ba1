"""Carry-overs: decided once, never changed."""

from collections.abc import Mapping
from typing import Any

from app.persistence.database import Transaction
from app.persistence.driver import Row

ADD = """INSERT INTO carry_over (id, adviser_id, bucket, units, motive, decided_on, decided_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *"""


async def add(transaction: Transaction, values: Mapping[str, Any]) -> Row:
    """Add a row of these columns, in the table's order."""
    return await transaction.one(ADD, *values.values()) or {}
