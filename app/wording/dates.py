"""Days as people say them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.wording.languages import Sentence

PARIS = ZoneInfo("Europe/Paris")

# `strftime` would take the month's name from the machine's locale.
_MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_said(day: date) -> Sentence:
    """`1er avril 2024`, `1 April 2024`."""
    french = f"{_number(day)} {_MOIS[day.month - 1]} {day.year}"
    english = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return Sentence(fr=french, en=english)


def day_in_figures(day: date) -> str:
    """In French, where room is scarce: `01/04/2024`."""
    return f"{day:%d/%m/%Y}"


def days_said(first: date, last: date) -> str:
    """In French: `du 15 au 16 décembre 2026`, and `du 15 décembre 2026` when there is but one."""
    if first == last:
        return f"du {day_said(first).fr}"
    if (first.year, first.month) == (last.year, last.month):
        return f"du {_number(first)} au {day_said(last).fr}"
    if first.year == last.year:
        return f"du {_number(first)} {_MOIS[first.month - 1]} au {day_said(last).fr}"
    return f"du {day_said(first).fr} au {day_said(last).fr}"


def moment_said(instant: datetime) -> str:
    """In French, as clocks in Paris show it: `15 juin 2026 à 0 h 30`."""
    local = instant.astimezone(PARIS)
    return f"{day_said(local.date()).fr} à {local.hour} h {local:%M}"


def _number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)
