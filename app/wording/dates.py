"""Days and instants as people write them."""

from datetime import date, datetime

from app.domain.facts.calendar import PARIS
from app.wording.languages import Sentence

# `strftime` would take the month's name from the machine's locale.
_FRENCH_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_FRENCH_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def format_day(day: date) -> Sentence:
    """`1er avril 2024`, `1 April 2024`."""
    french = f"{_french_day_number(day)} {_FRENCH_MONTHS[day.month - 1]} {day.year}"
    english = f"{day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"
    return Sentence(fr=french, en=english)


def format_weekday(day: date) -> str:
    """In French: `lundi 8 février 2027`."""
    return f"{_FRENCH_WEEKDAYS[day.weekday()]} {format_day(day).fr}"


def format_numeric_day(day: date) -> str:
    """In French, short: `01/04/2024`."""
    return f"{day:%d/%m/%Y}"


def format_period(first: date, last: date) -> str:
    """In French: `du 15 au 16 décembre 2026`, or `du 15 décembre 2026` for a single day."""
    if first == last:
        return f"du {format_day(first).fr}"
    if (first.year, first.month) == (last.year, last.month):
        return f"du {_french_day_number(first)} au {format_day(last).fr}"
    if first.year == last.year:
        return f"du {_french_day_number(first)} {_FRENCH_MONTHS[first.month - 1]} au {format_day(last).fr}"
    return f"du {format_day(first).fr} au {format_day(last).fr}"


def in_days(period: str) -> str:
    """In French, of a period as `format_period` has it, to say when something is: `du 15 au 16 décembre 2026`, or
    `le 15 décembre 2026`."""
    return period if " au " in period else f"le {period.removeprefix('du ')}"


def format_paris_time(instant: datetime) -> str:
    """In French, at the time of Paris: `15 juin 2026 à 0 h 30`."""
    local = instant.astimezone(PARIS)
    return f"{format_day(local.date()).fr} à {local.hour} h {local:%M}"


def _french_day_number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)
