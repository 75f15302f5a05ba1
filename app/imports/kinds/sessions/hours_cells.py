"""The hours of a session in one cell: `09:00-12:30, 13:30-17:00`, of each day or of the days that are named."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.imports.columns.cell_parsers import civil_day
from app.imports.files.cell_content import UnreadableCell, read_text
from app.imports.files.spreadsheet import Cell
from app.imports.lines.line_parsing import line_rejected

UNREADABLE = "Doit être des horaires : 09:00-12:30, 13:30-17:00, avec le jour devant quand ils changent."
DAYS_NEEDED = "Donnez le jour de chaque horaire (17/09/2026 09:00-17:00) : la session compte un samedi ou un dimanche."
SATURDAY = 5  # of a week that begins with 0

_SEPARATORS = re.compile(r"[,;\n]|\bet\b|(?<=\d) *\+ *")
_TIMES = re.compile(
    r"(?:(?P<day>\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}) *:? *)?(?:de *)?"
    r"(?P<from_hour>\d\d?) *[h:] *(?P<from_minute>\d\d)? *(?:-|–|à|/) *"
    r"(?P<until_hour>\d\d?) *[h:] *(?P<until_minute>\d\d)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CellHours:
    """Each with its day, None for every day of the session, and the times of the API."""

    times: tuple[tuple[date | None, str, str], ...]

    def of_session(self, starts_on: date | None, ends_on: date | None) -> list[dict[str, Any]]:
        """As the API has them; none without the dates, which are then what is wrong. Raise LineRejected."""
        if starts_on is None or ends_on is None:
            return []
        days = [starts_on + timedelta(days=number) for number in range((ends_on - starts_on).days + 1)]
        return [
            {"on": on, "from": from_, "until": until}
            for day, from_, until in self.times
            for on in ([day] if day is not None else _each_day(days))
        ]


def _each_day(days: Sequence[date]) -> Sequence[date]:
    """Raise LineRejected when it is not known on which of them people come."""
    if len(days) > 1 and any(day.weekday() >= SATURDAY for day in days):
        raise line_rejected(DAYS_NEEDED, "hours")
    return days


def hours(cell: Cell) -> CellHours:
    """Raise UnreadableCell."""
    parts = (part.strip(" .") for part in _SEPARATORS.split(read_text(cell)))
    return CellHours(tuple(_read([part for part in parts if part])))


def _read(parts: Sequence[str]) -> Iterator[tuple[date | None, str, str]]:
    """A day holds for the times after it, until another."""
    day: date | None = None
    for part in parts:
        found = _TIMES.fullmatch(part)
        if found is None:
            raise UnreadableCell(UNREADABLE)
        day = civil_day(found["day"]) if found["day"] else day
        yield day, _time(found, "from"), _time(found, "until")


def _time(found: re.Match[str], end: str) -> str:
    return f"{int(found[f'{end}_hour']):02}:{found[f'{end}_minute'] or '00'}"
