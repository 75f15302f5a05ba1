"""Attendance (assiduité), and how it is put right (section 5; R17).

Source of R17: the help article of 01/07/2024 on refusals, last part; corrections and motives: section 5 of the
specification.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.domain.errors import NoRightLeft, SessionNotStarted, TooLateToCorrect
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Attendance, Funding, Payer, Status, Unit
from app.domain.facts.session import Session
from app.domain.rights.buckets import DEROGATION
from app.domain.rights.entitlements import choose_bucket, free_unit, lowest_free
from app.domain.statement_errors import AbsenceNotInSession, MotiveMissing, MotiveNotValid

RECORDED = (Status.COMPLETED, Status.ABSENT_JUSTIFIED, Status.ABSENT_UNJUSTIFIED)


@dataclass(frozen=True, slots=True)
class MissedDay:
    """A day of a completed session that the adviser missed."""

    on: date
    justified: bool
    motive: str | None = None


def check_motive(outcome: Attendance, motive: str | None, policy: Policy, *, is_correction: bool) -> None:
    """A justified absence names a motive that policy lists; a correction gives one, in free text otherwise.

    Raise MotiveNotValid, MotiveMissing.
    """
    if outcome is Attendance.ABSENT_JUSTIFIED:
        if motive not in policy.attendance.valid_absence_motives:
            raise MotiveNotValid(motive, policy.attendance.valid_absence_motives)
    elif is_correction and motive is None:
        raise MotiveMissing


def check_missed_days(days: Collection[MissedDay], outcome: Attendance, session: Session) -> None:
    """Days missed are listed of a completed session, each once, each within it. Raise AbsenceNotInSession."""
    for place, day in enumerate(days):
        repeated = [other.on for other in days].count(day.on) > 1
        if outcome is not Attendance.COMPLETED or repeated or not session.starts_on <= day.on <= session.ends_on:
            raise AbsenceNotInSession(place, session.starts_on, session.ends_on)


def check_may_correct(recorded_on: date, policy: Policy, *, today: date) -> None:
    """An organisation corrects what it recorded within the policy's days. Raise TooLateToCorrect."""
    last_day = recorded_on + timedelta(days=policy.attendance.correction_days)
    if today > last_day:
        raise TooLateToCorrect(last_day)


def attended(registration: Registration, outcome: Attendance, policy: Policy, *, today: date) -> Registration:
    """R17: a justified absence gives the unit back, an unjustified one keeps it when the policy says so.

    Raise InvalidTransition unless accepted, SessionNotStarted, SeatWaiting.
    """
    registration.check_transition("attendance", Status.ACCEPTED)
    if today < registration.first_day:
        raise SessionNotStarted(registration.first_day)
    registration.check_seated()
    status, missed = Status(outcome), outcome is Attendance.ABSENT_UNJUSTIFIED
    counts = missed and policy.initial_training.unjustified_absence_counts
    if status is Status.COMPLETED or (missed and policy.unjustified_absence_consumes):
        return replace(registration, status=status, absence_counts=counts)
    return replace(
        registration.unfunded(status),
        absence_counts=counts,
        agreed_funding=registration.funding,
        agreed_payer=registration.payer,
    )


def corrected(
    file: AdviserFile, registration: Registration, outcome: Attendance, policy: Policy, *, today: date
) -> Registration:
    """Its attendance put right, as if it had been so from the start: the right given back, or taken again. `file` is
    the adviser's, `policy` the version in force on the session's first day.

    Raise InvalidTransition unless recorded, NoRightLeft.
    """
    ended = attended(_as_before_attendance(registration), outcome, policy, today=today)
    others = file.without_registration(registration.id)
    takes_unit = ended.funding is Funding.STATE and ended.unit is None and ended.holds_a_unit_when_funded
    if takes_unit:
        ended = replace(ended, unit=_unit_of_that_day(others, ended, policy))
    second_training = ended.is_entry and not registration.is_entry and not ended.derogated
    if second_training and len(others.entries_other_than(ended.request.session)) >= policy.initial_training.max_funded:
        raise NoRightLeft(ended.first_day)
    return replace(ended, attendance_corrected=True)


def _as_before_attendance(registration: Registration) -> Registration:
    """Accepted, with what had been agreed; without its unit when that was given back.

    Raise InvalidTransition unless its attendance was recorded.
    """
    registration.check_transition("attendance", *RECORDED)
    funding = registration.funding or registration.agreed_funding
    return replace(
        registration,
        status=Status.ACCEPTED,
        funding=funding,
        payer=Payer.STATE if funding is Funding.STATE else registration.payer or registration.agreed_payer,
        agreed_funding=None,
        agreed_payer=None,
    )


def _unit_of_that_day(others: AdviserFile, registration: Registration, policy: Policy) -> Unit:
    """Raise NoRightLeft."""
    if registration.derogated:
        return lowest_free(DEROGATION, others.held_units)
    bucket = choose_bucket(others, registration.request.module, registration.first_day, policy)
    if bucket is None:
        raise NoRightLeft(registration.first_day)
    return free_unit(others, bucket)
