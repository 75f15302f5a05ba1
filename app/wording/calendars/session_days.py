"""The days of a session, and their hours as people write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import groupby
from typing import Any

NO_BREAK_SPACE = "\u00a0"
_NOON, _LATE_LUNCH = time(12, 30), time(13, 30)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Period:
    """From `begins` to `ends`, at the clock of Paris."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class SessionDay:
    """A day of a session; `periods` in their order, none when nothing was said of its hours."""

    on: date
    periods: tuple[Period, ...] = ()

    @property
    def has_morning(self) -> bool:
        """Whether one is expected before lunch."""
        return not self.periods or self.periods[0].begins < _NOON

    @property
    def has_afternoon(self) -> bool:
        """Whether one is expected after lunch, which some mornings end late for."""
        return not self.periods or self.periods[-1].ends > _LATE_LUNCH or not self.has_morning


def session_days(starts_on: date, ends_on: date, hours: Sequence[Mapping[str, Any]]) -> list[SessionDay]:
    """The days that `hours` name (each `on`, `from` and `until`, as texts); without any, those from the first to the
    last, weekends left out unless there is nothing else."""
    if hours:
        in_order = sorted(hours, key=lambda each: (each["on"], each["from"]))
        return [
            SessionDay(date.fromisoformat(on), tuple(map(_period, given)))
            for on, given in groupby(in_order, key=lambda each: str(each["on"]))
        ]
    days = [starts_on + timedelta(days=number) for number in range((ends_on - starts_on).days + 1)]
    return [SessionDay(day) for day in [day for day in days if day.weekday() < _SATURDAY] or days]


def _period(hours: Mapping[str, Any]) -> Period:
    return Period(time.fromisoformat(hours["from"]), time.fromisoformat(hours["until"]))


def format_hour(hour: time) -> str:
    """In French: `9 h`, `14 h 30`."""
    return NO_BREAK_SPACE.join([str(hour.hour), "h", *([f"{hour:%M}"] if hour.minute else [])])


def format_hours(periods: Sequence[Period]) -> str:
    """In French: `de 9 h à 12 h 30, puis de 14 h à 17 h`; empty when nothing was said."""
    return ", puis ".join(f"de {format_hour(each.begins)} à {format_hour(each.ends)}" for each in periods)
