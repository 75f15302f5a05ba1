"""Qualifications (titres et certifications) and the results obtained in them (section 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType

QualificationCode = NewType("QualificationCode", str)

# Section 6 names the two certificates that count as a CCP1 for R32.
CCP1 = frozenset({"remn-ccp1", "mediateur-numerique-ccp1"})
PIX = "pix"


class CertificationOutcome(StrEnum):
    OBTAINED = "obtained"
    FAILED = "failed"
    ABSENT_JUSTIFIED = "absent_justified"
    ABSENT_UNJUSTIFIED = "absent_unjustified"


class NextAttemptPayer(StrEnum):
    STATE = "state"
    EMPLOYER = "employer"


@dataclass(frozen=True, slots=True)
class Qualification:
    """`contains` holds the codes of the certificates that the title includes; the title is delivered from `valid_from`
    to `valid_until`, both included, None leaving that end open."""

    code: QualificationCode
    contains: tuple[QualificationCode, ...]
    exempts_from_initial_training: bool
    valid_from: date | None = None
    valid_until: date | None = None

    def is_delivered_on(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_until or date.max)

    @property
    def includes_ccp1(self) -> bool:
        return not CCP1.isdisjoint((self.code, *self.contains))


@dataclass(frozen=True, slots=True)
class Certification:
    """A result. Registration to a course is not one."""

    qualification: Qualification
    outcome: CertificationOutcome
    on: date

    @property
    def is_presented(self) -> bool:
        """Whether the adviser sat the exam, whatever the result."""
        return self.outcome in {CertificationOutcome.OBTAINED, CertificationOutcome.FAILED}

    @property
    def is_obtained(self) -> bool:
        return self.outcome is CertificationOutcome.OBTAINED


def ccp1_obtained_by(certifications: Iterable[Certification], day: date) -> bool:
    """Whether a CCP1, or a title that contains one, was obtained on `day` or before (R32)."""
    return any(
        result.is_obtained and result.on <= day and result.qualification.includes_ccp1 for result in certifications
    )


def attempt_number(earlier: Iterable[CertificationOutcome]) -> int:
    """The number, from 1, of an attempt that follows these; a justified absence is not counted as one (R39)."""
    return 1 + sum(outcome is not CertificationOutcome.ABSENT_JUSTIFIED for outcome in earlier)


def next_attempt_payer(outcome: CertificationOutcome) -> NextAttemptPayer | None:
    """Who pays the next attempt: the State after a justified absence, the employer after an unjustified one or a
    failure, nobody once obtained (R39, R40, R41)."""
    match outcome:
        case CertificationOutcome.OBTAINED:
            return None
        case CertificationOutcome.ABSENT_JUSTIFIED:
            return NextAttemptPayer.STATE
        case CertificationOutcome.FAILED | CertificationOutcome.ABSENT_UNJUSTIFIED:  # pragma: no branch  # the last two
            return NextAttemptPayer.EMPLOYER
