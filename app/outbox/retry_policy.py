"""The retry policy: when to try again, when the circuit of a receiver opens, when it is disabled. No I/O, no clock.

The schedule spreads ten attempts over three days, so that a receiver may be away for a long week-end. The circuit of a
receiver that keeps failing opens for longer and longer; what waits for it meanwhile spends no attempt.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

RETRY_SCHEDULE = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(RETRY_SCHEDULE)
OWN_FAILURE_MAX_STEP = 3  # of the schedule
JITTER_RATIO = 0.2
MAX_RETRY_AFTER = timedelta(hours=24)
OVERLOAD_DELAY = timedelta(seconds=60)

FAILURE_THRESHOLD = 5
FIRST_OPEN_TIME = timedelta(minutes=1)
MAX_OPEN_TIME = timedelta(minutes=30)
MAX_DOUBLINGS = 5  # enough to reach MAX_OPEN_TIME

DISABLED_AFTER = timedelta(days=5)
DISABLED_FROM_FAILURES = 20
WARNED_AFTER = timedelta(days=1)
NOTICE_PERIOD = timedelta(days=1)  # between the last warning and the disabling


class FailureKind(StrEnum):
    """What may be done after a failed attempt."""

    RETRYABLE = "again"
    PERMANENT = "never_again"  # for this delivery
    GONE = "gone"  # for this receiver


@dataclass(frozen=True, slots=True)
class Failure:
    """`overloaded`: the receiver asked to wait, or timed out; `retry_after`: for how long it asked. `counts_for_lane`:
    the next delivery to it may fail, too. `is_our_fault`: no receiver is to blame, and no delivery is given up."""

    kind: FailureKind = FailureKind.RETRYABLE
    overloaded: bool = False
    retry_after: timedelta | None = None
    counts_for_lane: bool = True
    is_our_fault: bool = False


class Alarm(StrEnum):
    """What an owner is warned of: the endpoint fails for a day; has a day left; was disabled; asked to be disabled."""

    FAILING = "failing"
    LAST_DAY = "last_day"
    DISABLED = "disabled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """The failures of a receiver since its last success; `openings` is how often its circuit opened since."""

    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None
    failing_since: datetime | None = None
    warning: Alarm | None = None
    warned_at: datetime | None = None

    def after_failure(self, now: datetime) -> "LaneHealth":
        """When the probe after an opening fails, the circuit opens for twice as long; failures of attempts that were in
        flight when it opened do not lengthen it."""
        worse = replace(self, failures=self.failures + 1, failing_since=self.failing_since or now)
        if worse.failures < FAILURE_THRESHOLD or (self.open_until is not None and self.open_until > now):
            return worse
        pause = min(FIRST_OPEN_TIME * 2 ** min(self.openings, MAX_DOUBLINGS), MAX_OPEN_TIME)
        return replace(worse, openings=self.openings + 1, open_until=now + pause)

    def alarm(self, now: datetime) -> Alarm | None:
        """What its owner must be warned of now, if not done yet. None is disabled without a day's notice."""
        if self.failing_since is None:
            return None
        since = now - self.failing_since
        if self.warning is Alarm.LAST_DAY:
            noticed = self.warned_at is not None and now - self.warned_at >= NOTICE_PERIOD
            ended = since >= DISABLED_AFTER and self.failures >= DISABLED_FROM_FAILURES
            return Alarm.DISABLED if ended and noticed else None
        if since >= DISABLED_AFTER - NOTICE_PERIOD and self.failures >= DISABLED_FROM_FAILURES - 1:
            return Alarm.LAST_DAY
        return Alarm.FAILING if since >= WARNED_AFTER and self.warning is None else None

    def with_warning(self, alarm: Alarm, now: datetime) -> "LaneHealth":
        """As it is once the owner was warned; disabling is not recorded here."""
        return self if alarm is Alarm.DISABLED else replace(self, warning=alarm, warned_at=now)


def retry_delay(attempts: int, failure: Failure, jitter: float) -> timedelta | None:
    """How long to wait after so many attempts; None when that was the last one. `jitter` is random, from -1 to 1.

    What a receiver asks for is obeyed up to a day, and never shortens the wait. While the failure is ours, there is no
    last attempt, and the next one is soon: no receiver is burdened by it.
    """
    step = min(attempts, OWN_FAILURE_MAX_STEP) if failure.is_our_fault else attempts
    if failure.kind is not FailureKind.RETRYABLE or step >= MAX_ATTEMPTS:
        return None
    wait = RETRY_SCHEDULE[step] * (1 + JITTER_RATIO * jitter)
    if failure.overloaded:
        wait = max(wait, OVERLOAD_DELAY)
    if failure.retry_after is not None:
        wait = max(wait, min(failure.retry_after, MAX_RETRY_AFTER))
    return wait
