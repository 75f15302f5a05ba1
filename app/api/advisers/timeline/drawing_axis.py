"""Places on the page of a timeline: days on an axis, texts in columns. In CSS pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.facts.calendar import first_day, last_day

# An A4 page in landscape.
WIDTH, MARGIN, GAP = 1123, 40, 14
AXIS_LEFT, AXIS_RIGHT = 330, 830
SUMMARY_LEFT = 852
LABEL_WIDTH, SUMMARY_WIDTH = AXIS_LEFT - GAP - MARGIN, WIDTH - MARGIN - SUMMARY_LEFT

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
        """The place where a day begins."""
        length = (last_day(self.last) - first_day(self.first)).days + 1
        return round(AXIS_LEFT + (day - first_day(self.first)).days / length * (AXIS_RIGHT - AXIS_LEFT), 1)

    def span(self, first: date, last: date | None) -> tuple[float, float]:
        """From the beginning of the first day to the end of the last one, or of the axis when there is no last."""
        return self.x(first), AXIS_RIGHT if last is None else self.x(last + ONE_DAY)

    def years(self) -> Iterator[tuple[int, float, float]]:
        """The years to name, as many as have room, each with the span up to the next one that is named."""
        width = (AXIS_RIGHT - AXIS_LEFT) / (self.last + 1 - self.first)
        step = next((step for step in YEAR_STEPS if step * width >= MIN_YEAR_WIDTH), YEAR_STEPS[-1])
        for year in range(self.first, self.last + 1, step):
            yield year, self.x(first_day(year)), min(self.x(first_day(year + step)), AXIS_RIGHT)


def truncate_to_width(text: str, width: float, size: float) -> str:
    """The text, or as much of it as the width takes at this font size, with an ellipsis."""
    if _estimated_width(text, size) <= width:
        return text
    while text and _estimated_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip(' ,')}…"


def _estimated_width(text: str, size: float) -> float:
    """Too wide rather than too narrow: the font is not known."""
    ems = (
        0.36
        if character in NARROW_CHARACTERS
        else 0.92
        if character in WIDE_CHARACTERS
        else 0.72
        if character.isupper()
        else 0.57
        for character in text
    )
    return size * sum(ems)
