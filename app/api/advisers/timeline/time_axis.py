"""Where things stand on a page: days on an axis, texts in a column."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.facts.calendar import first_day, last_day

# In CSS pixels, on an A4 page laid on its side.
WIDTH, MARGIN, GAP = 1123, 40, 14
AXIS_LEFT, AXIS_RIGHT = 330, 830
SAID_LEFT = 852
LABEL_WIDTH, SAID_WIDTH = AXIS_LEFT - GAP - MARGIN, WIDTH - MARGIN - SAID_LEFT

MIN_YEAR_WIDTH = 34
YEAR_STEPS = (1, 2, 5, 10, 20, 50)
ONE_DAY = timedelta(days=1)
NARROW_CHARACTERS, WIDE_CHARACTERS = frozenset("fijlrtI.,:;·'’|!() -"), frozenset("mwMW@—…%")


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Whole years, from `first` to `last`, both included."""

    first: int
    last: int

    def x(self, day: date) -> float:
        """Where a day begins."""
        length = (last_day(self.last) - first_day(self.first)).days + 1
        return round(AXIS_LEFT + (day - first_day(self.first)).days / length * (AXIS_RIGHT - AXIS_LEFT), 1)

    def span(self, first: date, last: date | None) -> tuple[float, float]:
        """From the beginning of a day to the end of another; to the end of the axis without one."""
        return self.x(first), AXIS_RIGHT if last is None else self.x(last + ONE_DAY)

    def years(self) -> Iterator[tuple[int, float, float]]:
        """The years to name, as many as have room, with where the span that each begins is."""
        broad = (AXIS_RIGHT - AXIS_LEFT) / (self.last + 1 - self.first)
        step = next((step for step in YEAR_STEPS if step * broad >= MIN_YEAR_WIDTH), YEAR_STEPS[-1])
        for year in range(self.first, self.last + 1, step):
            yield year, self.x(first_day(year)), min(self.x(first_day(year + step)), AXIS_RIGHT)


def truncate_to_width(text: str, width: float, size: float) -> str:
    """The text, or as much of it as the width takes."""
    if _estimated_width(text, size) <= width:
        return text
    while text and _estimated_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _estimated_width(text: str, size: float) -> float:
    """Rather too wide: nobody knows with which font it is drawn."""
    ems = (
        0.36 if each in NARROW_CHARACTERS else 0.92 if each in WIDE_CHARACTERS else 0.72 if each.isupper() else 0.57
        for each in text
    )
    return size * sum(ems)
