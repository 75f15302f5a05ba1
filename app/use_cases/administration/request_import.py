"""Store a file for the worker to import."""

from dataclasses import dataclass

from uuid_utils.compat import uuid7

from app.persistence.administration import imports
from app.persistence.administration.import_kind import ImportKind
from app.persistence.administration.imports import NewImport
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class SentFile:
    """What was sent, and what its lines are. `is_ndjson`: a JSON object on each line, a spreadsheet otherwise."""

    kind: ImportKind
    content: bytes
    dry_run: bool = False
    is_ndjson: bool = False


async def request_import(database: Database, file: SentFile, context: RequestContext) -> ReplayableResponse:
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        request = context.audit_entry.request_id if context.audit_entry else None
        asked = uuid7(), context.client, request
        job = NewImport(*asked, file.kind, file.dry_run, file.content, file.is_ndjson, context.now)
        row = await imports.add(tx, job)
        tx.add_audit_subjects(row["id"])
        return await store_response(tx, context.idempotency, context.render(row))
