"""Parameters of lists that hold several values, an instant, or bounds of days."""

import re
from datetime import UTC, date, datetime
from uuid import UUID

from app.api.http.fields import validation_messages
from app.api.http.fields.day_parameter import parse_day_parameter
from app.api.http.problems.problem_details import invalid_parameter
from app.persistence.engine.pagination import Filter
from app.wording.languages import Sentence

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+ -]\d\d:\d\d)", re.ASCII)
MAX_INTEGER_DIGITS = 18

UUIDS_EXPECTED = Sentence(fr="Des UUID séparés par des virgules.", en="UUIDs separated by commas.")
INTEGERS_EXPECTED = Sentence(
    fr="Des entiers à partir de 1, séparés par des virgules.", en="Integers from 1 up, separated by commas."
)
UNTIL_BEFORE_FROM = Sentence(fr="Précède `starts_from`.", en="Is before `starts_from`.")


def parse_uuids(name: str, listed: str) -> list[UUID]:
    """Comma-separated UUIDs. Raise Problem."""
    try:
        return [UUID(item.strip()) for item in listed.split(",")]
    except ValueError:
        raise invalid_parameter(name, UUIDS_EXPECTED) from None


def parse_integers(name: str, listed: str) -> list[int]:
    """Comma-separated integers of 64 bits, from 1 up. Raise Problem."""
    items = [item.strip() for item in listed.split(",")]
    if not all(item.isascii() and item.isdigit() and len(item) <= MAX_INTEGER_DIGITS and int(item) for item in items):
        raise invalid_parameter(name, INTEGERS_EXPECTED)
    return [int(item) for item in items]


def parse_instant(name: str, value: str) -> datetime:
    """Raise Problem. A `+` that the client forgot to encode arrives as a space."""
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value.replace(" ", "+")).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid_parameter(name, validation_messages.INSTANT)


def first_day_filters(column: str, starts_from: str | None, starts_until: str | None) -> list[Filter]:
    """The filters of the parameters of these names, both days included. Raise Problem."""
    first = parse_day_parameter(starts_from, "starts_from")
    last = parse_day_parameter(starts_until, "starts_until")
    if first and last and last < first:
        raise invalid_parameter("starts_until", UNTIL_BEFORE_FROM)
    bounds: list[tuple[str, date | None]] = [(f"{{t}}.{column} >= {{}}", first), (f"{{t}}.{column} <= {{}}", last)]
    return [Filter(sql, bound) for sql, bound in bounds if bound is not None]
