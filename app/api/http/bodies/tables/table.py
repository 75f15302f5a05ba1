"""A table: what its columns are called, and what each says of a row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.domain.facts.calendar import PARIS

Cell = str | int | date | datetime | None
"""A text, a whole number, a day, or what the clock of Paris shows: spreadsheets know no time zones."""


@dataclass(frozen=True, slots=True)
class Column:
    """`cell` tells its cell from a row."""

    heading: str
    cell: Callable[[Mapping[str, Any]], Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is that of the file, without an ending, in ASCII; `title`, that of the sheet, 31 characters at most."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]

    @property
    def headings(self) -> list[str]:
        return [column.heading for column in self.columns]

    def lines(self) -> Iterator[list[Cell]]:
        """The cells of each row."""
        for row in self.rows:
            yield [column.cell(row) for column in self.columns]


def yes_or_no(value: object) -> str:
    """In French."""
    return "oui" if value else "non"


def paris_time(instant: datetime | str | None) -> datetime | None:
    """What the clock of Paris shows at an instant, or at its RFC 3339 text, to the second."""
    if instant is None:
        return None
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return moment.astimezone(PARIS).replace(tzinfo=None, microsecond=0)


def day(value: date | str | None) -> date | None:
    """A civil date, or its text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
