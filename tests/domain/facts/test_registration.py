from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import InvalidTransition, SeatWaiting, SessionEnded, SessionStarted
from app.domain.facts.registration import Registration, check_regularisation
from app.domain.facts.registration_terms import Funding, Payer, Seat, Status
from app.domain.facts.session import SessionId
from app.domain.statement_errors import PayerNotOffered, RegularisationNeeded
from tests.domain_builders import (
    FIRST_DAY,
    INITIAL,
    SESSION_ID,
    a_registration,
    a_request,
    a_session,
    a_waiting_registration,
    an_initial_registration,
    day,
)

EVE = day("2025-05-12")
MORROW = day("2025-05-14")
FUNDED = a_registration(unit="civil_year:2025#1")
KEPT = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)
WAITING = a_waiting_registration()


def cancelled(registration: Registration, on: date, today: date = EVE, *, word: bool = False) -> Registration:
    return registration.cancelled(on, today=today, regularisation=word)


def moved(registration: Registration, starts_on: date, today: date = EVE, *, word: bool = False) -> Registration:
    return registration.rescheduled(a_session(starts_on), today=today, regularisation=word)


def check_derogable(registration: Registration) -> Registration:
    registration.check_derogable()
    return registration


MOVES: dict[str, tuple[Callable[[Registration], Registration], set[Status]]] = {
    "choice to keep": (lambda it: it.kept(Payer.SELF), {Status.AWAITING_CHOICE}),
    "choice to cancel": (lambda it: it.declined(), {Status.AWAITING_CHOICE}),
    "cancellation": (lambda it: cancelled(it, EVE), {Status.ACCEPTED, Status.AWAITING_CHOICE}),
    "reschedule": (lambda it: moved(it, MORROW), {Status.ACCEPTED, Status.AWAITING_CHOICE, Status.REFUSED}),
    "re-examination": (lambda it: it.with_adviser_notice(EVE, employer_agreement=False), {Status.REFUSED}),
    "derogation": (check_derogable, {Status.REFUSED, Status.AWAITING_CHOICE}),
    "cancellation with its session": (
        lambda it: it.cancelled_with_session(),
        {Status.ACCEPTED, Status.AWAITING_CHOICE, Status.REFUSED},
    ),
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
    actual = cancelled(registration, EVE)

    assert actual == a_registration(1, registration.request, status=Status.CANCELLED)


@pytest.mark.parametrize("on", [FIRST_DAY, MORROW])
@pytest.mark.parametrize("word", [False, True])
def test_a_session_is_cancelled_before_its_first_day_only(on: date, *, word: bool) -> None:
    with pytest.raises(SessionStarted) as raised:
        cancelled(FUNDED, on, today=MORROW, word=word)

    assert raised.value.first_day == FIRST_DAY


@pytest.mark.parametrize("today", [FIRST_DAY, MORROW])
def test_a_cancellation_told_after_the_session_started_needs_the_word(today: date) -> None:
    with pytest.raises(RegularisationNeeded) as raised:
        cancelled(FUNDED, EVE, today)

    assert (raised.value.pointer, raised.value.first_day) == ("/cancelled_on", FIRST_DAY)
    assert cancelled(FUNDED, EVE, today, word=True).status is Status.CANCELLED


def test_the_word_changes_nothing_on_a_session_to_come() -> None:
    assert cancelled(FUNDED, EVE, word=True) == cancelled(FUNDED, EVE)
    assert moved(FUNDED, MORROW, word=True) == moved(FUNDED, MORROW)


@pytest.mark.parametrize("on", [EVE, FIRST_DAY, MORROW])
def test_what_waits_is_cancelled_on_any_day_without_the_word(on: date) -> None:
    actual = cancelled(WAITING, on, today=MORROW)

    assert actual == a_registration(status=Status.CANCELLED)


def test_the_first_of_several_days_counts() -> None:
    over_two_days = a_registration(1, a_request(FIRST_DAY, ends_on=MORROW))

    actual = over_two_days.first_day

    assert actual == FIRST_DAY


def test_a_session_that_has_not_started_is_moved() -> None:
    session = a_session(day("2025-10-07"), ends_on=day("2025-10-08"))

    actual = FUNDED.rescheduled(session, today=EVE, regularisation=False)

    request = a_request(day("2025-10-07"), ends_on=day("2025-10-08"))
    assert actual == a_registration(1, request, unit="civil_year:2025#1")


@pytest.mark.parametrize("today", [FIRST_DAY, MORROW])
@pytest.mark.parametrize("word", [False, True])
def test_a_session_that_has_started_is_not_moved(today: date, *, word: bool) -> None:
    with pytest.raises(SessionStarted) as raised:
        moved(FUNDED, day("2025-10-07"), today, word=word)

    assert raised.value.first_day == FIRST_DAY


@pytest.mark.parametrize("starts_on", ["2025-05-12", "2025-05-11"])
def test_a_move_to_a_session_that_has_started_needs_the_word(starts_on: str) -> None:
    with pytest.raises(RegularisationNeeded) as raised:
        moved(FUNDED, day(starts_on))

    assert (raised.value.pointer, raised.value.first_day) == ("/session/starts_on", day(starts_on))
    assert moved(FUNDED, day(starts_on), word=True).first_day == day(starts_on)


def test_what_a_person_decided_counts_no_more_for_another_session() -> None:
    derogated = a_registration(unit="derogation#1", derogated=True)

    actual = moved(derogated, MORROW)

    assert actual == a_registration(1, a_request(MORROW), unit="derogation#1")


@pytest.mark.parametrize(
    ("first_day", "word", "needed"),
    [
        pytest.param("2025-05-14", False, False, id="to come"),
        pytest.param("2025-05-13", False, True, id="of today"),
        pytest.param("2025-05-12", False, True, id="of yesterday"),
        pytest.param("2025-05-13", True, False, id="of today, with it"),
        pytest.param("2025-05-14", True, False, id="to come, with it"),
    ],
)
def test_the_word_is_needed_for_a_session(first_day: str, *, word: bool, needed: bool) -> None:
    try:
        check_regularisation("/x", day(first_day), FIRST_DAY, regularisation=word)
    except RegularisationNeeded as raised:
        actual: tuple[str, date] | None = raised.pointer, raised.first_day
    else:
        actual = None

    assert actual == (("/x", day(first_day)) if needed else None)


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

    actual = registration.with_adviser_notice(EVE, employer_agreement=brought)

    request = a_request(employer_agreement=expected, notified_on=EVE)
    assert actual == a_registration(1, request, status=Status.REFUSED)


OVER_TWO_DAYS = a_registration(1, a_request(FIRST_DAY, ends_on=MORROW), status=Status.REFUSED)


def test_a_notice_comes_by_the_session_s_last_day() -> None:
    actual = OVER_TWO_DAYS.with_adviser_notice(MORROW, employer_agreement=False)

    assert actual.request.notified_on == MORROW


def test_a_notice_comes_too_late_after_the_session_s_last_day() -> None:
    with pytest.raises(SessionEnded) as raised:
        OVER_TWO_DAYS.with_adviser_notice(day("2025-05-15"), employer_agreement=False)

    assert raised.value.last_day == MORROW


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
    ("requested_on", "notified_on", "expected"),
    [
        pytest.param("2025-05-12", None, "2025-05-12", id="the request when it comes first"),
        pytest.param("2025-05-13", None, "2025-05-13", id="that day when both are the same"),
        pytest.param("2025-05-14", None, "2025-05-13", id="the session when it comes first"),
        pytest.param("2025-04-01", "2025-05-12", "2025-05-12", id="the notice, once given"),
        pytest.param("2025-04-01", "2025-05-14", "2025-05-13", id="the session when it comes before the notice"),
    ],
)
def test_the_reference_date_is(requested_on: str, notified_on: str | None, expected: str) -> None:
    notice = day(notified_on) if notified_on else None

    actual = a_request(requested_on=day(requested_on), notified_on=notice).reference_date

    assert actual == day(expected)


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(FUNDED, True, id="accepted"),
        pytest.param(WAITING, True, id="waiting"),
        pytest.param(KEPT, False, id="not kept: it binds only its payer"),
        pytest.param(a_registration(unit="derogation#1", derogated=True), False, id="not what a person decided"),
        pytest.param(a_registration(status=Status.REFUSED), False, id="not refused: its adviser gives notice"),
        pytest.param(a_registration(status=Status.CANCELLED), False, id="not cancelled"),
        pytest.param(a_registration(status=Status.COMPLETED), False, id="not completed"),
        pytest.param(a_registration(status=Status.ABSENT_JUSTIFIED), False, id="not missed with a motive"),
        pytest.param(a_registration(status=Status.ABSENT_UNJUSTIFIED), False, id="not missed without"),
    ],
)
def test_a_change_of_the_file_decides_it_again_before_its_session(
    registration: Registration, *, expected: bool
) -> None:
    assert registration.may_be_decided_again(EVE) is expected


@pytest.mark.parametrize("today", [FIRST_DAY, MORROW])
def test_nothing_is_decided_again_once_its_session_has_started(today: date) -> None:
    assert not FUNDED.may_be_decided_again(today)


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(an_initial_registration(status=Status.ACCEPTED), True, id="accepted"),
        pytest.param(an_initial_registration(status=Status.COMPLETED), True, id="completed"),
        pytest.param(an_initial_registration(status=Status.ABSENT_UNJUSTIFIED), False, id="not missed"),
        pytest.param(
            replace(an_initial_registration(status=Status.ABSENT_UNJUSTIFIED), absence_counts=True),
            True,
            id="missed without motive where policy counts it",
        ),
        pytest.param(
            replace(a_registration(status=Status.ABSENT_UNJUSTIFIED), absence_counts=True),
            False,
            id="not a module missed, whatever counts",
        ),
    ],
)
def test_an_initial_training_is_an_entry_when(registration: Registration, *, expected: bool) -> None:
    assert registration.is_entry is expected


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(FUNDED, True, id="a module"),
        pytest.param(an_initial_registration(), False, id="not an initial training"),
        pytest.param(
            a_registration(1, a_request(module=INITIAL), derogated=True), True, id="an initial training derogated"
        ),
    ],
)
def test_a_unit_is_held_when_funded_by(registration: Registration, *, expected: bool) -> None:
    assert registration.holds_a_unit_when_funded is expected


@pytest.mark.parametrize("status", Status)
def test_one_takes_place_while_it_may_be_attended(status: Status) -> None:
    standing = {Status.ACCEPTED, Status.AWAITING_CHOICE, Status.COMPLETED}

    assert a_registration(status=status).takes_place is (status in standing)


HOLDING = {Status.ACCEPTED, Status.COMPLETED, Status.ABSENT_JUSTIFIED, Status.ABSENT_UNJUSTIFIED}


@pytest.mark.parametrize("status", Status)
def test_a_place_in_a_published_session_is_held_by_what_was_accepted(status: Status) -> None:
    of_session = a_registration(1, a_request(published=SESSION_ID), status=status)
    of_its_own_days = a_registration(1, a_request(), status=status)

    assert of_session.holds_a_place is (status in HOLDING)
    assert not of_its_own_days.holds_a_place


def test_what_is_cancelled_with_its_session_gives_its_right_back() -> None:
    actual = FUNDED.cancelled_with_session()

    assert actual == a_registration(status=Status.CANCELLED)


@pytest.mark.parametrize("seat", [None, Seat.SEATED])
def test_who_has_a_seat_or_needs_none_attends(seat: Seat | None) -> None:
    a_registration(seat=seat).check_seated()


def test_who_waits_for_a_seat_attends_nothing() -> None:
    with pytest.raises(SeatWaiting):
        a_registration(seat=Seat.WAITING).check_seated()


@pytest.mark.parametrize(("published", "pointer"), [(None, "/session/starts_on"), (SESSION_ID, "/session_id")])
def test_a_move_into_the_past_names_where_the_session_was_given(published: SessionId | None, pointer: str) -> None:
    started = a_session(EVE, published=published)

    with pytest.raises(RegularisationNeeded) as raised:
        FUNDED.rescheduled(started, today=EVE, regularisation=False)

    assert raised.value.pointer == pointer
