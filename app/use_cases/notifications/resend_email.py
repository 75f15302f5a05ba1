"""Send an e-mail again, as an administrator asks."""

from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.persistence.outbox import deliveries, messages
from app.use_cases.request_context import RequestContext


async def resend(database: Database, message: UUID, context: RequestContext) -> ReplayableResponse:
    """Make an e-mail in any state due again. Raise NotFound."""
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        present = await messages.read_message(tx, message)
        if present is None:
            raise NotFound("message")
        tx.add_audit_subjects(message)
        if present["adviser_id"] is not None:
            tx.add_audit_subjects(present["adviser_id"])
        await deliveries.replay(tx, message)
        row = await messages.read_message(tx, message) or {}
        return await store_response(tx, context.idempotency, context.render(row))
