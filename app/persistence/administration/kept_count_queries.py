"""The counts that are kept, read by groups: those of whole months, and of single days at the ends of a period."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.persistence.administration.kept_counts import KINDS, MONTH, changes_between, labels_of
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row

# Counted beside the whole: the registrations that have this label, and it is this.
PARTS: Mapping[str, tuple[str, str]] = {
    "funded": ("funding", "state"),
    "derogated": ("derogated", "true"),
    "corrected": ("corrected", "true"),
}


def kind_with(labels: Sequence[str]) -> int | None:
    """The first kind that has all these labels; None when none has."""
    return next((kind for kind, names in enumerate(KINDS) if {*labels} <= {*names}), None)


def count_query(kind: int, groups: Sequence[str], limit: int, *, parts: Sequence[str]) -> str:
    """SQL that counts the cells of this kind by these groups, in their order, and these PARTS of them."""
    places = {name: f"labels[{place}]" for place, name in enumerate(KINDS[kind], start=1)}
    columns = {"month": "to_char(month, 'YYYY-MM')"} | places
    columns["training_organisation_id"] = f"{places.get('training_organisation_id')}::uuid"
    counted = [*(f"{columns[group]} AS {group}" for group in groups), "coalesce(sum(count), 0)::bigint AS count"]
    for part in parts:
        label, value = PARTS[part]
        counted.append(f"coalesce(sum(count) FILTER (WHERE {places[label]} = '{value}'), 0)::bigint AS {part}")
    query = f"SELECT {', '.join(counted)} FROM cell"
    if not groups:
        return query
    order = ", ".join(str(place) for place in range(1, len(groups) + 1))
    return f"{query} GROUP BY {order} HAVING sum(count) > 0 ORDER BY {order} LIMIT {limit}"


def median_query(*, by_month: bool) -> str:
    """SQL of the median `days`, of each month or of everything: the first number that half of them do not exceed."""
    month = "to_char(month, 'YYYY-MM')" if by_month else "NULL::text"
    return f"""SELECT month, min(days) AS days FROM (
    SELECT month, days, sum(count) OVER (PARTITION BY month ORDER BY days) AS running,
        sum(count) OVER (PARTITION BY month) AS total
    FROM (SELECT {month} AS month, labels[1]::int AS days, sum(count) AS count FROM cell GROUP BY 1, 2) grouped
) added WHERE running * 2 >= total AND total > 0 GROUP BY month"""


# The counts of whole months, what was counted of the days at the period's ends, and what changed since.
def cells(kind: int) -> str:
    """SQL of `month`, `labels` and `count`, after WITH: of the period from $1 to $2, whose whole months are $3 to $4
    and whose other days $5 to $6 and $7 to $8."""
    mark = "(SELECT reached FROM counting_mark)"
    return f"""{changes_between(mark, "'infinity'")}, cell AS (
    SELECT month, labels, count FROM registration_count
    WHERE kind = {kind} AND month BETWEEN $3::date AND $4::date
    UNION ALL SELECT {MONTH}, labels, 1 FROM counted_registration s CROSS JOIN LATERAL ({labels_of(kind)}) cells
    WHERE s.requested_on BETWEEN $5::date AND $6::date OR s.requested_on BETWEEN $7::date AND $8::date
    UNION ALL SELECT {MONTH}, labels, sign FROM signed s CROSS JOIN LATERAL ({labels_of(kind)}) cells
    WHERE s.requested_on BETWEEN $1::date AND $2::date
)"""


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def period_parameters(first: date | None, last: date | None) -> list[date | None]:
    """The eight parameters of `cells`; there is nothing between None and None."""
    begin, end = first or date.min, last or date.max
    months_from = begin if begin.day == 1 else _month_after(begin)
    is_whole = last is None or (last + timedelta(days=1)).day == 1
    months_until = end if is_whole else end.replace(day=1) - timedelta(days=1)
    if months_from > months_until and begin.replace(day=1) == end.replace(day=1):
        return [begin, end, None, None, begin, end, None, None]
    start = [begin, months_from - timedelta(days=1)] if months_from != begin else [None, None]
    ending = [months_until + timedelta(days=1), end] if not is_whole else [None, None]
    return [begin, end, months_from, months_until, *start, *ending]


async def read_cells(reader: Reader, kind: int, query: str, first: date | None, last: date | None) -> list[Row]:
    """The rows of a `query` on `cell`."""
    return await reader.many(f"WITH {cells(kind)} {query}", *period_parameters(first, last))
