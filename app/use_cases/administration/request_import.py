"""Leave a spreadsheet to be imported: the worker will."""

from uuid_utils.compat import uuid7

from app.persistence.administration import imports
from app.persistence.administration.imports import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer, find_answer, remember
from app.use_cases.request_context import Asked


async def ask_for_import(
    database: Database, kind: ImportKind, content: bytes, asked: Asked, *, dry_run: bool
) -> Answer:
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        request = asked.trace.request_id if asked.trace else None
        values = (uuid7(), asked.client.id, request, kind, dry_run, content, asked.now)
        row = await imports.add(tx, values)
        tx.concerns(row["id"])
        return await remember(tx, asked.attempt, asked.worded(row))
