"""What follows from an attempt: when to try again, when to leave a receiver alone, when to give it up. Pure.

The schedule spreads ten attempts over three days, so that a receiver may be away for a long week-end. A receiver that
keeps failing is left alone for longer and longer; what waits for it meanwhile spends no attempt.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

SCHEDULE = (
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
MOST_ATTEMPTS = len(SCHEDULE)
SLOWEST_OF_OURS = 3  # in it
JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)
PENALTY = timedelta(seconds=60)

BREAKS_AT = 5
FIRST_OPENING = timedelta(minutes=1)
LONGEST_OPENING = timedelta(minutes=30)
MOST_DOUBLINGS = 5  # enough to reach it

DISABLED_AFTER = timedelta(days=5)
DISABLED_FROM_FAILURES = 20
WARNED_AFTER = timedelta(days=1)
NOTICE = timedelta(days=1)  # between the last warning and the end


class Sequel(StrEnum):
    """What an attempt that was not a success asks for."""

    AGAIN = "again"
    NEVER_AGAIN = "never_again"  # this delivery
    GONE = "gone"  # the receiver


@dataclass(frozen=True, slots=True)
class Failure:
    """`overloaded`: it asked for patience, or seems to need it. `retry_after` is what it asked for, when it said.
    `of_lane`: the next delivery there may well fail, too. `is_ours`: no delivery is to blame, nor given up."""

    sequel: Sequel = Sequel.AGAIN
    overloaded: bool = False
    retry_after: timedelta | None = None
    of_lane: bool = True
    is_ours: bool = False


class Alarm(StrEnum):
    """What an owner is told: it fails for a day; it will be disabled in a day; it is; it is, for it asked to be."""

    FAILING = "failing"
    LAST_DAY = "last_day"
    DISABLED = "disabled"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Health:
    """How a receiver fares since its last success; `openings` is how often it was left alone since."""

    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None
    failing_since: datetime | None = None
    warning: Alarm | None = None
    warned_at: datetime | None = None

    def after_failure(self, now: datetime) -> "Health":
        """One that was left alone and fails its probe is left alone twice as long; what was under way when it began to
        be left alone changes nothing."""
        worse = replace(self, failures=self.failures + 1, failing_since=self.failing_since or now)
        if worse.failures < BREAKS_AT or (self.open_until is not None and self.open_until > now):
            return worse
        pause = min(FIRST_OPENING * 2 ** min(self.openings, MOST_DOUBLINGS), LONGEST_OPENING)
        return replace(worse, openings=self.openings + 1, open_until=now + pause)

    def alarm(self, now: datetime) -> Alarm | None:
        """What its owner must be told now, for the first time. None is disabled without a day's notice."""
        if self.failing_since is None:
            return None
        since = now - self.failing_since
        if self.warning is Alarm.LAST_DAY:
            noticed = self.warned_at is not None and now - self.warned_at >= NOTICE
            ended = since >= DISABLED_AFTER and self.failures >= DISABLED_FROM_FAILURES
            return Alarm.DISABLED if ended and noticed else None
        if since >= DISABLED_AFTER - NOTICE and self.failures >= DISABLED_FROM_FAILURES - 1:
            return Alarm.LAST_DAY
        return Alarm.FAILING if since >= WARNED_AFTER and self.warning is None else None

    def warned(self, alarm: Alarm, now: datetime) -> "Health":
        """There is nothing left to warn of once it is disabled."""
        return self if alarm is Alarm.DISABLED else replace(self, warning=alarm, warned_at=now)


def wait_after(attempts: int, failure: Failure, lot: float) -> timedelta | None:
    """How long to wait after so many attempts; None when there was the last one. `lot` is drawn from -1 to 1.

    What a receiver asks for is obeyed up to a day, and is never a way to be tried sooner. While the failure is ours,
    there is no last attempt, and the next one is soon: nobody else bears it.
    """
    step = min(attempts, SLOWEST_OF_OURS) if failure.is_ours else attempts
    if failure.sequel is not Sequel.AGAIN or step >= MOST_ATTEMPTS:
        return None
    wait = SCHEDULE[step] * (1 + JITTER * lot)
    if failure.overloaded:
        wait = max(wait, PENALTY)
    if failure.retry_after is not None:
        wait = max(wait, min(failure.retry_after, LONGEST_RETRY_AFTER))
    return wait
