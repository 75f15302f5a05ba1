"""Counts as lines of tables and columns of a plot, with their sizes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.facts.registration_terms import Funding, Status
from app.persistence.engine.driver_types import Row

MONTH_ABBREVIATIONS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
MONTH_COUNT = 12
PLOT_WIDTH, PLOT_HEIGHT = 720, 220


class PlotCategory(StrEnum):
    """What became of a registration, in six kinds, in the order in which the plot stacks them from below."""

    FUNDED = "funded"
    UNFUNDED = "unfunded"
    WAITING = "waiting"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ABSENT = "absent"


CATEGORY_LABELS: Mapping[PlotCategory, str] = {
    PlotCategory.FUNDED: "Financées par l’État",
    PlotCategory.UNFUNDED: "Suivies sans prise en charge",
    PlotCategory.WAITING: "Quota dépassé, en attente de réponse",
    PlotCategory.REFUSED: "Refusées",
    PlotCategory.CANCELLED: "Annulées",
    PlotCategory.ABSENT: "Droit rendu après une absence",
}


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of a table; `share` is the length of its bar, from 0 to 100."""

    label: str
    note: str
    count: int
    share: float
    funded: int = 0


@dataclass(frozen=True, slots=True)
class ColumnSegment:
    outcome: PlotCategory
    count: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class MonthColumn:
    """The column of a month; `x` is its middle."""

    label: str
    x: float
    total: int
    segments: tuple[ColumnSegment, ...]

    def of(self, outcome: PlotCategory) -> int:
        return sum(segment.count for segment in self.segments if segment.outcome == outcome)


def category_of(row: Row) -> PlotCategory:
    """Of a row with `status` and `funding`."""
    match Status(row["status"]):
        case Status.AWAITING_CHOICE:
            return PlotCategory.WAITING
        case Status.REFUSED:
            return PlotCategory.REFUSED
        case Status.CANCELLED:
            return PlotCategory.CANCELLED
        case _ if row["funding"] is None:
            return PlotCategory.ABSENT
        case _:
            return PlotCategory.FUNDED if row["funding"] == Funding.STATE else PlotCategory.UNFUNDED


def count_by_category(rows: Iterable[Row]) -> Counter[PlotCategory]:
    counts = Counter[PlotCategory]()
    for row in rows:
        counts[category_of(row)] += row["count"]
    return counts


def table_lines(rows: Sequence[Row], key: str, labels: Mapping[str | None, tuple[str, str]]) -> list[TableLine]:
    """The most frequent first; `labels` has the label and the note of each value of `key`."""
    largest = max((row["count"] for row in rows), default=1)
    return [
        TableLine(
            *labels.get(str(row[key]), (str(row[key]), "")),
            row["count"],
            100 * row["count"] / largest,
            row.get("funded", 0),
        )
        for row in sorted(rows, key=lambda row: (-row["count"], str(row[key])))
    ]


def first_shown_month(last: date) -> date:
    """The first day of the first of the months shown, the last of which has this day."""
    number = last.year * 12 + last.month - MONTH_COUNT
    return date(number // 12, number % 12 + 1, 1)


def month_columns(rows: Sequence[Row], last: date) -> list[MonthColumn]:
    """A column for each month up to that of `last`; the largest is as high as the plot."""
    counts: dict[str, Counter[PlotCategory]] = {}
    for row in rows:
        counts.setdefault(row["month"], Counter())[category_of(row)] += row["count"]
    largest = max((sum(each.values()) for each in counts.values()), default=1)
    first, step = first_shown_month(last), PLOT_WIDTH / MONTH_COUNT
    numbers = (first.year * 12 + first.month - 1 + place for place in range(MONTH_COUNT))
    return [
        _month_column(
            number, step * (place + 0.5), counts.get(f"{number // 12}-{number % 12 + 1:02d}", Counter()), largest
        )
        for place, number in enumerate(numbers)
    ]


def _month_column(number: int, x: float, counts: Counter[PlotCategory], largest: int) -> MonthColumn:
    segments, top = list[ColumnSegment](), float(PLOT_HEIGHT)
    for outcome in PlotCategory:
        if count := counts[outcome]:
            height = PLOT_HEIGHT * count / largest
            top -= height
            segments.append(ColumnSegment(outcome, count, top, height))
    return MonthColumn(f"{MONTH_ABBREVIATIONS[number % 12]} {number // 12}", x, sum(counts.values()), tuple(segments))
