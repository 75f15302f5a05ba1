"""Store a spreadsheet for the worker to import."""

from uuid_utils.compat import uuid7

from app.persistence.administration import imports
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.request_context import RequestContext


async def request_import(
    database: Database, kind: ImportKind, content: bytes, context: RequestContext, *, dry_run: bool
) -> ReplayableResponse:
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        request = context.audit_entry.request_id if context.audit_entry else None
        values = (uuid7(), context.client.id, request, kind, dry_run, content, context.now)
        row = await imports.add(tx, values)
        tx.add_audit_subjects(row["id"])
        return await store_response(tx, context.idempotency, context.render(row))
