"""What follows from an attempt: when to try again, when to leave a receiver alone, when to give it up. Pure.

The schedule spreads ten attempts over three days, so that a receiver may be away for a long week-end. A receiver that
keeps failing is left alone for longer and longer; what waits for it meanwhile spends no attempt.
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
OWN_FAILURE_MAX_STEP = 3  # in it
JITTER_RATIO = 0.2
MAX_RETRY_AFTER = timedelta(hours=24)
OVERLOAD_DELAY = timedelta(seconds=60)

FAILURE_THRESHOLD = 5
FIRST_OPEN_TIME = timedelta(minutes=1)
MAX_OPEN_TIME = timedelta(minutes=30)
MAX_DOUBLINGS = 5  # enough to reach it

DISABLED_AFTER = timedelta(days=5)
DISABLED_FROM_FAILURES = 20
WARNED_AFTER = timedelta(days=1)
NOTICE_PERIOD = timedelta(days=1)  # between the last warning and the end


class FailureKind(StrEnum):
    """What an attempt that was not a success asks for."""

    RETRYABLE = "again"
    PERMANENT = "never_again"  # this delivery
    GONE = "gone"  # the receiver


@dataclass(frozen=True, slots=True)
class Failure:
    """`overloaded`: it asked for patience, or seems to need it. `retry_after` is what it asked for, when it said.
    `of_lane`: the next delivery there may well fail, too. `is_ours`: no delivery is to blame, nor given up."""

    kind: FailureKind = FailureKind.RETRYABLE
    overloaded: bool = False
    retry_after: timedelta | None = None
    counts_for_lane: bool = True
    is_our_fault: bool = False


class Alarm(StrEnum):
    """What an owner is told: it fails for a day; it will be disabled in a day; it is; it is, for it asked to be."""

    FAILING = "failing"
    LAST_DAY = "last_day"
    DISABLED = "disabled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """How a receiver fares since its last success; `openings` is how often it was left alone since."""

    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None
    failing_since: datetime | None = None
    warning: Alarm | None = None
    warned_at: datetime | None = None

    def after_failure(self, now: datetime) -> "LaneHealth":
        """One that was left alone and fails its probe is left alone twice as long; what was under way when it began to
        be left alone changes nothing."""
        worse = replace(self, failures=self.failures + 1, failing_since=self.failing_since or now)
        if worse.failures < FAILURE_THRESHOLD or (self.open_until is not None and self.open_until > now):
            return worse
        pause = min(FIRST_OPEN_TIME * 2 ** min(self.openings, MAX_DOUBLINGS), MAX_OPEN_TIME)
        return replace(worse, openings=self.openings + 1, open_until=now + pause)

    def alarm(self, now: datetime) -> Alarm | None:
        """What its owner must be told now, for the first time. None is disabled without a day's notice."""
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
        """There is nothing left to warn of once it is disabled."""
        return self if alarm is Alarm.DISABLED else replace(self, warning=alarm, warned_at=now)


def retry_delay(attempts: int, failure: Failure, jitter: float) -> timedelta | None:
    """How long to wait after so many attempts; None when there was the last one. `lot` is drawn from -1 to 1.

    What a receiver asks for is obeyed up to a day, and is never a way to be tried sooner. While the failure is ours,
    there is no last attempt, and the next one is soon: nobody else bears it.
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
