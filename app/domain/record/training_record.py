"""The training record (dossier de formation): what the rules see of an adviser on one day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from app.domain.decisions.in_post import PostOnDay, post_on, post_refusals
from app.domain.decisions.refusals import Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import months_after
from app.domain.facts.certification import Qualification, QualificationCode
from app.domain.facts.contract import covering_contract
from app.domain.facts.module import ModuleCode
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import RegistrationId, Status
from app.domain.record.exam_presentations import Presentation, initial_training_ended_on, presentations
from app.domain.record.missed_sessions import MissedSession, missed_sessions
from app.domain.record.obligations import INITIAL_TRAINING, Obligation, initial_training_duty, obligations
from app.domain.rights.buckets import DEROGATION, Bucket, Category, category_on, counting_buckets, supplementary_bucket
from app.domain.rights.entitlements import holders, used_before

MONTHS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A bucket with the registrations that hold its units, future sessions included; `used_before` counts the units
    that the same person used under an earlier file."""

    bucket: Bucket
    reserved_by: tuple[RegistrationId, ...]
    used_before: int = 0

    @property
    def used(self) -> int:
        return len(self.reserved_by) + self.used_before


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """The record on the day `on`; `post_refusals` are the reasons that a session starting then would be refused for.

    `derogated` hold a unit of the bucket `derogation`, which has neither limit nor window (section 5bis).
    """

    on: date
    policy_version: str
    category: Category
    post: PostOnDay
    post_refusals: tuple[Refusal, ...]
    entered_on: date | None
    ended_on: date | None
    exempted_by: QualificationCode | None
    entitlements: tuple[Entitlement, ...]
    obligations: tuple[Obligation, ...]
    presentations: tuple[Presentation, ...]
    missed: tuple[MissedSession, ...]
    derogated: tuple[RegistrationId, ...]


def exempting_qualification(file: AdviserFile, on: date) -> QualificationCode | None:
    """The qualification that exempts on that day (R14); one obtained after entry exempts nobody."""
    if file.entered_on is not None and file.entered_on <= on:
        return None
    held = [
        result
        for result in file.certifications
        if result.is_obtained and result.on <= on and result.qualification.exempts_from_initial_training
    ]
    return min(held, key=lambda result: result.on).qualification.code if held else None


def entitlements(
    file: AdviserFile, supplementary: Iterable[ModuleCode], policy: Policy, on: date, *, history: bool
) -> tuple[Entitlement, ...]:
    """The buckets opened, or opening within twelve months; those expired on `on` only with `history`."""
    if not file.adviser.in_scheme:
        return ()
    horizon = months_after(on, MONTHS_AHEAD)
    buckets = (
        *counting_buckets(file, policy, through=horizon.year),
        *(supplementary_bucket(module, policy) for module in supplementary),
    )
    shown = [item for item in buckets if item.opens_on <= horizon and (history or on <= item.last_day)]
    shown.sort(key=lambda item: (item.opens_on, item.last_day, item.name))
    held = holders(file, buckets)
    return tuple(
        Entitlement(item, tuple(holder.id for holder in held[item.name]), used_before(file, item.name))
        for item in shown
    )


def training_record(
    file: AdviserFile,
    qualifications: Iterable[Qualification],
    supplementary: Iterable[ModuleCode],
    policy: Policy,
    on: date,
    *,
    history: bool = False,
) -> TrainingRecord:
    """`supplementary` are the catalogue's modules with a right of their own; `policy` the version in force on `on`."""
    post = post_on(file.contracts, on)
    return TrainingRecord(
        on=on,
        policy_version=policy.version,
        category=category_on(file, on, policy) if file.adviser.in_scheme else Category.NONE,
        post=post,
        post_refusals=post_refusals(post),
        entered_on=file.entered_on,
        ended_on=initial_training_ended_on(file),
        exempted_by=exempting_qualification(file, on),
        entitlements=entitlements(file, supplementary, policy, on, history=history),
        obligations=obligations(file, policy, on),
        presentations=presentations(file, qualifications, policy, on),
        missed=missed_sessions(file, on),
        derogated=tuple(item.id for item in file.registrations if item.entitlement == DEROGATION),
    )


def limited_to(
    registrations: Iterable[Registration], record: TrainingRecord, file: AdviserFile, policy: Policy
) -> TrainingRecord:
    """The record as it is shown to a training organisation with these registrations: of the contracts, it knows those
    that cover the first day of a session of its own, and no other, whatever day it asks for. They also tell it
    whether initial training is owed; `policy` is that of the record."""
    days = {item.first_day for item in registrations if item.status is not Status.CANCELLED}
    covering = (covering_contract(file.contracts, day) for day in days)
    known = {contract.id: contract for contract in covering if contract is not None}
    contracts = tuple(known.values())
    post = post_on(contracts, record.on)
    others = (item for item in record.obligations if item.period != INITIAL_TRAINING)
    duty = initial_training_duty(replace(file, contracts=contracts), policy, record.on)
    record = replace(record, obligations=(*duty, *others))
    if post.contract is None and record.on not in days:
        return replace(record, post=post, post_refusals=())  # the refusals may come from contracts it may not see
    refusals = record.post_refusals if record.on in days else post_refusals(post)
    return replace(record, post=post, post_refusals=refusals)
