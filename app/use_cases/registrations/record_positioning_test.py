"""Record the positioning test of an initial training (test de positionnement, R12)."""

from datetime import date
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.events import EventType
from app.domain.facts.calendar import in_force
from app.domain.facts.module import ModuleKind
from app.domain.facts.plausible_dates import check_fact
from app.domain.facts.policy import Policies
from app.domain.statement_errors import HoursNotOffered, NotInitialTraining
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.request_context import RequestContext


async def record_positioning(
    database: Database, registration: UUID, taken_on: date, hours: int, context: RequestContext
) -> ReplayableResponse:
    """`hours` must be a path length that the policy offers on `taken_on`, today at the latest.

    Raise ImplausibleDate, NotFound, NotInitialTraining, InvalidTransition, HoursNotOffered.
    """
    check_fact("/taken_on", taken_on, context.today)
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        present = snapshot.registration()
        if present.request.module.kind is not ModuleKind.INITIAL_TRAINING:
            raise NotInitialTraining
        positioned = present.check_positioning_test()
        _check_hours(hours, snapshot.policies, taken_on)
        columns = {"positioning_taken_on": taken_on, "positioning_hours": hours}
        types, data = (EventType.REGISTRATION_PATH_DETERMINED,), {"taken_on": taken_on, "hours": hours}
        change = DirectChange(positioned.id, types, snapshot.registration_row, columns, data)
        unchanged = DecisionCascade(snapshot.file, snapshot.policies)
        return await write_direct_change(tx, ChangeSet(snapshot.file, unchanged, context, (change,)))


def _check_hours(hours: int, policies: Policies, taken_on: date) -> None:
    """Raise HoursNotOffered."""
    offered = in_force(policies.on(taken_on).initial_training.path_hours, taken_on)
    if hours not in offered:
        raise HoursNotOffered(hours, offered)
