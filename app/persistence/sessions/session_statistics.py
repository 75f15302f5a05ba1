"""Counts of published sessions, by what they have in common: how many there are, what became of them and their seats.

A session belongs to the day on which it begins, and is counted as it stands now. Sessions are some thousands a year:
nothing is kept counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.sessions.sessions import NO_LIMIT

MAX_GROUPS = 10_000


class SessionGrouping(StrEnum):
    """What to count sessions by; `department` is that of the place, null of a session held remotely."""

    MONTH = "month"
    TRAINING_ORGANISATION = "training_organisation_id"
    MODULE = "module_code"
    DEPARTMENT = "department"
    FORMAT = "format"
    STATUS = "status"


class SessionMeasure(StrEnum):
    """What is counted of each group. Seats, filled or waited for, are those of sessions that are not cancelled; `seats`
    sums those of sessions with a limit. Cancelled for want of people: fewer had a seat then than it takes to hold it.
    """

    PUBLISHED = "published"
    SEATS = "seats"
    FILLED = "filled"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    HELD = "held"
    CANCELLED = "cancelled"
    CANCELLED_FOR_WANT_OF_PEOPLE = "cancelled_for_want_of_people"


@dataclass(frozen=True, slots=True)
class FirstDays:
    """The sessions that begin on one of these days, both included; None is no limit."""

    first: date | None = None
    last: date | None = None


class TooManySessionGroups(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """More than MAX_GROUPS: ask for a shorter period, or fewer groupings."""


_GROUPS: Mapping[SessionGrouping, str] = {
    SessionGrouping.MONTH: "to_char(s.starts_on, 'YYYY-MM')",
    SessionGrouping.TRAINING_ORGANISATION: "s.training_organisation_id",
    SessionGrouping.MODULE: "s.module_code",
    SessionGrouping.DEPARTMENT: "s.place_department",
    SessionGrouping.FORMAT: "s.format",
    # As `PublishedSession.status`.
    SessionGrouping.STATUS: """CASE WHEN s.cancelled_at IS NOT NULL THEN 'cancelled' WHEN s.ends_on < $4 THEN 'held'
        WHEN s.seats_taken >= s.capacity THEN 'full' WHEN s.confirmed_at IS NOT NULL THEN 'confirmed'
        ELSE 'open' END""",
}
_STANDS = "s.cancelled_at IS NULL"
_SUM = "coalesce(sum({}) FILTER (WHERE {}), 0)::bigint"
_MEASURES: Mapping[SessionMeasure, str] = {
    SessionMeasure.PUBLISHED: "count(*)",
    SessionMeasure.SEATS: _SUM.format("s.capacity", f"{_STANDS} AND s.capacity < {NO_LIMIT}"),
    SessionMeasure.FILLED: _SUM.format("s.seats_taken", _STANDS),
    SessionMeasure.WAITING: _SUM.format("s.seats_waiting", _STANDS),
    SessionMeasure.CONFIRMED: f"count(*) FILTER (WHERE {_STANDS} AND s.confirmed_at IS NOT NULL)",
    SessionMeasure.HELD: f"count(*) FILTER (WHERE {_STANDS} AND s.ends_on < $4)",
    SessionMeasure.CANCELLED: "count(s.cancelled_at)",
    SessionMeasure.CANCELLED_FOR_WANT_OF_PEOPLE: "count(*) FILTER (WHERE s.taken_when_cancelled < s.seats_minimum)",
}


def _build_query(groups: Sequence[SessionGrouping]) -> str:
    columns = [f"{_GROUPS[group]} AS {group}" for group in groups]
    columns += [f"{expression} AS {measure}" for measure, expression in _MEASURES.items()]
    counted = f"""SELECT {", ".join(columns)} FROM session s
WHERE s.starts_on BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')
    AND ($3::uuid IS NULL OR s.training_organisation_id = $3) AND $4::date IS NOT NULL"""
    if not groups:
        return counted
    places = ", ".join(str(place) for place in range(1, len(groups) + 1))
    return f"{counted} GROUP BY {places} ORDER BY {places} LIMIT {MAX_GROUPS + 1}"


async def count_sessions(
    reader: Reader, days: FirstDays, groups: Sequence[SessionGrouping] = (), *, owner: UUID | None, today: date
) -> list[Row]:
    """A row for each group that has any, in the order of the groups, with every measure; one row without groups. Only
    of the training organisation `owner`, when there is one. `today` is the civil date in Paris, which tells what is
    over.

    Raise TooManySessionGroups.
    """
    rows = await reader.many(_build_query(groups), days.first, days.last, owner, today)
    if len(rows) > MAX_GROUPS:
        raise TooManySessionGroups
    return rows
