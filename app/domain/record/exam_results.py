"""What makes a result of an exam one that counts, and how attempts are numbered (section 6)."""

from collections.abc import Iterable, Iterator
from datetime import date

from app.domain.errors import AlreadyAnnulled, ResultExists
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.calendar import in_force
from app.domain.facts.certification import Certification, CertificationOutcome, attempt_number
from app.domain.facts.plausible_dates import check_fact
from app.domain.facts.policy import Policies
from app.domain.statement_errors import MotiveNotValid, TitleNotDelivered


def check_result(
    result: Certification, motive: str | None, file: AdviserFile, policies: Policies, *, today: date
) -> None:
    """A result can be recorded in this file: its day is not to come, its title was delivered on it, its motive is valid
    and no result that counts has its title and day.

    Raise ImplausibleDate, TitleNotDelivered, MotiveNotValid, ResultExists.
    """
    check_fact("/on", result.on, today)
    title = result.qualification
    if result.is_obtained and not title.is_delivered_on(result.on):
        raise TitleNotDelivered(title.code, title.valid_from, title.valid_until)
    check_motive(result, motive, policies)
    if any(item.qualification.code == title.code and item.on == result.on for item in file.certifications):
        raise ResultExists(title.code, result.on)


def check_motive(result: Certification, motive: str | None, policies: Policies) -> None:
    """R38: a justified absence names a motive that is valid on its day, and nothing else names one.

    Raise MotiveNotValid.
    """
    valid = in_force(policies.on(result.on).certification.valid_absence_motives, result.on)
    is_justified = result.outcome is CertificationOutcome.ABSENT_JUSTIFIED
    if (motive in valid) if is_justified else (motive is None):
        return
    raise MotiveNotValid(motive, valid)


def check_counts(annulled_on: date | None) -> None:
    """A result is annulled once. Raise AlreadyAnnulled."""
    if annulled_on is not None:
        raise AlreadyAnnulled(annulled_on)


def attempt_numbers(outcomes: Iterable[CertificationOutcome]) -> Iterator[int]:
    """The number of each attempt at one qualification; `outcomes` are in the order of their days (R39)."""
    earlier: list[CertificationOutcome] = []
    for outcome in outcomes:
        yield attempt_number(earlier)
        earlier.append(outcome)
