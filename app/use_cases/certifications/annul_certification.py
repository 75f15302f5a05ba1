"""Annul a result that should not have been recorded (section 6): it stays in the history and counts for nothing."""

from uuid import UUID

from app.domain.decisions.attendance import check_may_correct
from app.domain.events import EventType
from app.domain.facts.calendar import civil_date
from app.domain.record.exam_results import check_counts
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.certifications import CERTIFICATIONS
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.use_cases.certifications.result_ledger import certification_event, renumber_attempts
from app.use_cases.changes.change_sets import ChangeSet, consequences_of_change
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.request_context import RequestContext


async def annul_certification(
    database: Database, certification: UUID, motive: str, context: RequestContext
) -> ReplayableResponse:
    """A training organisation annuls what it recorded itself, within the policy's days.

    A second annulment is refused: the motive that was told stays. Raise NotFound, AlreadyAnnulled, TooLateToCorrect.
    """
    lock = AdviserLock(LockTarget.CERTIFICATION, certification, owner=context.client.training_organisation_id)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        change_set = await annulment_deed(tx, lock, snapshot, certification, motive, context)
        await write_change_sets(tx, change_set)
        row = await CERTIFICATIONS.read(tx, certification)
        return await store_response(tx, context.idempotency, context.render(row or {}))


async def annulment_deed(
    tx: Transaction,
    lock: AdviserLock,
    snapshot: AdviserSnapshot,
    certification: UUID,
    motive: str,
    context: RequestContext,
) -> ChangeSet:
    """Annul the result in the open transaction, which holds `lock`; what follows from it is for the caller to write.

    The policy is that of the day of the exam. Raise NotFound, AlreadyAnnulled, TooLateToCorrect.
    """
    present = await CERTIFICATIONS.read(tx, certification)
    if present is None or present["adviser_id"] != snapshot.adviser_id:
        raise NotFound(LockTarget.CERTIFICATION)
    check_counts(present["annulled_on"])
    if context.client.training_organisation_id is not None:
        policy = snapshot.policies.on(present["on"])
        check_may_correct(civil_date(present["created_at"]), policy, today=context.today)
    tx.add_audit_subjects(certification)
    columns = {
        "annulled_on": context.today,
        "annulled_motive": motive,
        "annulled_by": context.client.id,
        "next_attempt_payer": None,
    }
    row = await CERTIFICATIONS.update(tx, present, columns, context.now)
    await renumber_attempts(tx, [snapshot.adviser_id], context)
    after = await read_snapshot(tx, lock)
    event = certification_event(EventType.CERTIFICATION_ANNULLED, row, annulled_on=context.today)
    return consequences_of_change(snapshot.file, after.file, after.policies, context, event)
