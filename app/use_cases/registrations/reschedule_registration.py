"""Move the session of a registration: it is decided again, its unit chosen afresh (section 4.5)."""

from collections.abc import Callable
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.events import EventType, event_type_of_change
from app.domain.facts.plausible_dates import check_first_day
from app.domain.facts.session import Session
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import registrations
from app.use_cases.changes.change_sets import ChangeSet, DirectChange, data_after_the_fact
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.preconditions import Precondition
from app.use_cases.registrations.session_venue import Venue, venue_of
from app.use_cases.request_context import RequestContext


async def reschedule(
    database: Database,
    registration: UUID,
    moved_session: Callable[[Session, Venue], tuple[Session, Venue]],
    precondition: Precondition,
    context: RequestContext,
    *,
    regularisation: bool,
) -> ReplayableResponse:
    """`moved_session` makes the new session and venue of the present ones. `regularisation`: the new session has
    started, and the past is recorded.

    Raise NotFound, PreconditionFailed, PreconditionRequired, InvalidTransition, SessionStarted, ImplausibleDate,
    RegularisationNeeded, DuplicateRegistration.
    """
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        present = snapshot.registration()
        precondition.check(present.version)
        former = venue_of(snapshot.registration_row or {})
        session, venue = moved_session(present.request.session, former)
        check_first_day("/session/starts_on", session.starts_on, snapshot.policies, context.today)
        moved = present.rescheduled(session, today=context.today, regularisation=regularisation)
        cascade = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(moved, Cause.RESCHEDULED)
        cascade = apply_consequences(cascade, snapshot.file, today=context.today, apart_from=moved.id)
        outcome = event_type_of_change(present, cascade.registration(moved.id))
        event_types, data = (EventType.REGISTRATION_RESCHEDULED, outcome), data_after_the_fact(moved.first_day, context)
        change = DirectChange(moved.id, event_types, snapshot.registration_row, venue.columns(), data)
        if venue != former:
            await registrations.change_venue(tx, moved.id, venue.place, venue.reference)
        return await write_direct_change(tx, ChangeSet(snapshot.file, cascade, context, (change,)))
