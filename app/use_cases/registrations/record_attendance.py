"""Record attendance, or put it right, with its effect on the right (R17, section 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.attendance import (
    RECORDED,
    MissedDay,
    attended,
    check_may_correct,
    check_missed_days,
    check_motive,
    corrected,
)
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.events import EventType
from app.domain.facts.calendar import civil_date
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Attendance, Status
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import attendance_records
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class AttendanceReport:
    """What became of a registration, as whoever held the session states it. `motive` is the policy's code for a
    justified absence, free text otherwise, with `note` beside it. `absences` None: nothing is said of days missed."""

    outcome: Attendance
    motive: str | None = None
    note: str | None = None
    absences: tuple[MissedDay, ...] | None = None


async def mark_attendance(
    database: Database, registration: UUID, report: AttendanceReport, context: RequestContext
) -> ReplayableResponse:
    """Recorded a second time it is put right; the same again changes nothing and tells nobody.

    Raise NotFound, and as `attendance_deed`.
    """
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        return await write_direct_change(tx, await attendance_deed(tx, snapshot, registration, report, context))


async def attendance_deed(
    tx: Transaction, snapshot: AdviserSnapshot, registration: UUID, report: AttendanceReport, context: RequestContext
) -> ChangeSet:
    """Keep the report, and return what it changes: a right given back goes to one that waits, a missed or corrected
    initial training has the others decided again. The day of the deed is the session's first day.

    Raise InvalidTransition, SessionNotStarted, MotiveNotValid, MotiveMissing, AbsenceNotInSession, TooLateToCorrect,
    NoRightLeft.
    """
    present = snapshot.registration(registration)
    policy, stored = snapshot.policies.on(present.first_day), snapshot.registration_row
    cascade = DecisionCascade(snapshot.file, snapshot.policies)
    latest = await attendance_records.read_latest(tx, registration) if present.status in RECORDED else None
    if present.status in RECORDED and _is_the_same(present, report, latest):
        return ChangeSet(snapshot.file, cascade, context, (DirectChange(present.id, (), stored, is_unchanged=True),))
    reported = _reported(present, report, snapshot, policy, context, latest)
    cascade = apply_consequences(
        cascade.with_registration(reported),
        snapshot.file,
        today=context.today,
        day=present.first_day,
        apart_from=present.id,
    )
    await attendance_records.add(tx, _record_row(snapshot, present, report, context))
    change = DirectChange(
        present.id, (_event_type(present, report),), stored, {"motive": report.motive}, _event_data(present, report)
    )
    return ChangeSet(snapshot.file, cascade, context, (change,))


def _is_the_same(present: Registration, report: AttendanceReport, latest: Row | None) -> bool:
    days = attendance_records.missed_days(latest) if latest else ()
    return present.status == Status(report.outcome) and (report.absences is None or report.absences == days)


def _reported(
    present: Registration,
    report: AttendanceReport,
    snapshot: AdviserSnapshot,
    policy: Policy,
    context: RequestContext,
    latest: Row | None,
) -> Registration:
    """The registration as the report leaves it. Raise as `attendance_deed`."""
    is_correction, today = present.status in RECORDED, context.today
    if is_correction and context.client.training_organisation_id is not None:
        check_may_correct(_recorded_on(snapshot, latest), policy, today=today)
    check_motive(report.outcome, report.motive, policy, is_correction=is_correction)
    check_missed_days(report.absences or (), report.outcome, present.request.session)
    if not is_correction:
        return attended(present, report.outcome, policy, today=today)
    return corrected(snapshot.file, present, report.outcome, policy, today=today)


def _recorded_on(snapshot: AdviserSnapshot, latest: Row | None) -> date:
    """The day of the latest report; of one that was recorded before reports were kept, that of the latest change."""
    stored = snapshot.registration_row or {}
    return civil_date(latest["recorded_at"] if latest else stored["updated_at"])


def _event_type(present: Registration, report: AttendanceReport) -> EventType:
    if present.status in RECORDED:
        return EventType.REGISTRATION_ATTENDANCE_CORRECTED
    if report.outcome is Attendance.COMPLETED:
        return EventType.REGISTRATION_COMPLETED
    return EventType.REGISTRATION_ABSENCE_RECORDED


def _event_data(present: Registration, report: AttendanceReport) -> Mapping[str, object]:
    """Ids, codes and days: a motive may tell of somebody's health."""
    data: dict[str, object] = {}
    if present.status in RECORDED:
        data["former_status"] = present.status
    if report.absences:
        data["absences"] = [{"on": day.on, "justified": day.justified} for day in report.absences]
    return data


def _record_row(
    snapshot: AdviserSnapshot, present: Registration, report: AttendanceReport, context: RequestContext
) -> Row:
    return {
        "id": uuid7(),
        "registration_id": present.id,
        "adviser_id": snapshot.adviser_id,
        "outcome": report.outcome,
        "motive": report.motive,
        "note": report.note,
        "absences": report.absences or (),
        "recorded_at": context.now,
        "recorded_by": context.client.id,
    }
