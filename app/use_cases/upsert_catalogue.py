"""Create or change a module or a training organisation. Nothing decided is decided again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.upsert import ResourceTable
from app.use_cases.preconditions import Precondition
from app.use_cases.request_context import RequestContext


async def upsert_row(
    database: Database,
    table: ResourceTable,
    key: object,
    values: Mapping[str, Any],
    *,
    precondition: Precondition,
    context: RequestContext,
) -> tuple[Row, bool]:
    """Return the row, and whether it is new. Raise PreconditionFailed, PreconditionRequired."""
    async with database.transaction(audit_entry=context.audit_entry) as tx:
        if isinstance(key, UUID):
            tx.add_audit_subjects(key)
        present = await table.read(tx, key, locking=True)
        if present is None:
            return await table.insert(tx, {table.key: key, **values}, context.now), True
        precondition.check(present["version"])
        return await table.update(tx, present, values, context.now), False
