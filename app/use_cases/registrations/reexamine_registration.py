"""Decide a refused registration again, on the adviser's notice that the file is in order (R6)."""

from uuid import UUID

from app.domain.decisions.decision_cascade import Cause, DecisionCascade
from app.domain.events import EventType, event_type_of_decision
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext
from app.use_cases.write_outcome import DirectChange, write_direct_change


async def reexamine(
    database: Database, registration: UUID, context: RequestContext, *, employer_agreement: bool
) -> ReplayableResponse:
    """The notice may bring the employer's agreement. Both the notice and the outcome are told.

    Raise Missing, InvalidTransition, DuplicateRegistration.
    """
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        notified = snapshot.registration().with_adviser_notice(employer_agreement=employer_agreement)
        proceedings = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(
            notified, Cause.RE_EXAMINATION
        )
        proceedings = proceedings.apply_consequences(snapshot.file, today=context.today, apart_from=notified.id)
        outcome = event_type_of_decision(proceedings.registration(notified.id))
        told = (EventType.REGISTRATION_REGULARISATION_NOTIFIED, outcome)
        return await write_direct_change(
            tx, snapshot.file, proceedings, DirectChange(notified.id, told, snapshot.registration_row), context
        )
