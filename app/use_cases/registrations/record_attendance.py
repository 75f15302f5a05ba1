"""Record attendance, and its effect on the right (R17)."""

from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.events import EventType
from app.domain.facts.registration import Attendance
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet, DirectChange, write_direct_change


async def mark_attendance(
    database: Database, registration: UUID, outcome: Attendance, motive: str | None, context: RequestContext
) -> ReplayableResponse:
    """A justified absence frees the unit for one that waits; a missed initial training has the others decided again.

    Raise NotFound, InvalidTransition, SessionNotStarted.
    """
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        present = snapshot.registration()
        consumes = snapshot.policies.on(present.first_day).unjustified_absence_consumes
        attended = present.attended(outcome, today=context.today, absence_consumes=consumes)
        cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(attended)
        cascade = cascade.apply_consequences(snapshot.file, today=context.today, apart_from=attended.id)
        completed = outcome is Attendance.COMPLETED
        event_type = EventType.REGISTRATION_COMPLETED if completed else EventType.REGISTRATION_ABSENCE_RECORDED
        change = DirectChange(attended.id, (event_type,), snapshot.registration_row, {"motive": motive})
        return await write_direct_change(tx, ChangeSet(snapshot.file, cascade, context, (change,)))
