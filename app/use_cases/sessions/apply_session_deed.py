"""What a deed on a session changes in one registration: moved, convened, cancelled (section 5ter)."""

from datetime import date

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.errors import DuplicateRegistration
from app.domain.events import EventType, event_type_of_change
from app.domain.facts.registration import OPEN, Registration
from app.domain.facts.registration_terms import CancellationCause, Chooser, RegistrationId, Seat, Status
from app.persistence.advisers.adviser_files import AdviserSnapshot
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.request_context import RequestContext

CHECKED = date.min  # that the session had not begun was checked when its move was asked for


def summon(snapshot: AdviserSnapshot, registration: RegistrationId, context: RequestContext) -> ChangeSet | None:
    """Whoever has a seat is convened; None for whoever has none."""
    present = snapshot.registration(registration)
    if present.status is not Status.ACCEPTED or present.seat is not Seat.SEATED:
        return None
    cascade = DecisionCascade(snapshot.file, snapshot.policies)
    change = DirectChange(present.id, (EventType.SESSION_CONFIRMED,), snapshot.registration_row)
    return ChangeSet(snapshot.file, cascade, context, (change,))


def cancel_with_session(
    snapshot: AdviserSnapshot, present: Registration, cause: CancellationCause, day: date, context: RequestContext
) -> ChangeSet | None:
    """Cancelled on `day`, which is that of the deed: its right is given back. One message tells why. None when it was
    over already."""
    if present.status not in OPEN:
        return None
    cancelled = present.cancelled_with_session()
    cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(cancelled)
    cascade = apply_consequences(cascade, snapshot.file, today=context.today, day=day, apart_from=cancelled.id)
    told = EventType.REGISTRATION_CANCELLED
    if cause is CancellationCause.SESSION_CANCELLED:
        told = EventType.SESSION_CANCELLED
    change = DirectChange(
        cancelled.id,
        tuple(dict.fromkeys((EventType.REGISTRATION_CANCELLED, told))),
        snapshot.registration_row,
        {"cancelled_on": day, "motive": cause.value},
        {"cancelled_because": cause, "chosen_by": Chooser(context.client.role)},
        unmailed=frozenset({EventType.REGISTRATION_CANCELLED} - {told}),
    )
    return ChangeSet(snapshot.file, cascade, context, (change,))


def move_with_session(
    snapshot: AdviserSnapshot, registration: RegistrationId, day: date, context: RequestContext
) -> ChangeSet | None:
    """Decided again on the session's present days; `day` is that of the deed. When only the place or the hours differ,
    told. One that another registration to the module stands in the way of is cancelled. None when it is over."""
    present, read = snapshot.registration(registration), snapshot.session
    if read is None or present.status not in {*OPEN, Status.REFUSED}:
        return None
    session = read.published.session
    cascade = DecisionCascade(snapshot.file, snapshot.policies)
    event_types: tuple[EventType | None, ...] = (EventType.SESSION_MOVED,)
    if session != present.request.session:
        moved = present.rescheduled(session, today=CHECKED, regularisation=True)
        try:
            cascade = cascade.decide_registration(moved, Cause.RESCHEDULED)
        except DuplicateRegistration:
            return cancel_with_session(snapshot, present, CancellationCause.DUPLICATE_REGISTRATION, day, context)
        cascade = apply_consequences(cascade, snapshot.file, today=context.today, apart_from=moved.id)
        outcome = event_type_of_change(present, cascade.registration(moved.id))
        event_types = (EventType.REGISTRATION_RESCHEDULED, outcome, EventType.SESSION_MOVED)
    unmailed = frozenset(event for event in event_types[:-1] if event is not None)
    change = DirectChange(present.id, event_types, snapshot.registration_row, unmailed=unmailed)
    return ChangeSet(snapshot.file, cascade, context, (change,))
