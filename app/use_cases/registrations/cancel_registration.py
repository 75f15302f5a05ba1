"""Cancel a registration before its first day; its unit goes to a registration that waits (section 5)."""

from datetime import date
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.events import EventType
from app.domain.facts.registration import Chooser
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet, DirectChange, write_direct_change


async def cancel(
    database: Database, registration: UUID, on: date | None, motive: str | None, context: RequestContext
) -> ReplayableResponse:
    """`on` None: today in Paris. Raise NotFound, InvalidTransition, SessionStarted."""
    lock, cancelled_on = context.lock_of(registration), on or context.today
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        cancelled = snapshot.registration().cancelled(cancelled_on)
        cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(cancelled)
        cascade = cascade.apply_consequences(snapshot.file, today=context.today, apart_from=cancelled.id)
        columns, data = {"cancelled_on": cancelled_on, "motive": motive}, {"chosen_by": Chooser(context.client.role)}
        change = DirectChange(
            cancelled.id, (EventType.REGISTRATION_CANCELLED,), snapshot.registration_row, columns, data
        )
        return await write_direct_change(tx, ChangeSet(snapshot.file, cascade, context, (change,)))
