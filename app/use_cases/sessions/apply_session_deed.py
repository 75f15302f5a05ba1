"""What a deed on a session changes in one registration: moved, convened, cancelled (section 5ter)."""

from datetime import date

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.errors import DuplicateRegistration
from app.domain.events import EventType, event_type_of_change
from app.domain.facts.registration import OPEN, Registration
from app.domain.facts.registration_terms import CancellationCause, Chooser, Seat, Status
from app.persistence.advisers.adviser_files import AdviserSnapshot, SessionSnapshot
from app.use_cases.changes.change_sets import ChangeSet, DirectChange, data_after_the_fact
from app.use_cases.request_context import RequestContext

CHECKED = date.min  # that the session had not begun was checked when its move was asked for


def summon(snapshot: AdviserSnapshot, context: RequestContext) -> ChangeSet | None:
    """Whoever has a seat is convened; None for whoever has none."""
    present = snapshot.registration()
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
    if present.status not in {*OPEN, Status.REFUSED}:
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
    snapshot: AdviserSnapshot, day: date, context: RequestContext, *, tells: bool
) -> ChangeSet | None:
    """Decided again on the session's present days; `day` is that of the deed. When only the place or the hours differ,
    told; when that is nobody's concern (`tells`), a version more. None when it is over, or the session cancelled."""
    present, read = snapshot.registration(), snapshot.session
    if read is None or read.published.is_cancelled or present.status not in {*OPEN, Status.REFUSED}:
        return None
    if read.published.session != present.request.session:
        return _moved(snapshot, present, read, day, context)
    cascade = DecisionCascade(snapshot.file, snapshot.policies)
    event_type = EventType.SESSION_MOVED if tells else None
    return ChangeSet(
        snapshot.file, cascade, context, (DirectChange(present.id, (event_type,), snapshot.registration_row),)
    )


def _moved(
    snapshot: AdviserSnapshot, present: Registration, read: SessionSnapshot, day: date, context: RequestContext
) -> ChangeSet | None:
    """The session must still be as it was read when this is written. Where another registration to the module stands
    in the way, an open one is cancelled, and a refused one follows its session, not decided again."""
    session, cascade = read.published.session, DecisionCascade(snapshot.file, snapshot.policies)
    moved = present.rescheduled(session, today=CHECKED, regularisation=True)
    if present.status is Status.REFUSED and _another_takes_part(snapshot, present):
        return _followed(snapshot, moved, read, context)
    try:
        cascade = cascade.decide_registration(moved, Cause.RESCHEDULED)
    except DuplicateRegistration:
        if present.status is Status.REFUSED:
            return _followed(snapshot, moved, read, context)
        return cancel_with_session(snapshot, present, CancellationCause.DUPLICATE_REGISTRATION, day, context)
    cascade = apply_consequences(cascade, snapshot.file, today=context.today, apart_from=moved.id)
    outcome = event_type_of_change(present, cascade.registration(moved.id))
    change = DirectChange(
        present.id,
        (EventType.REGISTRATION_RESCHEDULED, outcome, EventType.SESSION_MOVED),
        snapshot.registration_row,
        event_data=data_after_the_fact(moved.first_day, context),
        unmailed=frozenset({EventType.REGISTRATION_RESCHEDULED, *((outcome,) if outcome else ())}),
        session_version=read.version,
    )
    return ChangeSet(snapshot.file, cascade, context, (change,))


def _another_takes_part(snapshot: AdviserSnapshot, present: Registration) -> bool:
    """Whether another registration of the adviser to this session is not refused: it moves as well, later or before."""
    return any(
        item.is_active and item.request.session.id == present.request.session.id
        for item in snapshot.file.registrations
        if item.id != present.id
    )


def _followed(
    snapshot: AdviserSnapshot, moved: Registration, read: SessionSnapshot, context: RequestContext
) -> ChangeSet:
    """Refused as it was, on the session's present days: nobody is written to."""
    cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(moved)
    change = DirectChange(
        moved.id,
        (EventType.REGISTRATION_RESCHEDULED,),
        snapshot.registration_row,
        unmailed=frozenset({EventType.REGISTRATION_RESCHEDULED}),
        session_version=read.version,
    )
    return ChangeSet(snapshot.file, cascade, context, (change,))
