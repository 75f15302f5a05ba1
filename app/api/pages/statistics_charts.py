"""What the page of statistics shows: counts turned into lines of tables and columns of a plot, with their sizes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.facts.registration import Funding, Status
from app.persistence.engine.driver_types import Row

MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
SHOWN_MONTHS = 12
WIDTH, HEIGHT = 720, 220


class Outcome(StrEnum):
    """How a registration stands, for whoever looks from afar. The order is that of the plot, from below."""

    FUNDED = "funded"
    UNFUNDED = "unfunded"
    WAITING = "waiting"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ABSENT = "absent"


OUTCOMES: Mapping[Outcome, str] = {
    Outcome.FUNDED: "Financées par l’État",
    Outcome.UNFUNDED: "Suivies sans prise en charge",
    Outcome.WAITING: "Quota dépassé, en attente de réponse",
    Outcome.REFUSED: "Refusées",
    Outcome.CANCELLED: "Annulées",
    Outcome.ABSENT: "Droit rendu après une absence",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table; `share` of its bar, from 0 to 100."""

    label: str
    note: str
    count: int
    share: float
    funded: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    outcome: Outcome
    count: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A month; `x` is the middle of it."""

    label: str
    x: float
    total: int
    segments: tuple[Segment, ...]

    def of(self, outcome: Outcome) -> int:
        return sum(segment.count for segment in self.segments if segment.outcome == outcome)


def outcome_of(row: Row) -> Outcome:
    """Of a row with `status` and `funding`."""
    match Status(row["status"]):
        case Status.AWAITING_CHOICE:
            return Outcome.WAITING
        case Status.REFUSED:
            return Outcome.REFUSED
        case Status.CANCELLED:
            return Outcome.CANCELLED
        case _ if row["funding"] is None:
            return Outcome.ABSENT
        case _:
            return Outcome.FUNDED if row["funding"] == Funding.STATE else Outcome.UNFUNDED


def by_outcome(rows: Iterable[Row]) -> Counter[Outcome]:
    counts = Counter[Outcome]()
    for row in rows:
        counts[outcome_of(row)] += row["count"]
    return counts


def lines(rows: Sequence[Row], key: str, said: Mapping[str | None, tuple[str, str]]) -> list[Line]:
    """The most frequent first; `said` has the label and the note of each value of `key`."""
    largest = max((row["count"] for row in rows), default=1)
    return [
        Line(
            *said.get(str(row[key]), (str(row[key]), "")),
            row["count"],
            100 * row["count"] / largest,
            row.get("funded", 0),
        )
        for row in sorted(rows, key=lambda row: (-row["count"], str(row[key])))
    ]


def first_month(last: date) -> date:
    """Of the months that are shown, the last of which has this day."""
    number = last.year * 12 + last.month - SHOWN_MONTHS
    return date(number // 12, number % 12 + 1, 1)


def columns(rows: Sequence[Row], last: date) -> list[Column]:
    """A column for each month up to that of `last`, its height the share of the largest."""
    counts: dict[str, Counter[Outcome]] = {}
    for row in rows:
        counts.setdefault(row["month"], Counter())[outcome_of(row)] += row["count"]
    largest = max((sum(each.values()) for each in counts.values()), default=1)
    first, step = first_month(last), WIDTH / SHOWN_MONTHS
    numbers = (first.year * 12 + first.month - 1 + place for place in range(SHOWN_MONTHS))
    return [
        _column(number, step * (place + 0.5), counts.get(f"{number // 12}-{number % 12 + 1:02d}", Counter()), largest)
        for place, number in enumerate(numbers)
    ]


def _column(number: int, x: float, counts: Counter[Outcome], largest: int) -> Column:
    segments, top = list[Segment](), float(HEIGHT)
    for outcome in Outcome:
        if count := counts[outcome]:
            height = HEIGHT * count / largest
            top -= height
            segments.append(Segment(outcome, count, top, height))
    return Column(f"{MONTHS[number % 12]} {number // 12}", x, sum(counts.values()), tuple(segments))
