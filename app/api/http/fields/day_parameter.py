"""A query parameter that is a civil date."""

from datetime import date

from app.api.http.fields import validation_messages
from app.api.http.fields.field_checks import CIVIL_DATE_PATTERN, EARLIEST_DATE, LATEST_DATE
from app.api.http.problems.problem_details import invalid_parameter


def parse_day_parameter(value: str | None, name: str = "on") -> date | None:
    """None when the parameter of this name is absent. Raise Problem when it is no date, or out of bounds."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if CIVIL_DATE_PATTERN.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST_DATE <= day <= LATEST_DATE:
        raise invalid_parameter(name, validation_messages.DATE_PARAMETER)
    return day
