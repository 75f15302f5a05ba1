"""Days as people say them."""

from datetime import date

from app.wording.languages import Sentence

# `strftime` would take the month's name from the machine's locale.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_said(day: date) -> Sentence:
    """`15/04/2024`, `15 April 2024`."""
    french = f"{day:%d/%m/%Y}"
    english = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return Sentence(fr=french, en=english)
