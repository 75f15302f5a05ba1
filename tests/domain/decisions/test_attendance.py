"""Attendance, and how it is put right as if it had been so from the start."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.decisions.attendance import (
    MissedDay,
    attended,
    check_may_correct,
    check_missed_days,
    check_motive,
    corrected,
)
from app.domain.errors import InvalidTransition, NoRightLeft, SeatWaiting, SessionNotStarted, TooLateToCorrect
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Attendance, Funding, Payer, Seat, Status
from app.domain.statement_errors import AbsenceNotInSession, MotiveMissing, MotiveNotValid
from tests.domain.file_outcomes import unit_or_status
from tests.domain_builders import (
    FIRST_DAY,
    POLICY,
    a_certification,
    a_file,
    a_policy,
    a_registration,
    a_request,
    a_session,
    an_initial_registration,
    day,
)

COMPLETED, JUSTIFIED, UNJUSTIFIED = Attendance.COMPLETED, Attendance.ABSENT_JUSTIFIED, Attendance.ABSENT_UNJUSTIFIED
EVE, MORROW = day("2025-05-12"), day("2025-05-14")
UNIT = "civil_year:2025#1"
FUNDED = a_registration(unit=UNIT)
KEPT = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)
MEDIATOR_S = a_registration(funding=Funding.NONE)
INITIAL_TRAINING = an_initial_registration()
DEROGATED = a_registration(unit="derogation#1", derogated=True)
FORGIVING = a_policy(absence_consumes=False)
COUNTING = a_policy(absence_counts=True)
FORGIVING_AND_COUNTING = a_policy(absence_consumes=False, absence_counts=True)


def recorded(
    outcome: Attendance, registration: Registration = FUNDED, policy: Policy = POLICY, today: date = FIRST_DAY
) -> Registration:
    return attended(registration, outcome, policy, today=today)


def put_right(
    registration: Registration, outcome: Attendance, *others: Registration, policy: Policy = POLICY
) -> Registration:
    file = a_file(registrations=(registration, *others))
    return corrected(file, registration, outcome, policy, today=MORROW)


@pytest.mark.parametrize(
    ("outcome", "policy", "expected"),
    [
        pytest.param(COMPLETED, POLICY, UNIT, id="completed"),
        pytest.param(COMPLETED, FORGIVING, UNIT, id="completed, whatever the policy"),
        pytest.param(UNJUSTIFIED, POLICY, UNIT, id="missed without motive"),
        pytest.param(UNJUSTIFIED, FORGIVING, None, id="not missed without, when the policy forgives"),
        pytest.param(JUSTIFIED, POLICY, None, id="not missed with a motive"),
        pytest.param(JUSTIFIED, FORGIVING, None, id="not missed with a motive, whatever the policy"),
    ],
)
def test_a_unit_stays_taken_when(outcome: Attendance, policy: Policy, expected: str | None) -> None:
    actual = recorded(outcome, policy=policy)

    agreed = replace(actual, agreed_funding=None, agreed_payer=None)
    assert agreed == a_registration(status=Status(outcome.value), unit=expected)


def test_what_had_been_agreed_is_remembered_when_the_unit_is_given_back() -> None:
    actual = recorded(JUSTIFIED, KEPT)

    assert (actual.funding, actual.payer) == (None, None)
    assert (actual.agreed_funding, actual.agreed_payer) == (Funding.NONE, Payer.SELF)


def test_a_completed_module_keeps_its_payer() -> None:
    actual = recorded(COMPLETED, KEPT, today=MORROW)

    assert (actual.status, actual.funding, actual.payer) == (Status.COMPLETED, Funding.NONE, Payer.SELF)


def test_attendance_waits_for_the_first_day() -> None:
    with pytest.raises(SessionNotStarted) as raised:
        recorded(COMPLETED, today=EVE)

    assert raised.value.first_day == FIRST_DAY


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACCEPTED])
def test_only_who_was_accepted_attends(status: Status) -> None:
    with pytest.raises(InvalidTransition) as raised:
        recorded(COMPLETED, a_registration(status=status))

    assert (raised.value.move, raised.value.status) == ("attendance", status)


@pytest.mark.parametrize(
    ("outcome", "policy", "expected"),
    [
        pytest.param(UNJUSTIFIED, POLICY, False, id="not one missed without motive"),
        pytest.param(UNJUSTIFIED, COUNTING, True, id="one missed without, where policy counts it"),
        pytest.param(
            UNJUSTIFIED, FORGIVING_AND_COUNTING, True, id="one missed without, forgiven, where policy counts it"
        ),
        pytest.param(JUSTIFIED, COUNTING, False, id="not one missed with a motive, whatever policy counts"),
        pytest.param(COMPLETED, POLICY, True, id="one completed"),
    ],
)
def test_an_entry_into_initial_training_is(outcome: Attendance, policy: Policy, *, expected: bool) -> None:
    assert recorded(outcome, INITIAL_TRAINING, policy).is_entry is expected


EVERY_CHANGE = [(first, then) for first in Attendance for then in Attendance if first is not then]


@pytest.mark.parametrize(("first", "then"), EVERY_CHANGE)
@pytest.mark.parametrize(
    "registration",
    [
        pytest.param(FUNDED, id="funded"),
        pytest.param(KEPT, id="kept"),
        pytest.param(MEDIATOR_S, id="a mediator's"),
        pytest.param(INITIAL_TRAINING, id="initial training"),
        pytest.param(DEROGATED, id="derogated"),
    ],
)
@pytest.mark.parametrize("policy", [POLICY, FORGIVING, COUNTING], ids=["published", "forgiving", "counting"])
def test_put_right_it_is_as_if_it_had_been_so_from_the_start(
    registration: Registration, policy: Policy, first: Attendance, then: Attendance
) -> None:
    wrong = recorded(first, registration, policy)
    file = a_file(entered_on=None, certifications=(a_certification(),), registrations=(wrong,))

    actual = corrected(file, wrong, then, policy, today=MORROW)

    assert actual == replace(recorded(then, registration, policy), attendance_corrected=True)


def test_the_right_taken_again_is_one_of_that_day() -> None:
    missed = recorded(JUSTIFIED, a_registration(1, a_request(day("2025-03-18")), unit="civil_year:2025#1"))

    actual = put_right(missed, COMPLETED)

    assert unit_or_status(replace(actual, status=Status.ACCEPTED)) == "civil_year:2024#1"


@pytest.mark.parametrize("outcome", [COMPLETED, UNJUSTIFIED])
def test_no_right_of_that_day_may_be_left(outcome: Attendance) -> None:
    promoted = a_registration(2, a_request(day("2025-10-07")), unit=UNIT)

    with pytest.raises(NoRightLeft) as raised:
        put_right(recorded(JUSTIFIED), outcome, promoted)

    assert raised.value.first_day == FIRST_DAY


def test_no_right_is_needed_where_the_policy_forgives() -> None:
    promoted = a_registration(2, a_request(day("2025-10-07")), unit=UNIT)

    actual = put_right(recorded(JUSTIFIED), UNJUSTIFIED, promoted, policy=FORGIVING)

    assert (actual.status, actual.unit) == (Status.ABSENT_UNJUSTIFIED, None)


def test_what_a_person_funded_needs_no_right() -> None:
    spent = a_registration(2, a_request(day("2025-10-07")), unit=UNIT)
    other = a_registration(3, a_request(day("2025-11-04")), unit="derogation#1", derogated=True)

    actual = put_right(recorded(JUSTIFIED, DEROGATED), COMPLETED, spent, other)

    assert (actual.unit, actual.payer) == ("derogation#2", Payer.STATE)


SECOND_TRAINING = an_initial_registration(2, day("2025-09-15"))


@pytest.mark.parametrize(
    ("first", "outcome", "policy"),
    [
        pytest.param(JUSTIFIED, COMPLETED, POLICY, id="completed after all"),
        pytest.param(UNJUSTIFIED, COMPLETED, POLICY, id="completed, not missed"),
        pytest.param(JUSTIFIED, UNJUSTIFIED, COUNTING, id="missed without motive, where that counts"),
    ],
)
def test_a_second_initial_training_has_no_right_left(first: Attendance, outcome: Attendance, policy: Policy) -> None:
    missed = recorded(first, INITIAL_TRAINING)
    file = a_file(entered_on=None, registrations=(missed, SECOND_TRAINING))

    with pytest.raises(NoRightLeft) as raised:
        corrected(file, missed, outcome, policy, today=MORROW)

    assert raised.value.first_day == FIRST_DAY


@pytest.mark.parametrize(
    ("file", "policy", "registration"),
    [
        pytest.param(a_file(entered_on=FIRST_DAY), POLICY, INITIAL_TRAINING, id="the imported one is that very one"),
        pytest.param(a_file(), a_policy(max_funded=2), INITIAL_TRAINING, id="policy funds two"),
        pytest.param(a_file(), POLICY, replace(INITIAL_TRAINING, derogated=True), id="a person decided it"),
    ],
)
def test_an_initial_training_is_completed_after_all_when(
    file: AdviserFile, policy: Policy, registration: Registration
) -> None:
    missed = recorded(JUSTIFIED, registration)

    actual = corrected(file.with_registration(missed), missed, COMPLETED, policy, today=MORROW)

    assert actual.status is Status.COMPLETED


def test_one_of_two_initial_trainings_held_is_put_right_to_an_entry_that_it_was() -> None:
    """It takes nothing that it did not have."""
    missed = recorded(UNJUSTIFIED, INITIAL_TRAINING, COUNTING)
    file = a_file(entered_on=None, registrations=(missed, SECOND_TRAINING))

    actual = corrected(file, missed, COMPLETED, COUNTING, today=MORROW)

    assert (actual.status, actual.absence_counts) == (Status.COMPLETED, False)


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.REFUSED, Status.AWAITING_CHOICE, Status.CANCELLED], ids=str)
def test_only_what_was_recorded_is_put_right(status: Status) -> None:
    with pytest.raises(InvalidTransition) as raised:
        put_right(a_registration(status=status), COMPLETED)

    assert (raised.value.move, raised.value.status) == ("attendance", status)


VALID = ("medical_certificate", "force_majeure", "employer_need")


@pytest.mark.parametrize("motive", VALID)
@pytest.mark.parametrize("is_correction", [False, True])
def test_a_justified_absence_names_a_motive_of_the_policy(motive: str, *, is_correction: bool) -> None:
    check_motive(JUSTIFIED, motive, POLICY, is_correction=is_correction)


@pytest.mark.parametrize("motive", ["covid_test", "grippe", "", None])
@pytest.mark.parametrize("is_correction", [False, True])
def test_another_motive_justifies_no_absence(motive: str | None, *, is_correction: bool) -> None:
    with pytest.raises(MotiveNotValid) as raised:
        check_motive(JUSTIFIED, motive, POLICY, is_correction=is_correction)

    assert (raised.value.motive, raised.value.valid) == (motive, VALID)


@pytest.mark.parametrize("outcome", [COMPLETED, UNJUSTIFIED])
def test_a_correction_says_why_in_free_text(outcome: Attendance) -> None:
    check_motive(outcome, "Erreur de saisie", POLICY, is_correction=True)
    check_motive(outcome, None, POLICY, is_correction=False)

    with pytest.raises(MotiveMissing):
        check_motive(outcome, None, POLICY, is_correction=True)


SESSION = a_session(day("2025-05-13"), ends_on=day("2025-05-15"))


def missed(*days: str) -> list[MissedDay]:
    return [MissedDay(day(on), justified=False) for on in days]


def test_days_missed_are_listed_of_a_completed_session() -> None:
    check_missed_days(missed("2025-05-13", "2025-05-15"), COMPLETED, SESSION)


@pytest.mark.parametrize(
    ("days", "outcome", "place"),
    [
        pytest.param(("2025-05-12",), COMPLETED, 0, id="before it"),
        pytest.param(("2025-05-14", "2025-05-16"), COMPLETED, 1, id="after it"),
        pytest.param(("2025-05-13", "2025-05-14", "2025-05-13"), COMPLETED, 0, id="twice"),
        pytest.param(("2025-05-13",), JUSTIFIED, 0, id="of a session missed with a motive"),
        pytest.param(("2025-05-13",), UNJUSTIFIED, 0, id="of a session missed without"),
    ],
)
def test_a_day_cannot_be_missed(days: tuple[str, ...], outcome: Attendance, place: int) -> None:
    with pytest.raises(AbsenceNotInSession) as raised:
        check_missed_days(missed(*days), outcome, SESSION)

    actual = raised.value
    assert (actual.place, actual.first_day, actual.last_day) == (place, SESSION.starts_on, SESSION.ends_on)


@pytest.mark.parametrize("outcome", Attendance)
def test_no_day_missed_may_be_listed_of_any(outcome: Attendance) -> None:
    check_missed_days((), outcome, SESSION)


@pytest.mark.parametrize("today", ["2025-05-13", "2025-06-12"])
def test_an_organisation_corrects_until_the_policy_s_last_day(today: str) -> None:
    check_may_correct(FIRST_DAY, POLICY, today=day(today))


def test_an_organisation_corrects_no_more_after_it() -> None:
    with pytest.raises(TooLateToCorrect) as raised:
        check_may_correct(FIRST_DAY, POLICY, today=day("2025-06-13"))

    assert raised.value.last_day == day("2025-06-12")


@pytest.mark.parametrize("outcome", Attendance)
def test_who_still_waits_for_a_seat_neither_attends_nor_is_absent(outcome: Attendance) -> None:
    waiting = a_registration(unit=UNIT, seat=Seat.WAITING)

    with pytest.raises(SeatWaiting):
        recorded(outcome, waiting)
