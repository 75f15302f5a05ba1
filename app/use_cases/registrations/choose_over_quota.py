"""The adviser over quota keeps the registration without funding, or cancels it (R26)."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.events import EventType
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Chooser, Payer
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.request_context import RequestContext


async def keep_unfunded(
    database: Database, registration: UUID, payer: Payer, context: RequestContext, chooser: Chooser
) -> ReplayableResponse:
    """The event names `chooser`. Raise NotFound, InvalidTransition, PayerNotOffered."""
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        kept = snapshot.registration().kept(payer)
        change = _choice(snapshot, EventType.REGISTRATION_KEPT_UNFUNDED, chooser, {})
        return await _write(tx, snapshot, kept, change, context)


async def decline_over_quota(
    database: Database, registration: UUID, context: RequestContext, chooser: Chooser
) -> ReplayableResponse:
    """The event names `chooser`. Raise NotFound, InvalidTransition."""
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        declined = snapshot.registration().declined()
        change = _choice(snapshot, EventType.REGISTRATION_CANCELLED, chooser, {"cancelled_on": context.today})
        return await _write(tx, snapshot, declined, change, context)


def _choice(
    snapshot: AdviserSnapshot, event_type: EventType, chooser: Chooser, columns: Mapping[str, date]
) -> DirectChange:
    registration = snapshot.registration().id
    return DirectChange(registration, (event_type,), snapshot.registration_row, columns, {"chosen_by": chooser})


async def _write(
    transaction: Transaction,
    snapshot: AdviserSnapshot,
    chosen: Registration,
    change: DirectChange,
    context: RequestContext,
) -> ReplayableResponse:
    cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(chosen)
    return await write_direct_change(transaction, ChangeSet(snapshot.file, cascade, context, (change,)))
