"""Attendance, a line for each registration: named by its identifier, or by the session's reference and the adviser.

Each line has a transaction of its own, under its adviser's lock, as when it is recorded alone.
"""

from collections.abc import Sequence
from uuid import UUID

from app.api.http.bodies.merge_patch import patched_body
from app.api.registrations.attendance_schemas import AttendanceRequest
from app.domain.errors import AdviserAnonymised
from app.imports.batch_context import CarriedOutLine, ImportBatch, ImportDefinition
from app.imports.lines.adviser_matching import values_beside_person
from app.imports.lines.line_parsing import Line, line_rejected
from app.persistence.advisers import advisers
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.registrations import registration_lookups
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.registrations.record_attendance import attendance_deed

UNKNOWN_REGISTRATION = "Aucune inscription de votre périmètre n’a cet identifiant."
ANOTHER_PERSON = "Cette inscription est celle d’un autre conseiller."
NOT_REGISTERED = "Aucune inscription de ce conseiller n’est à cette session."
SEVERAL_REGISTRATIONS = "Plusieurs inscriptions de ce conseiller ont cette référence de session : donnez la bonne."
SESSION_NEEDED = "La ligne ne dit pas quelle inscription : il faut son identifiant, ou la session et le conseiller."


async def start_attendance_line(tx: Transaction, batch: ImportBatch, lines: Sequence[Line]) -> CarriedOutLine:
    """Carry out the one line. Raise LineRejected, and as `attendance_deed`."""
    (line,) = lines
    named = {"registration_id", "session_reference"}
    stated = {name: value for name, value in values_beside_person(line).items() if name not in named}
    report = patched_body(AttendanceRequest, {}, stated).to_report()
    registration, adviser = await _registration(tx, batch, line)
    lock = AdviserLock(LockTarget.REGISTRATION, registration)
    snapshot = await read_snapshot(tx, lock)
    change_set = await attendance_deed(tx, snapshot, registration, report, batch.context)
    is_changed = not all(change.is_unchanged for change in change_set.direct_changes)
    if is_changed:
        batch.check_not_contradicted(registration)
        await write_change_sets(tx, change_set)
    batch.lines_by_subject[registration] = line.number
    return CarriedOutLine((adviser, registration) if is_changed else ())


async def _registration(tx: Transaction, batch: ImportBatch, line: Line) -> tuple[UUID, UUID]:
    """The registration of the line and its adviser, who is locked. Raise LineRejected, AdviserAnonymised."""
    owner, registration = batch.context.client.training_organisation_id, line.values.get("registration_id")
    if registration is None:
        return await _find_registration(tx, batch, line, owner)
    adviser = await registration_lookups.find_adviser(tx, registration, owner=owner)
    if adviser is None:
        raise line_rejected(UNKNOWN_REGISTRATION, "registration_id")
    locked = await advisers.lock(tx, adviser)
    if locked is None or locked["anonymised_at"] is not None:
        raise AdviserAnonymised
    _check_same_person(line, locked)
    return registration, adviser


def _check_same_person(line: Line, adviser: Row) -> None:
    """Raise LineRejected when the line names somebody else beside the registration."""
    for name, column in (("adviser_id", "id"), ("conum_id", "conum_id")):
        if line.values.get(name) not in {None, adviser[column]}:
            raise line_rejected(ANOTHER_PERSON, name)


async def _find_registration(tx: Transaction, batch: ImportBatch, line: Line, owner: UUID | None) -> tuple[UUID, UUID]:
    reference = line.values.get("session_reference")
    if reference is None:
        raise line_rejected(SESSION_NEEDED, "session_reference")
    adviser: UUID = batch.people.find(line)["id"]
    found = await registration_lookups.find_by_session_reference(tx, adviser, reference, owner=owner)
    if len(found) != 1:
        raise line_rejected(SEVERAL_REGISTRATIONS if found else NOT_REGISTERED, "session_reference")
    return found[0], adviser


ATTENDANCE_IMPORT = ImportDefinition(
    "adviser_id",
    lambda line: line.number,
    start_attendance_line,
    is_line_by_line=True,
    own_keys=("registration_id",),
)
