"""Move the session of a registration: it is decided again, its unit chosen afresh (section 4.5)."""

from collections.abc import Callable
from uuid import UUID

from app.domain.decisions.decision_cascade import Cause, Proceedings
from app.domain.events import EventType, outcome_of
from app.domain.facts.session import Session
from app.persistence import registrations
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import Answer
from app.use_cases.preconditions import Expected
from app.use_cases.registrations.session_venue import Venue, venue_of
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Deed, conclude_deed


async def reschedule(
    database: Database,
    registration: UUID,
    moved_session: Callable[[Session, Venue], tuple[Session, Venue]],
    expected: Expected,
    asked: Asked,
) -> Answer:
    """`moved_session` gives the new session and its venue from the present ones.

    Raise Missing, Stale, PreconditionMissing, InvalidTransition, SessionStarted, DuplicateRegistration.
    """
    lock = asked.lock_of(registration)
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        dossier = await read_dossier(tx, lock, attempt=asked.attempt)
        present = dossier.registration()
        expected.check(present.version)
        former = venue_of(dossier.target or {})
        session, venue = moved_session(present.request.session, former)
        moved = present.moved(session, today=asked.today)
        proceedings = Proceedings(dossier.file, dossier.policies).ruled(moved, Cause.RESCHEDULED)
        proceedings = proceedings.settled(dossier.file, today=asked.today, apart_from=moved.id)
        outcome = outcome_of(present, proceedings.registration(moved.id))
        deed = Deed(moved.id, (EventType.REGISTRATION_RESCHEDULED, outcome), dossier.target, venue.columns())
        if venue != former:
            await registrations.relocate(tx, moved.id, venue.place, venue.reference)
        return await conclude_deed(tx, dossier.file, proceedings, deed, asked)
