"""Record attendance, and its effect on the right (R17)."""

from uuid import UUID

from app.domain.decisions.decision_cascade import Proceedings
from app.domain.events import EventType
from app.domain.facts.registration import Attendance
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Deed, conclude_deed


async def attend(
    database: Database, registration: UUID, outcome: Attendance, motive: str | None, asked: Asked
) -> Answer:
    """A justified absence gives the unit to whoever waits; a missed initial training has the others decided again.

    Raise Missing, InvalidTransition, SessionNotStarted.
    """
    lock = asked.lock_of(registration)
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        present = dossier.registration()
        consumes = dossier.policies.on(present.first_day).unjustified_absence_consumes
        attended = present.attended(outcome, today=asked.today, absence_consumes=consumes)
        proceedings = Proceedings(dossier.file, dossier.policies).having(attended)
        proceedings = proceedings.settled(dossier.file, today=asked.today, apart_from=attended.id)
        completed = outcome is Attendance.COMPLETED
        told = EventType.REGISTRATION_COMPLETED if completed else EventType.REGISTRATION_ABSENCE_RECORDED
        deed = Deed(attended.id, (told,), dossier.target, {"motive": motive})
        return await conclude_deed(tx, dossier.file, proceedings, deed, asked)
