"""Record the attendance of a session at once, line by line: each whole or not at all, under its adviser's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.errors import Conflict
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.sessions.sessions import SESSIONS
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.errors import UnknownReference
from app.use_cases.registrations.record_attendance import AttendanceReport, attendance_deed
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.change_session import check_own


@dataclass(frozen=True, slots=True)
class AttendanceLine:
    """What became of one registration of the session."""

    registration_id: UUID
    report: AttendanceReport


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """The registration's status once the line is recorded; or why it is not, and nothing of it is."""

    registration_id: UUID
    status: str | None
    problem: Exception | None = None


async def own_session(reader: Reader, session: UUID, context: RequestContext) -> Row:
    """The row of a session that the caller may write. Raise NotFound, ForeignSession."""
    row = await SESSIONS.read(reader, session)
    if row is None:
        raise NotFound("session")
    check_own(row, context)
    return row


async def record_session_attendance(
    database: Database, session: UUID, lines: Sequence[AttendanceLine], context: RequestContext
) -> list[LineOutcome]:
    """Sent again, what is recorded already stays as it is. Raise NotFound and ForeignSession of the session."""
    await own_session(database, session, context)
    return [await record_line(database, session, line, context) for line in lines]


def _check_of_session(snapshot: AdviserSnapshot, session: UUID) -> None:
    """Raise UnknownReference."""
    if snapshot.registration().request.session.id != session:
        raise UnknownReference("/registration_id")


async def record_line(database: Database, session: UUID, line: AttendanceLine, context: RequestContext) -> LineOutcome:
    """One line, in a transaction of its own."""
    lock, registration = context.lock_of(line.registration_id), line.registration_id
    try:
        async with database.transaction(lock, audit_entry=context.audit_entry) as tx:
            tx.add_audit_subjects(session)
            snapshot = await read_snapshot(tx, lock)
            _check_of_session(snapshot, session)
            change_set = await attendance_deed(tx, snapshot, registration, line.report, context)
            if not all(change.is_unchanged for change in change_set.direct_changes):
                await write_change_sets(tx, change_set)
            recorded = change_set.cascade.registration(snapshot.registration().id)
    except (Conflict, NotFound, UnknownReference) as problem:
        return LineOutcome(registration, None, problem)
    return LineOutcome(registration, recorded.status)
