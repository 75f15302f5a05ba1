"""Exams to be presented after initial training: CCP1 and Pix (R36, R37)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.adviser_file import AdviserFile
from app.domain.calendar import in_force, months_after
from app.domain.certification import CCP1, PIX, Certification, Qualification, QualificationCode
from app.domain.module import ModuleKind
from app.domain.policy import Policy
from app.domain.registration import Status


class PresentationStatus(StrEnum):
    DUE = "due"
    OVERDUE = "overdue"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Presentation:
    """`due_on` is included."""

    qualification: QualificationCode
    due_on: date
    status: PresentationStatus


def initial_training_ended_on(file: AdviserFile) -> date | None:
    """The end of initial training: imported, or that of a completed registration here; None while it lasts."""
    history = file.adviser.initial_training
    imported = (history.ended_on,) if history and history.ended_on else ()
    here = tuple(
        item.request.session.ends_on
        for item in file.registrations
        if item.status is Status.COMPLETED and item.request.module.kind is ModuleKind.INITIAL_TRAINING
    )
    return max(imported + here, default=None)


def _is_the_same_exam(result: Certification, asked: Qualification) -> bool:
    """Any title's CCP1 counts as the CCP1 asked for."""
    if asked.includes_ccp1:
        return result.qualification.includes_ccp1
    return result.qualification.code == asked.code


def presentations(
    file: AdviserFile, qualifications: Iterable[Qualification], policy: Policy, on: date
) -> tuple[Presentation, ...]:
    """The CCP1 delivered when initial training ended, and Pix, with their state on the day `on`. An exempt adviser,
    who has no initial training to end, owes none."""
    ended_on = initial_training_ended_on(file)
    if ended_on is None:
        return ()
    due_on = months_after(ended_on, in_force(policy.certification.presentation_months, ended_on))
    asked = [item for item in qualifications if item.code in {*CCP1, PIX} and item.is_delivered_on(ended_on)]
    found: list[Presentation] = []
    for qualification in asked:
        met = any(result.is_presented and _is_the_same_exam(result, qualification) for result in file.certifications)
        late = PresentationStatus.OVERDUE if on > due_on else PresentationStatus.DUE
        found.append(Presentation(qualification.code, due_on, PresentationStatus.MET if met else late))
    return tuple(found)
