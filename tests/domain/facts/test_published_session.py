from collections.abc import Callable
from datetime import date

import pytest

from app.domain.errors import SeatsTaken, SessionCancelled, SessionClosed, SessionStarted
from app.domain.facts.published_session import PublishedSession, SessionDeed, SessionStatus
from app.domain.facts.registration_terms import Seat
from tests.domain_builders import FIRST_DAY, a_published_session, day

EVE, MORROW, AFTER = day("2025-05-12"), day("2025-05-14"), day("2025-05-15")
LAST_DAY = MORROW
CLOSES_ON, CLOSED = day("2025-05-05"), day("2025-05-06")
FULL = a_published_session(ends_on=LAST_DAY, taken=12)
CONFIRMED = a_published_session(ends_on=LAST_DAY, confirmed=True)
CANCELLED = a_published_session(ends_on=LAST_DAY, taken=12, confirmed=True, cancelled=True)
CLOSING = a_published_session(ends_on=LAST_DAY, closes_on=CLOSES_ON)
MOVE, CONFIRMATION, CANCELLATION = SessionDeed


@pytest.mark.parametrize(
    ("session", "today", "expected"),
    [
        pytest.param(a_published_session(ends_on=LAST_DAY), EVE, SessionStatus.OPEN, id="with seats left"),
        pytest.param(a_published_session(taken=11), EVE, SessionStatus.OPEN, id="with its last seat left"),
        pytest.param(a_published_session(maximum=None, taken=900), EVE, SessionStatus.OPEN, id="without a limit"),
        pytest.param(CONFIRMED, EVE, SessionStatus.CONFIRMED, id="once confirmed"),
        pytest.param(FULL, EVE, SessionStatus.FULL, id="without a seat left"),
        pytest.param(
            a_published_session(taken=12, confirmed=True), EVE, SessionStatus.FULL, id="however confirmed it is"
        ),
        pytest.param(FULL, LAST_DAY, SessionStatus.FULL, id="on its last day still"),
        pytest.param(FULL, AFTER, SessionStatus.HELD, id="once it is over"),
        pytest.param(CONFIRMED, AFTER, SessionStatus.HELD, id="confirmed and over"),
        pytest.param(CANCELLED, EVE, SessionStatus.CANCELLED, id="once cancelled"),
        pytest.param(CANCELLED, AFTER, SessionStatus.CANCELLED, id="for ever"),
    ],
)
def test_a_session_is(session: PublishedSession, today: date, expected: SessionStatus) -> None:
    assert session.status(today) is expected


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        pytest.param(a_published_session(taken=11), Seat.SEATED, id="the last seat"),
        pytest.param(a_published_session(maximum=None, taken=900), Seat.SEATED, id="a seat where there is no limit"),
        pytest.param(a_published_session(taken=12), Seat.WAITING, id="no seat when all are taken"),
        pytest.param(
            a_published_session(taken=11, waiting=1), Seat.WAITING, id="no seat that somebody waits for, though free"
        ),
    ],
)
def test_the_next_registration_gets(session: PublishedSession, expected: Seat) -> None:
    assert session.next_seat is expected


@pytest.mark.parametrize(
    ("session", "today", "regularisation"),
    [
        pytest.param(CLOSING, CLOSES_ON, False, id="on the last day to do so"),
        pytest.param(a_published_session(), EVE, False, id="on the eve when no day is said"),
        pytest.param(FULL, EVE, False, id="to wait when it is full"),
        pytest.param(CLOSING, FIRST_DAY, True, id="afterwards when the past is recorded"),
    ],
)
def test_one_may_register(session: PublishedSession, today: date, regularisation: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    session.check_registration(today, regularisation=regularisation)


@pytest.mark.parametrize(
    ("today", "regularisation"),
    [
        pytest.param(CLOSED, False, id="the day after the last one"),
        pytest.param(CLOSED, True, id="whatever is said as long as it is to come"),
        pytest.param(EVE, True, id="on the eve either"),
        pytest.param(FIRST_DAY, False, id="once it has begun"),
    ],
)
def test_registration_is_closed(today: date, regularisation: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    with pytest.raises(SessionClosed) as raised:
        CLOSING.check_registration(today, regularisation=regularisation)

    assert raised.value.last_day == CLOSES_ON


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(lambda: CANCELLED.check_registration(EVE, regularisation=False), id="nobody registers"),
        pytest.param(lambda: CANCELLED.check_registration(AFTER, regularisation=True), id="not afterwards either"),
        pytest.param(CANCELLED.check_may_change, id="nothing changes"),
        *(pytest.param(lambda deed=deed: CANCELLED.check_deed(deed, EVE), id=f"no {deed}") for deed in SessionDeed),
    ],
)
def test_of_a_cancelled_session(asked: Callable[[], None]) -> None:
    with pytest.raises(SessionCancelled):
        asked()


@pytest.mark.parametrize(("deed", "last_day"), [(MOVE, EVE), (CANCELLATION, EVE), (CONFIRMATION, LAST_DAY)], ids=str)
def test_a_session_is_moved_or_cancelled_until_its_eve_and_confirmed_until_its_last_day(
    deed: SessionDeed, last_day: date
) -> None:
    session, next_day = a_published_session(ends_on=LAST_DAY), date.fromordinal(last_day.toordinal() + 1)
    session.check_may_change()
    session.check_deed(deed, last_day)

    with pytest.raises(SessionStarted) as raised:
        session.check_deed(deed, next_day)

    assert raised.value.first_day == FIRST_DAY


@pytest.mark.parametrize("maximum", [None, 12, 13])
def test_a_session_may_have_as_many_seats_as_are_taken_or_more(maximum: int | None) -> None:
    FULL.check_seats(maximum)


def test_a_session_has_no_fewer_seats_than_are_taken() -> None:
    with pytest.raises(SeatsTaken) as raised:
        FULL.check_seats(11)

    assert raised.value.taken == 12
