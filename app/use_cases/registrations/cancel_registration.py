"""Cancel a registration, before its first day unless it waits; its unit goes to one that waits (section 5)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.events import EventType
from app.domain.facts.plausible_dates import check_fact
from app.domain.facts.registration_terms import Chooser
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.changes.change_sets import ChangeSet, DirectChange, data_after_the_fact
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class Cancellation:
    """`on` None: today in Paris. `regularisation`: the session has started, and the past is recorded."""

    on: date | None = None
    motive: str | None = None
    regularisation: bool = False


async def cancel(
    database: Database, registration: UUID, cancellation: Cancellation, context: RequestContext
) -> ReplayableResponse:
    """Raise NotFound, InvalidTransition, ImplausibleDate, SessionStarted, RegularisationNeeded."""
    lock, on = context.lock_of(registration), cancellation.on or context.today
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        check_fact("/cancelled_on", on, context.today)
        present = snapshot.registration()
        cancelled = present.cancelled(on, today=context.today, regularisation=cancellation.regularisation)
        cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(cancelled)
        cascade = apply_consequences(cascade, snapshot.file, today=context.today, day=on, apart_from=cancelled.id)
        columns = {"cancelled_on": on, "motive": cancellation.motive}
        data = {"chosen_by": Chooser(context.client.role), **data_after_the_fact(present.first_day, context)}
        change = DirectChange(
            cancelled.id, (EventType.REGISTRATION_CANCELLED,), snapshot.registration_row, columns, data
        )
        return await write_direct_change(tx, ChangeSet(snapshot.file, cascade, context, (change,)))
