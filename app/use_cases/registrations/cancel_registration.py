"""Cancel a registration before its first day: its unit goes to whoever waits (section 5)."""

from datetime import date
from uuid import UUID

from app.domain.decisions.decision_cascade import Proceedings
from app.domain.events import EventType
from app.domain.facts.registration import Chooser
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Deed, conclude_deed


async def cancel(database: Database, registration: UUID, on: date | None, motive: str | None, asked: Asked) -> Answer:
    """`on` defaults to today in Paris. Raise Missing, InvalidTransition, SessionStarted."""
    lock, cancelled_on = asked.lock_of(registration), on or asked.today
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        cancelled = dossier.registration().cancelled(cancelled_on)
        proceedings = Proceedings(dossier.file, dossier.policies).having(cancelled)
        proceedings = proceedings.settled(dossier.file, today=asked.today, apart_from=cancelled.id)
        columns, said = {"cancelled_on": cancelled_on, "motive": motive}, {"chosen_by": Chooser(asked.client.role)}
        deed = Deed(cancelled.id, (EventType.REGISTRATION_CANCELLED,), dossier.target, columns, said)
        return await conclude_deed(tx, dossier.file, proceedings, deed, asked)
