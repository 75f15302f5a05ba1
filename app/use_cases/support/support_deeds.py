"""What an answer may do, each by the use case of its noun, in the transaction of the answer.

Provisional, until the branches that own them are merged: the last two become imports, `carry_over_deed` of
`advisers.grant_carry_over` and `annulment_deed` of `certifications.annul_certification`.
"""

from uuid import UUID, uuid4

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.entitlements import check_carry_over
from app.domain.events import Event, EventType, Subject, email_recipients
from app.persistence.advisers import carry_overs
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock
from app.use_cases.advisers.grant_carry_over import CarryOverGrant
from app.use_cases.registrations.derogate_registration import derogation_deed
from app.use_cases.registrations.record_attendance import attendance_deed
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet

__all__ = ["annulment_deed", "attendance_deed", "carry_over_deed", "derogation_deed"]


async def annulment_deed(
    tx: Transaction,
    lock: AdviserLock,
    snapshot: AdviserSnapshot,
    certification: UUID,
    motive: str,
    context: RequestContext,
) -> ChangeSet:
    raise NotImplementedError


async def carry_over_deed(
    tx: Transaction, lock: AdviserLock, snapshot: AdviserSnapshot, granted: CarryOverGrant, context: RequestContext
) -> ChangeSet:
    decided_on = granted.decided_on or context.today
    through = max(context.today, decided_on).year + 1
    check_carry_over(snapshot.file, granted.bucket, granted.units, snapshot.policies.on(decided_on), through=through)
    row = {
        "id": uuid4(),
        "adviser_id": snapshot.adviser_id,
        "bucket": granted.bucket,
        "units": granted.units,
        "motive": granted.motive,
        "decided_on": decided_on,
        "decided_by": context.client.id,
        "created_at": context.now,
    }
    tx.add_audit_subjects((await carry_overs.add(tx, row))["id"])
    after = await read_snapshot(tx, lock)
    event = Event(
        EventType.ENTITLEMENT_CARRIED_OVER,
        Subject.ADVISER,
        snapshot.adviser_id,
        1,
        snapshot.adviser_id,
        None,
        {"bucket": granted.bucket, "units": granted.units, "decided_on": decided_on},
        email_recipients(EventType.ENTITLEMENT_CARRIED_OVER),
    )
    cascade = DecisionCascade(after.file, after.policies).promote_waiting(day=decided_on)
    return ChangeSet(snapshot.file, cascade, context, events=(event,))
