"""Civil dates, Europe/Paris, inclusive at both ends."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

Value = TypeVar("Value")
PARIS = ZoneInfo("Europe/Paris")


def civil_date(now: datetime) -> date:
    """The day it is in Paris at `now`, an aware instant."""
    return now.astimezone(PARIS).date()


@dataclass(frozen=True, slots=True)
class Dated(Generic[Value]):
    """A value that holds from the day `since`, included, until a later one replaces it."""

    since: date
    value: Value


def in_force(values: Iterable[Dated[Value]], day: date) -> Value:
    """The value in force on `day`; the oldest one when `day` is before them all."""
    oldest_first = sorted(values, key=lambda dated: dated.since)
    begun = [dated for dated in oldest_first if dated.since <= day]
    return (begun[-1] if begun else oldest_first[0]).value


def months_after(day: date, months: int) -> date:
    """The same day of the month `months` later; the month's last day where it has no such day (29 Feb → 28 Feb)."""
    years, month_index = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month_index + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_day(year: int) -> date:
    return date(year, 1, 1)


def last_day(year: int) -> date:
    return date(year, 12, 31)
