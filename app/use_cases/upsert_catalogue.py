"""Keep the catalogue: modules and training organisations. Nothing decided is decided again by it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.upsert import Kept
from app.use_cases.preconditions import Expected
from app.use_cases.request_context import Asked


async def keep_row(
    database: Database, kept: Kept, key: object, values: Mapping[str, Any], *, expected: Expected, asked: Asked
) -> tuple[Row, bool]:
    """Return the row, and whether it is new. Raise Stale, PreconditionMissing."""
    async with database.transaction(trace=asked.trace) as tx:
        if isinstance(key, UUID):
            tx.concerns(key)
        present = await kept.read(tx, key, locking=True)
        if present is None:
            return await kept.insert(tx, {kept.key: key, **values}, asked.now), True
        expected.check(present["version"])
        return await kept.update(tx, present, values, asked.now), False
