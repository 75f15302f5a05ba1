"""Counts of registrations. They count what was decided: no rule is applied here.

Most come from the counts that are kept (`kept_counts.py`). What is not kept, or not nearly up to now, and what is asked
for as a training organisation, is counted registration by registration.

A registration belongs to the day of its request, which never changes, and is counted as it stands now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.persistence.administration import kept_count_queries as kept
from app.persistence.administration import kept_counts
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
    """What to compute beside the count: how many the State pays, how many a person decided against published reasons
    (derogations, section 5bis), how many had their attendance put right; medians in days, from the request to the
    decision in force and to the first day."""

    FUNDED = "funded"
    DEROGATED = "derogated"
    CORRECTED = "corrected"
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
    Grouping.OVER_QUOTA: kept_counts.AFTER_QUOTA,
}
_MEDIAN = "percentile_disc(0.5) WITHIN GROUP (ORDER BY {})"
_MEASURES: Mapping[Measure, str] = {
    Measure.FUNDED: "count(*) FILTER (WHERE r.funding = 'state')",
    Measure.DEROGATED: "count(*) FILTER (WHERE r.derogated)",
    Measure.CORRECTED: "count(*) FILTER (WHERE r.attendance_corrected)",
    Measure.DAYS_TO_DECISION: _MEDIAN.format(kept_counts.DAYS_TO_DECISION),
    Measure.DAYS_TO_SESSION: _MEDIAN.format(kept_counts.DAYS_TO_SESSION),
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


async def count_one_by_one(
    reader: Reader, period: Period, groups: Sequence[Grouping], measures: Sequence[Measure], *, owner: UUID | None
) -> list[Row]:
    """As `count_registrations`, from no count that is kept."""
    return await reader.many(_build_query(groups, measures), period.first, period.last, owner)


async def _count_kept(
    reader: Reader, period: Period, groups: Sequence[Grouping], measures: Sequence[Measure]
) -> list[Row] | None:
    """The rows from the counts that are kept; None when they don't tell."""
    labels = [str(group) for group in groups if group is not Grouping.MONTH]
    parts = [measure for measure in measures if measure in kept.PARTS]
    medians = [measure for measure in measures if measure not in kept.PARTS]
    kind = kept.kind_with([*labels, *(kept.PARTS[part][0] for part in parts)])
    if kind is None or (medians and labels) or not await kept_counts.nearly_all_is_counted(reader):
        return None
    days = period.first, period.last
    query = kept.count_query(kind, groups, MAX_GROUPS + 1, parts=parts)
    rows = [dict(row) for row in await kept.read_cells(reader, kind, query, *days)]
    found = dict[str, dict[str | None, int]]()
    for median in medians:
        of_days = kept.kind_with([median])
        query = kept.median_query(by_month=bool(groups))
        if of_days is not None:
            of_group = await kept.read_cells(reader, of_days, query, *days)
            found[median] = {row["month"]: row["days"] for row in of_group}
    for row in rows:
        row |= {median: found[median].get(row.get("month")) for median in medians}
    order = [*map(str, groups), "count", *map(str, measures)]  # as columns are named
    return [{name: row[name] for name in order} for row in rows]


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
    rows = await _count_kept(reader, period, groups, measures) if owner is None else None
    if rows is None:
        rows = await count_one_by_one(reader, period, groups, measures, owner=owner)
    if len(rows) > MAX_GROUPS:
        raise TooManyGroups
    return rows
