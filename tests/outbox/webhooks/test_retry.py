"""The retry policy, with time as an argument."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.outbox.retry_policy import (
    MAX_ATTEMPTS,
    MAX_OPEN_TIME,
    RETRY_SCHEDULE,
    Alarm,
    Failure,
    FailureKind,
    LaneHealth,
    retry_delay,
)
from tests.fake_clock import MORNING

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOTS = st.floats(-1, 1)


def test_the_schedule_takes_ten_attempts_over_three_days() -> None:
    waits = [retry_delay(attempts, Failure(), 0) for attempts in range(1, MAX_ATTEMPTS)]

    assert waits == [*RETRY_SCHEDULE[1:]]
    assert sum(RETRY_SCHEDULE, timedelta()) == timedelta(days=3, hours=3, minutes=35, seconds=5)
    assert retry_delay(MAX_ATTEMPTS, Failure(), 0) is None


@given(attempts=st.integers(1, MAX_ATTEMPTS - 1), lot=LOTS)
def test_a_wait_is_within_a_fifth_of_the_schedule(attempts: int, lot: float) -> None:
    wait = retry_delay(attempts, Failure(), lot)

    assert wait is not None
    assert RETRY_SCHEDULE[attempts] * 0.79 < wait < RETRY_SCHEDULE[attempts] * 1.21


@given(attempts=st.integers(1, MAX_ATTEMPTS - 1), lot=LOTS, seconds=st.integers(0, 10**9))
def test_what_a_receiver_asks_for_never_brings_an_attempt_forward(attempts: int, lot: float, seconds: int) -> None:
    asked = timedelta(seconds=seconds)

    wait, usual = (retry_delay(attempts, Failure(retry_after=after), lot) for after in (asked, None))

    assert wait is not None
    assert usual is not None
    assert wait == max(usual, min(asked, DAY))


def test_an_overloaded_receiver_is_left_alone_for_a_minute_at_least() -> None:
    assert retry_delay(1, Failure(overloaded=True), -1) == timedelta(seconds=60)
    assert retry_delay(3, Failure(overloaded=True), 0) == timedelta(minutes=30)


@pytest.mark.parametrize("sequel", [FailureKind.GONE, FailureKind.PERMANENT])
def test_some_answers_are_final(sequel: FailureKind) -> None:
    assert retry_delay(1, Failure(sequel), 0) is None


def test_five_failures_in_a_row_open_the_circuit_for_a_minute() -> None:
    health = LaneHealth()
    for _ in range(4):
        health = health.after_failure(MORNING)
    assert (health.openings, health.open_until) == (0, None)

    health = health.after_failure(MORNING)

    assert (health.openings, health.open_until) == (1, MORNING + timedelta(minutes=1))


def test_each_failed_probe_doubles_the_pause_up_to_half_an_hour() -> None:
    health, now, pauses = LaneHealth(failures=4, failing_since=MORNING), MORNING, list[timedelta]()
    for _ in range(8):
        health = health.after_failure(now)
        assert health.open_until is not None
        pauses.append(health.open_until - now)
        now = health.open_until

    assert [pause // timedelta(minutes=1) for pause in pauses] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_what_was_under_way_when_the_circuit_opened_does_not_lengthen_it() -> None:
    opened = LaneHealth(failures=4).after_failure(MORNING)

    later = opened.after_failure(MORNING + timedelta(seconds=10))

    assert (later.failures, later.openings, later.open_until) == (6, 1, opened.open_until)


def test_the_circuit_of_a_receiver_that_fails_for_years_still_opens_for_half_an_hour() -> None:
    health = LaneHealth(failures=10**6, openings=10**6).after_failure(MORNING)

    assert health.open_until == MORNING + MAX_OPEN_TIME


def told(every: timedelta, until: timedelta) -> list[tuple[timedelta, Alarm]]:
    """Each warning of the owner, with the time since the first failure, at such intervals until it is disabled."""
    health, passed, alarms = LaneHealth(), timedelta(), list[tuple[timedelta, Alarm]]()
    while passed <= until:
        health = health.after_failure(MORNING + passed)
        alarm = health.alarm(MORNING + passed)
        if alarm is not None:
            alarms.append((passed, alarm))
            health = health.with_warning(alarm, MORNING + passed)
        if alarm is Alarm.DISABLED:
            break
        passed += every
    return alarms


def test_an_owner_is_warned_after_a_day_and_a_day_before_the_end() -> None:
    assert told(HOUR, 30 * DAY) == [(DAY, Alarm.FAILING), (4 * DAY, Alarm.LAST_DAY), (5 * DAY, Alarm.DISABLED)]


def test_a_receiver_that_is_seldom_tried_is_disabled_after_twenty_failures_only() -> None:
    assert told(DAY, 60 * DAY) == [(DAY, Alarm.FAILING), (18 * DAY, Alarm.LAST_DAY), (19 * DAY, Alarm.DISABLED)]


def test_nobody_is_disabled_without_a_day_s_notice() -> None:
    long_silence = LaneHealth(failures=40, failing_since=MORNING, warning=Alarm.FAILING, warned_at=MORNING + DAY)
    now = MORNING + 20 * DAY

    assert long_silence.alarm(now) is Alarm.LAST_DAY
    noticed = long_silence.with_warning(Alarm.LAST_DAY, now)
    assert noticed.alarm(now + 23 * HOUR) is None
    assert noticed.alarm(now + DAY) is Alarm.DISABLED


def test_a_receiver_that_does_not_fail_alarms_nobody() -> None:
    assert LaneHealth().alarm(MORNING + 400 * DAY) is None
