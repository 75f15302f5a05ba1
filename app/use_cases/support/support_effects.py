"""What granting a support request does (section 5bis): a derogation, a carry-over, a correction of attendance or of a
result. Each is the deed of its noun, with the motive of the answer when it has none of its own."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never
from uuid import UUID

from app.domain.errors import Conflict, EffectRefused
from app.domain.facts.support_request import SupportEffect
from app.persistence import support_requests
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, carry_over_deed
from app.use_cases.certifications.annul_certification import annulment_deed
from app.use_cases.changes.change_sets import ChangeSet
from app.use_cases.errors import UnknownReference
from app.use_cases.registrations.derogate_registration import Derogation, derogation_deed
from app.use_cases.registrations.record_attendance import AttendanceReport, attendance_deed
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class DerogationEffect:
    """`registration_id` None: the registration that the request is about; in the same way below."""

    derogation: Derogation
    registration_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CarryOverEffect:
    """`bucket` None: the one that the request is about; `decided_on` None: today in Paris."""

    bucket: str | None
    units: int
    motive: str
    decided_on: date | None

    def to_grant(self, request: Row) -> CarryOverGrant:
        """Raise UnknownReference when no bucket is named."""
        bucket = self.bucket or request["bucket"]
        if bucket is None:
            raise UnknownReference("/effect/carry_over/bucket")
        return CarryOverGrant(bucket, self.units, self.motive, self.decided_on)


@dataclass(frozen=True, slots=True)
class AttendanceEffect:
    report: AttendanceReport
    registration_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AnnulmentEffect:
    motive: str
    certification_id: UUID | None = None


Effect = DerogationEffect | CarryOverEffect | AttendanceEffect | AnnulmentEffect


def name_of(effect: Effect) -> SupportEffect:
    match effect:
        case DerogationEffect():
            return SupportEffect.DEROGATION
        case CarryOverEffect():
            return SupportEffect.CARRY_OVER
        case AttendanceEffect():
            return SupportEffect.ATTENDANCE
        case AnnulmentEffect():
            return SupportEffect.ANNULMENT
        case _:
            assert_never(effect)


async def carry_out(
    tx: Transaction, snapshot: AdviserSnapshot, request: Row, effect: Effect, context: RequestContext
) -> ChangeSet:
    """Do it in the transaction of the answer, which holds the lock of the request's adviser, read in `snapshot`; return
    what it changes.

    Raise UnknownReference when what it names is not the adviser's, EffectRefused when the deed is refused.
    """
    try:
        return await _deed(tx, snapshot, request, effect, context)
    except Conflict as refusal:
        raise EffectRefused(name_of(effect), refusal) from refusal


async def _deed(
    tx: Transaction, snapshot: AdviserSnapshot, request: Row, effect: Effect, context: RequestContext
) -> ChangeSet:
    lock = AdviserLock(LockTarget.ADVISER, request["adviser_id"])
    match effect:
        case DerogationEffect():
            registration = await _registration_of(tx, request, effect)
            with_row = await read_snapshot(tx, AdviserLock(LockTarget.REGISTRATION, registration))
            return await derogation_deed(tx, with_row, registration, effect.derogation, context)
        case AttendanceEffect():
            registration = await _registration_of(tx, request, effect)
            with_row = await read_snapshot(tx, AdviserLock(LockTarget.REGISTRATION, registration))
            return await attendance_deed(tx, with_row, registration, effect.report, context)
        case CarryOverEffect():
            return await carry_over_deed(tx, lock, snapshot, effect.to_grant(request), context)
        case AnnulmentEffect():
            certification = await _certification_of(tx, request, effect)
            return await annulment_deed(tx, lock, snapshot, certification, effect.motive, context)
        case _:
            assert_never(effect)


async def _registration_of(tx: Transaction, request: Row, effect: DerogationEffect | AttendanceEffect) -> UUID:
    wanted = effect.registration_id or request["registration_id"]
    foreign = await support_requests.foreign_references(tx, request["adviser_id"], wanted, None, None)
    if wanted is None or foreign:
        raise UnknownReference(f"/effect/{name_of(effect)}/registration_id")
    return UUID(str(wanted))


async def _certification_of(tx: Transaction, request: Row, effect: AnnulmentEffect) -> UUID:
    wanted = effect.certification_id or request["certification_id"]
    foreign = await support_requests.foreign_references(tx, request["adviser_id"], None, wanted, None)
    if wanted is None or foreign:
        raise UnknownReference(f"/effect/{name_of(effect)}/certification_id")
    return UUID(str(wanted))
