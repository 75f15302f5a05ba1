"""Counts of registrations, each query one statement. They count what was decided: no rule is applied here.

A registration belongs to the day of its request, which never changes, and is counted as it stands now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row

MAX_GROUPS = 10_000


class Grouping(StrEnum):
    """What to count by. By `reason`, a registration counts once for each of its reasons. By `over_quota`, by what
    became of it once it was; null when it never was."""

    MONTH = "month"
    TRAINING_ORGANISATION = "training_organisation_id"
    MODULE = "module_code"
    DEPARTMENT = "department"
    STATUS = "status"
    FUNDING = "funding"
    REASON = "reason"
    OVER_QUOTA = "over_quota"


class Measure(StrEnum):
    """What to compute beside the count: how many the State pays; medians in days, from the request to the decision in
    force and to the first day."""

    FUNDED = "funded"
    DAYS_TO_DECISION = "days_to_decision"
    DAYS_TO_SESSION = "days_to_session"


class AfterQuota(StrEnum):
    """What became of a registration over quota. Released: a justified absence gave back the unit, whoever paid."""

    WAITING = "waiting"
    KEPT = "kept"
    CANCELLED = "cancelled"
    FUNDED = "funded"
    REFUSED = "refused"
    RELEASED = "released"


_DECISION = "JOIN decision d ON d.id = r.decision_id"
_JOINS: Mapping[Grouping | Measure, tuple[str, ...]] = {
    Grouping.DEPARTMENT: ("LEFT JOIN adviser a ON a.id = r.adviser_id",),  # not seen once all is cancelled
    Grouping.REASON: (_DECISION, "LEFT JOIN LATERAL json_array_elements(d.reasons) reason ON true"),
    Measure.DAYS_TO_DECISION: (_DECISION,),
}
_GROUPS: Mapping[Grouping, str] = {
    Grouping.MONTH: "to_char(r.requested_on, 'YYYY-MM')",
    Grouping.TRAINING_ORGANISATION: "r.training_organisation_id",
    Grouping.MODULE: "r.module_code",
    Grouping.DEPARTMENT: "a.department",
    Grouping.STATUS: "r.status",
    Grouping.FUNDING: "r.funding",
    Grouping.REASON: "reason ->> 'code'",
    Grouping.OVER_QUOTA: """CASE WHEN EXISTS (
        SELECT FROM decision o WHERE o.registration_id = r.id AND o.outcome = 'over_quota'
    ) THEN CASE WHEN r.status = 'awaiting_choice' THEN 'waiting' WHEN r.status IN ('cancelled', 'refused') THEN r.status
        WHEN r.funding = 'state' THEN 'funded' WHEN r.payer IS NOT NULL THEN 'kept' ELSE 'released' END END""",
}
_MEDIAN = "percentile_disc(0.5) WITHIN GROUP (ORDER BY greatest(0, {} - r.requested_on))"
_MEASURES: Mapping[Measure, str] = {
    Measure.FUNDED: "count(*) FILTER (WHERE r.funding = 'state')",
    Measure.DAYS_TO_DECISION: _MEDIAN.format("(d.decided_at AT TIME ZONE 'Europe/Paris')::date"),
    Measure.DAYS_TO_SESSION: _MEDIAN.format("r.session_starts_on"),
}
_IS_IN_PERIOD = """r.requested_on >= coalesce($1::date, '-infinity')
    AND r.requested_on <= coalesce($2::date, 'infinity')
    AND ($3::uuid IS NULL OR r.training_organisation_id = $3)"""


@dataclass(frozen=True, slots=True)
class Period:
    """The first and last day of requests, both included; None is no limit."""

    first: date | None = None
    last: date | None = None


class TooManyGroups(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """More than MAX_GROUPS: ask for a shorter period, or fewer groupings."""


def _build_query(groups: Sequence[Grouping], measures: Sequence[Measure]) -> str:
    requested: list[Grouping | Measure] = [*groups, *measures]
    joins = dict.fromkeys(join for item in requested for join in _JOINS.get(item, ()))
    columns = [
        *(f"{_GROUPS[group]} AS {group}" for group in groups),
        "count(*) AS count",
        *(f"{_MEASURES[measure]} AS {measure}" for measure in measures),
    ]
    counted = f"SELECT {', '.join(columns)} FROM registration r {' '.join(joins)} WHERE {_IS_IN_PERIOD}"
    if not groups:
        return counted
    places = ", ".join(str(place) for place in range(1, len(groups) + 1))
    return f"{counted} GROUP BY {places} ORDER BY {places} LIMIT {MAX_GROUPS + 1}"


async def count_registrations(
    reader: Reader,
    period: Period,
    groups: Sequence[Grouping] = (),
    measures: Sequence[Measure] = (),
    *,
    owner: UUID | None,
) -> list[Row]:
    """A row for each group that has any, in the order of the groups; one row without groups. Only of the training
    organisation `owner`, when there is one.

    Raise TooManyGroups.
    """
    rows = await reader.many(_build_query(groups, measures), period.first, period.last, owner)
    if len(rows) > MAX_GROUPS:
        raise TooManyGroups
    return rows
