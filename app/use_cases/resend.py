"""An administrator has an e-mail sent again."""

from uuid import UUID

from app.persistence import deliveries, messages
from app.persistence.attempts import Answer, find_answer, remember
from app.persistence.database import Database
from app.persistence.locks import Missing
from app.use_cases.asked import Asked


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
