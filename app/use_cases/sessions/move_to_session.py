"""Move a registration to a published session, or to another one: it is decided again and takes a seat there."""

from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.events import EventType, event_type_of_change
from app.domain.facts.plausible_dates import check_first_day
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import registrations
from app.use_cases.changes.change_sets import ChangeSet, DirectChange, data_after_the_fact
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.errors import MismatchedFields, UnknownReference
from app.use_cases.preconditions import Precondition
from app.use_cases.registrations.session_venue import Venue
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.register_in_session import on_the_session_as_it_is


async def move_to_session(
    database: Database,
    registration: UUID,
    session: UUID,
    precondition: Precondition,
    context: RequestContext,
    *,
    regularisation: bool,
) -> ReplayableResponse:
    """`regularisation`: the new session has started, and the past is recorded.

    Raise NotFound, PreconditionFailed, PreconditionRequired, UnknownReference, MismatchedFields, InvalidTransition,
    SessionStarted, SessionCancelled, SessionClosed, ImplausibleDate, RegularisationNeeded, DuplicateRegistration.
    """
    lock = context.lock_of(registration)

    async def move() -> ReplayableResponse:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency, session=session)
            precondition.check(snapshot.registration().version)
            return await write_direct_change(tx, await _moved(tx, snapshot, context, regularisation=regularisation))

    return await on_the_session_as_it_is(move)


async def _moved(
    tx: Transaction, snapshot: AdviserSnapshot, context: RequestContext, *, regularisation: bool
) -> ChangeSet:
    present, read = snapshot.registration(), snapshot.session
    if read is None:
        raise UnknownReference("/session_id")
    published, request = read.published, present.request
    if (published.module, published.organisation) != (request.module.code, request.organisation.id):
        raise MismatchedFields("/session_id")
    published.check_registration(context.today, regularisation=regularisation)
    check_first_day("/session_id", published.session.starts_on, snapshot.policies, context.today)
    moved = present.rescheduled(published.session, today=context.today, regularisation=regularisation)
    cascade = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(moved, Cause.RESCHEDULED)
    cascade = apply_consequences(cascade, snapshot.file, today=context.today, apart_from=moved.id)
    event_types = EventType.REGISTRATION_RESCHEDULED, event_type_of_change(present, cascade.registration(moved.id))
    venue, data = Venue(read.place, read.reference), data_after_the_fact(moved.first_day, context)
    await registrations.change_venue(tx, moved.id, venue.place, venue.reference)
    change = DirectChange(
        moved.id, event_types, snapshot.registration_row, venue.columns(), data, session_version=read.version
    )
    return ChangeSet(snapshot.file, cascade, context, (change,))
