"""Dates that can be (section 3): a fact lies in the past or is of today, a session starts at most some months ahead."""

from datetime import date

from app.domain.facts.calendar import months_after
from app.domain.facts.policy import Policies
from app.domain.statement_errors import ImplausibleDate


def check_fact(pointer: str, day: date | None, today: date) -> None:
    """A fact cannot lie in the future; None is no fact. `pointer` names the field. Raise ImplausibleDate."""
    if day is not None and day > today:
        raise ImplausibleDate(pointer, today, is_fact=True)


def check_first_day(pointer: str, first_day: date, policies: Policies, today: date) -> None:
    """A session starts at most `requests.months_ahead` months after today, that day included. Raise ImplausibleDate."""
    latest = months_after(today, policies.on(today).requests.months_ahead)
    if first_day > latest:
        raise ImplausibleDate(pointer, latest, is_fact=False)
