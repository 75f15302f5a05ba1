"""An administrator has an e-mail sent again."""

from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import Missing
from app.persistence.engine.transactions.idempotency import Answer, find_answer, remember
from app.persistence.outbox import deliveries, messages
from app.use_cases.request_context import Asked


async def resend(database: Database, message: UUID, asked: Asked) -> Answer:
    """Whatever became of it, it is due again. Raise Missing."""
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        present = await messages.read_message(tx, message)
        if present is None:
            raise Missing("message")
        tx.concerns(message)
        if present["adviser_id"] is not None:
            tx.concerns(present["adviser_id"])
        await deliveries.replay(tx, message)
        return await remember(tx, asked.attempt, asked.worded(await messages.read_message(tx, message) or {}))
