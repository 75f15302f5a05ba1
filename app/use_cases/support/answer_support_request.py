"""A person answers a support request, once; granting it has its effect in the same transaction (section 5bis)."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.events import EventType
from app.domain.facts.support_request import SupportRequest, SupportRequestKind, SupportRequestStatus
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.persistence.support_requests import SUPPORT_REQUESTS
from app.use_cases.changes.change_sets import ChangeSet
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.request_context import RequestContext
from app.use_cases.support.support_effects import Effect, carry_out, name_of
from app.use_cases.support.support_request_events import support_request_event


@dataclass(frozen=True, slots=True)
class SupportAnswer:
    """`effect` None: nothing is done but to say so. A request rejected has none."""

    granted: bool
    motive: str
    effect: Effect | None = None


async def answer_support_request(
    database: Database, request: UUID, answer: SupportAnswer, context: RequestContext
) -> ReplayableResponse:
    """Of two who answer at once, the second one is told that it was answered. When the effect is refused, the request
    stays open.

    Raise NotFound, InvalidTransition, UnknownReference, EffectRefused, AdviserAnonymised.
    """
    lock = await lock_of_adviser(database, request)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        tx.add_audit_subjects(request)
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        present = await read_locked(tx, request)
        answered = support_request_of(present).answered(granted=answer.granted)
        columns = {
            "status": answered.status,
            "effect": name_of(answer.effect) if answer.effect else None,
            "answer_motive": answer.motive,
            "answered_by": context.client.id,
            "answered_at": context.now,
        }
        row = await SUPPORT_REQUESTS.update(tx, present, columns, context.now)
        event = await support_request_event(tx, EventType.SUPPORT_REQUEST_ANSWERED, row)
        changes = await _changes(tx, row, answer, snapshot, context)
        await write_change_sets(tx, replace(changes, events=(*changes.events, event)))
        return await store_response(tx, context.idempotency, context.render(row))


async def _changes(
    tx: Transaction, row: Row, answer: SupportAnswer, snapshot: AdviserSnapshot, context: RequestContext
) -> ChangeSet:
    if answer.effect is None:
        return ChangeSet(snapshot.file, DecisionCascade(snapshot.file, snapshot.policies), context)
    return await carry_out(tx, snapshot, row, answer.effect, context)


async def lock_of_adviser(database: Database, request: UUID) -> AdviserLock:
    """The lock of the adviser of the request, who never changes. Raise NotFound."""
    row = await SUPPORT_REQUESTS.read(database, request)
    if row is None:
        raise NotFound("support_request")
    return AdviserLock(LockTarget.ADVISER, row["adviser_id"])


async def read_locked(transaction: Transaction, request: UUID) -> Row:
    """The request as it is once its adviser is locked: whoever changes one holds that lock. Raise NotFound."""
    row = await SUPPORT_REQUESTS.read(transaction, request)
    if row is None:  # pragma: no cover  # none is ever deleted
        raise NotFound("support_request")
    return row


def support_request_of(row: Row) -> SupportRequest:
    return SupportRequest(SupportRequestKind(row["kind"]), SupportRequestStatus(row["status"]))
