"""Decide a refused registration again, on the adviser's notice that the file is in order (R6)."""

from uuid import UUID

from app.domain.decisions.decision_cascade import Cause, Proceedings
from app.domain.events import EventType, decision_event
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Deed, conclude_deed


async def reexamine(database: Database, registration: UUID, asked: Asked, *, employer_agreement: bool) -> Answer:
    """The notice may bring the employer's agreement. Both the notice and the outcome are told.

    Raise Missing, InvalidTransition, DuplicateRegistration.
    """
    lock = asked.lock_of(registration)
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        notified = dossier.registration().notified(employer_agreement=employer_agreement)
        proceedings = Proceedings(dossier.file, dossier.policies).ruled(notified, Cause.RE_EXAMINATION)
        proceedings = proceedings.settled(dossier.file, today=asked.today, apart_from=notified.id)
        outcome = decision_event(proceedings.registration(notified.id))
        told = (EventType.REGISTRATION_REGULARISATION_NOTIFIED, outcome)
        return await conclude_deed(tx, dossier.file, proceedings, Deed(notified.id, told, dossier.target), asked)
