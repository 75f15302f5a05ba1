"""Decide a refused registration again, when the adviser gives notice that the file is in order (R6)."""

from uuid import UUID

from app.domain.decisions.decision_consequences import Cause, DecisionCascade
from app.domain.events import EventType, event_type_of_decision
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet, DirectChange, write_direct_change


async def reexamine(
    database: Database, registration: UUID, context: RequestContext, *, employer_agreement: bool
) -> ReplayableResponse:
    """The notice may bring the employer's agreement. Both the notice and the outcome are announced.

    Raise NotFound, InvalidTransition, DuplicateRegistration.
    """
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        notified = snapshot.registration().with_adviser_notice(employer_agreement=employer_agreement)
        cascade = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(notified, Cause.RE_EXAMINATION)
        cascade = cascade.apply_consequences(snapshot.file, today=context.today, apart_from=notified.id)
        outcome = event_type_of_decision(cascade.registration(notified.id))
        event_types = (EventType.REGISTRATION_REGULARISATION_NOTIFIED, outcome)
        change = DirectChange(notified.id, event_types, snapshot.registration_row)
        return await write_direct_change(tx, ChangeSet(snapshot.file, cascade, context, (change,)))
