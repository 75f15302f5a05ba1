"""What an answer may do, each by the use case of its noun, in the transaction of the answer.

Provisional, until the branches that own them are merged: they are absent here. Each becomes an import:
`derogation_deed` and `Derogation` of `registrations.derogate_registration`; `attendance_deed`, `AttendanceReport` and
`MissedDay` of `registrations.record_attendance`; `annulment_deed` of `annul_certification`.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.decisions.refusals import Reason
from app.domain.facts.registration import Attendance, Funding, Payer
from app.persistence.advisers.adviser_files import AdviserSnapshot
from app.persistence.engine.database import Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock
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
