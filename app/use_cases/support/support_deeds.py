"""What an answer may do, each by the use case of its noun, in the transaction of the answer.

Provisional, until the branches that own them are merged: all but the carry-over are absent here. Each becomes an
import: `derogation_deed` and `Derogation` of `registrations.derogate_registration`; `attendance_deed`,
`AttendanceReport` and `MissedDay` of `registrations.record_attendance`; `carry_over_deed` of
`advisers.grant_carry_over`; `annulment_deed` of `annul_certification`.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.entitlements import check_carry_over
from app.domain.decisions.refusals import Reason
from app.domain.events import Event, EventType, Subject, email_recipients
from app.domain.facts.registration import Attendance, Funding, Payer
from app.persistence.advisers import carry_overs
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock
from app.use_cases.advisers.grant_carry_over import CarryOverGrant
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet


@dataclass(frozen=True, slots=True)
class MissedDay:
    on: date
    justified: bool
    motive: str | None


@dataclass(frozen=True, slots=True)
class Derogation:
    waived: tuple[Reason, ...]
    funding: Funding
    payer: Payer | None
    motive: str


@dataclass(frozen=True, slots=True)
class AttendanceReport:
    outcome: Attendance
    motive: str | None
    note: str | None
    absences: tuple[MissedDay, ...] | None


async def derogation_deed(
    tx: Transaction, snapshot: AdviserSnapshot, registration: UUID, derogation: Derogation, context: RequestContext
) -> ChangeSet:
    raise NotImplementedError


async def attendance_deed(
    tx: Transaction, snapshot: AdviserSnapshot, registration: UUID, report: AttendanceReport, context: RequestContext
) -> ChangeSet:
    raise NotImplementedError


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
    cascade = DecisionCascade(after.file, after.policies).promote_waiting()
    return ChangeSet(snapshot.file, cascade, context, events=(event,))
