from collections.abc import Callable
from datetime import date

import pytest

from app.domain.errors import InvalidTransition, SessionNotStarted, SessionStarted
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Attendance, Funding, Payer, Status
from app.domain.statement_errors import PayerNotOffered
from tests.domain_builders import FIRST_DAY, a_registration, a_request, a_session, a_waiting_registration, day

EVE = day("2025-05-12")
MORROW = day("2025-05-14")
FUNDED = a_registration(unit="civil_year:2025#1")
KEPT = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)
WAITING = a_waiting_registration()


def attended(outcome: Attendance, *, today: date = FIRST_DAY, consumes: bool = True) -> Registration:
    return FUNDED.attended(outcome, today=today, absence_consumes=consumes)


MOVES: dict[str, tuple[Callable[[Registration], Registration], set[Status]]] = {
    "choice to keep": (lambda it: it.kept(Payer.SELF), {Status.AWAITING_CHOICE}),
    "choice to cancel": (lambda it: it.declined(), {Status.AWAITING_CHOICE}),
    "cancellation": (lambda it: it.cancelled(EVE), {Status.ACCEPTED, Status.AWAITING_CHOICE}),
    "attendance": (
        lambda it: it.attended(Attendance.COMPLETED, today=FIRST_DAY, absence_consumes=True),
        {Status.ACCEPTED},
    ),
    "reschedule": (
        lambda it: it.rescheduled(a_session(MORROW), today=EVE),
        {Status.ACCEPTED, Status.AWAITING_CHOICE, Status.REFUSED},
    ),
    "re-examination": (lambda it: it.with_adviser_notice(employer_agreement=False), {Status.REFUSED}),
    "positioning-test": (lambda it: it.check_positioning_test(), {Status.ACCEPTED, Status.COMPLETED}),
}
STARTING = [(move, status) for move in MOVES for status in Status]


@pytest.mark.parametrize(("move", "status"), [pair for pair in STARTING if pair[1] not in MOVES[pair[0]][1]])
def test_an_impossible_move_names_the_status(move: str, status: Status) -> None:
    registration = a_registration(status=status, offered_payers=(Payer.SELF,))

    with pytest.raises(InvalidTransition) as raised:
        MOVES[move][0](registration)

    assert raised.value.status is status
    assert raised.value.move == move.partition(" ")[0]


@pytest.mark.parametrize(("move", "status"), [pair for pair in STARTING if pair[1] in MOVES[pair[0]][1]])
def test_a_possible_move_is_made(move: str, status: Status) -> None:
    registration = a_registration(status=status, offered_payers=(Payer.SELF,))

    actual = MOVES[move][0](registration)

    assert actual.id == registration.id


@pytest.mark.parametrize("payer", [Payer.EMPLOYER, Payer.SELF])
def test_a_waiting_registration_is_kept_at_the_expense_of_an_offered_payer(payer: Payer) -> None:
    actual = WAITING.kept(payer)

    assert actual == a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=payer)


@pytest.mark.parametrize("payer", [Payer.OPCO, Payer.STATE])
def test_a_payer_that_is_not_offered_cannot_be_chosen(payer: Payer) -> None:
    with pytest.raises(PayerNotOffered) as raised:
        WAITING.kept(payer)

    assert (raised.value.payer, raised.value.offered) == (payer, (Payer.EMPLOYER, Payer.SELF))


def test_a_waiting_registration_is_cancelled_by_choice() -> None:
    actual = WAITING.declined()

    assert actual == a_registration(status=Status.CANCELLED)


@pytest.mark.parametrize(
    "registration",
    [pytest.param(FUNDED, id="funded"), pytest.param(KEPT, id="kept"), pytest.param(WAITING, id="waiting")],
)
def test_a_cancelled_registration_holds_nothing(registration: Registration) -> None:
    actual = registration.cancelled(EVE)

    assert actual == a_registration(1, registration.request, status=Status.CANCELLED)


@pytest.mark.parametrize("on", [FIRST_DAY, MORROW])
def test_a_session_is_cancelled_before_its_first_day_only(on: date) -> None:
    with pytest.raises(SessionStarted) as raised:
        FUNDED.cancelled(on)

    assert raised.value.first_day == FIRST_DAY


def test_the_first_of_several_days_counts() -> None:
    over_two_days = a_registration(1, a_request(FIRST_DAY, ends_on=MORROW))

    actual = over_two_days.first_day

    assert actual == FIRST_DAY


@pytest.mark.parametrize(
    ("outcome", "consumes", "expected"),
    [
        pytest.param(Attendance.COMPLETED, True, "civil_year:2025#1", id="completed"),
        pytest.param(Attendance.COMPLETED, False, "civil_year:2025#1", id="completed, whatever the policy"),
        pytest.param(Attendance.ABSENT_UNJUSTIFIED, True, "civil_year:2025#1", id="missed without motive"),
        pytest.param(Attendance.ABSENT_UNJUSTIFIED, False, None, id="not missed without, when the policy forgives"),
        pytest.param(Attendance.ABSENT_JUSTIFIED, True, None, id="not missed with a motive"),
        pytest.param(Attendance.ABSENT_JUSTIFIED, False, None, id="not missed with a motive, whatever the policy"),
    ],
)
def test_a_unit_stays_taken_when(outcome: Attendance, expected: str | None, *, consumes: bool) -> None:
    actual = attended(outcome, consumes=consumes)

    assert actual == a_registration(status=Status(outcome.value), unit=expected)


def test_a_completed_module_keeps_its_payer() -> None:
    actual = KEPT.attended(Attendance.COMPLETED, today=MORROW, absence_consumes=True)

    assert (actual.status, actual.funding, actual.payer) == (Status.COMPLETED, Funding.NONE, Payer.SELF)


def test_attendance_waits_for_the_first_day() -> None:
    with pytest.raises(SessionNotStarted) as raised:
        attended(Attendance.COMPLETED, today=EVE)

    assert raised.value.first_day == FIRST_DAY


def test_a_session_that_has_not_started_is_moved() -> None:
    session = a_session(day("2025-10-07"), ends_on=day("2025-10-08"))

    actual = FUNDED.rescheduled(session, today=EVE)

    request = a_request(day("2025-10-07"), ends_on=day("2025-10-08"))
    assert actual == a_registration(1, request, unit="civil_year:2025#1")


@pytest.mark.parametrize("today", [FIRST_DAY, MORROW])
def test_a_session_that_has_started_is_not_moved(today: date) -> None:
    with pytest.raises(SessionStarted) as raised:
        FUNDED.rescheduled(a_session(day("2025-10-07")), today=today)

    assert raised.value.first_day == FIRST_DAY


@pytest.mark.parametrize(
    ("known", "brought", "expected"),
    [
        pytest.param(False, False, False, id="none"),
        pytest.param(False, True, True, id="brought"),
        pytest.param(True, False, True, id="known already"),
        pytest.param(True, True, True, id="both"),
    ],
)
def test_a_notice_may_bring_the_employer_s_agreement(*, known: bool, brought: bool, expected: bool) -> None:
    registration = a_registration(1, a_request(employer_agreement=known), status=Status.REFUSED)

    actual = registration.with_adviser_notice(employer_agreement=brought)

    assert actual == a_registration(1, a_request(employer_agreement=expected), status=Status.REFUSED)


def test_a_positioning_test_changes_nothing_else() -> None:
    actual = FUNDED.check_positioning_test()

    assert actual == FUNDED


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        pytest.param("civil_year:2025#1", "civil_year:2025", id="a civil year"),
        pytest.param("carry_over:first_year#12", "carry_over:first_year", id="a carry-over"),
        pytest.param("supplementary:c#1#2", "supplementary:c#1", id="a module with a strange code"),
        pytest.param(None, None, id="none without a unit"),
    ],
)
def test_the_entitlement_is_the_bucket_of_the_unit(unit: str | None, expected: str | None) -> None:
    actual = a_registration(unit=unit).entitlement

    assert actual == expected


@pytest.mark.parametrize(
    ("requested_on", "expected"),
    [
        pytest.param("2025-05-12", "2025-05-12", id="the request when it comes first"),
        pytest.param("2025-05-13", "2025-05-13", id="that day when both are the same"),
        pytest.param("2025-05-14", "2025-05-13", id="the session when it comes first"),
    ],
)
def test_the_reference_date_is(requested_on: str, expected: str) -> None:
    actual = a_request(requested_on=day(requested_on)).reference_date

    assert actual == day(expected)
