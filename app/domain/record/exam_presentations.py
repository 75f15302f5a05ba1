"""Exams to be presented after initial training: CCP1 and Pix (R36, R37), and who pays for them (R39 to R41)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import in_force, months_after
from app.domain.facts.certification import (
    CCP1,
    PIX,
    Certification,
    NextAttemptPayer,
    Qualification,
    QualificationCode,
    next_attempt_payer,
)
from app.domain.facts.module import ModuleKind
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status


class PresentationStatus(StrEnum):
    DUE = "due"
    OVERDUE = "overdue"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Presentation:
    """`due_on` is included; `next_attempt_payer` is None once the exam is passed, when no attempt is to come."""

    qualification: QualificationCode
    due_on: date
    status: PresentationStatus
    next_attempt_payer: NextAttemptPayer | None


def initial_training_completed(file: AdviserFile) -> Registration | None:
    """The completed registration for initial training, the last to end; None when there is none here."""
    completed = (
        item
        for item in file.registrations
        if item.status is Status.COMPLETED and item.request.module.kind is ModuleKind.INITIAL_TRAINING
    )
    return max(completed, key=lambda item: item.request.session.ends_on, default=None)


def initial_training_ended_on(file: AdviserFile) -> date | None:
    """The end of initial training: imported, or that of a completed registration here; None while it lasts."""
    history, completed = file.adviser.initial_training, initial_training_completed(file)
    imported = (history.ended_on,) if history and history.ended_on else ()
    here = (completed.request.session.ends_on,) if completed else ()
    return max(imported + here, default=None)


def _counts(result: Certification, entered_on: date | None) -> bool:
    """A certificate counts whenever it was obtained; an exam failed or missed, from the entry into training on."""
    return result.is_obtained or entered_on is None or result.on >= entered_on


def _is_the_same_exam(result: Certification, required: Qualification) -> bool:
    """Any title's CCP1 counts as the CCP1 required."""
    if required.includes_ccp1:
        return result.qualification.includes_ccp1
    return result.qualification.code == required.code


def _payer(results: Iterable[Certification]) -> NextAttemptPayer | None:
    """Who pays for the next attempt after these, of one exam: the State for the first one, then as the latest result
    says; of two results of one day, the one that costs the employer (R39 to R41)."""
    found = tuple(results)
    if any(result.is_obtained for result in found):
        return None
    payers = ((result.on, next_attempt_payer(result.outcome)) for result in found)
    latest = max(payers, key=lambda paid: (paid[0], paid[1] is NextAttemptPayer.EMPLOYER), default=None)
    return latest[1] if latest else NextAttemptPayer.STATE


def presentations(
    file: AdviserFile, qualifications: Iterable[Qualification], policy: Policy, on: date
) -> tuple[Presentation, ...]:
    """The CCP1 delivered when initial training ended, and Pix, with their state on the day `on`. An exempt adviser,
    who has no initial training to end, owes none (one who enters it nevertheless is exempt no more); nor does a
    mediator outside the scheme. An absence is no presentation (R38); it says who pays for the next one."""
    ended_on = initial_training_ended_on(file)
    if ended_on is None or not file.adviser.in_scheme:
        return ()
    due_on = months_after(ended_on, in_force(policy.certification.presentation_months, ended_on))
    counting = [result for result in file.certifications if _counts(result, file.entered_on)]
    required = [item for item in qualifications if item.code in {*CCP1, PIX} and item.is_delivered_on(ended_on)]
    found: list[Presentation] = []
    for qualification in required:
        results = [result for result in counting if _is_the_same_exam(result, qualification)]
        met = any(result.is_presented for result in results)
        late = PresentationStatus.OVERDUE if on > due_on else PresentationStatus.DUE
        status = PresentationStatus.MET if met else late
        found.append(Presentation(qualification.code, due_on, status, _payer(results)))
    return tuple(found)
