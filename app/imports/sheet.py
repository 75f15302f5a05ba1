"""A file as lines of cells, whatever it was written with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.wording.languages import Sentence

MOST_LINES = 50_000
MOST_COLUMNS = 200

Cell = str | int | float | bool | date | datetime | None
IsKnown = Callable[[str], bool]
"""Whether a text is a heading that means something here."""


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the one that a spreadsheet shows beside it."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` is that of a workbook's sheet. Rows without any content are left out."""

    headings: tuple[str, ...]
    rows: Sequence[Row]
    name: str | None = None


class FileRefused(Exception):  # noqa: N818  # an answer to whoever sent it
    """The file can't be read as a whole; nothing of it was imported."""

    def __init__(self, code: str, said: Sentence) -> None:
        super().__init__(code)
        self.code = code
        self.said = said


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def sheet_of(rows: Sequence[Row], name: str | None = None) -> Sheet:
    """The first row that has content holds the headings. Raise FileRefused."""
    filled = [row for row in rows if not all(map(is_blank, row.cells))]
    if not filled:
        raise FileRefused("empty-file", Sentence(fr="Ce fichier ne contient rien.", en="This file holds nothing."))
    check_size(len(filled) - 1)
    first, *others = filled
    headings = ["" if is_blank(cell) else str(cell).strip() for cell in first.cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        said = Sentence(fr=f"Au plus {MOST_COLUMNS} colonnes.", en=f"At most {MOST_COLUMNS} columns.")
        raise FileRefused("too-many-columns", said)
    return Sheet(tuple(headings), others, name)


def check_size(lines: int) -> None:
    """Raise FileRefused."""
    if lines > MOST_LINES:
        said = Sentence(
            fr=f"Au plus {MOST_LINES} lignes : partagez le fichier.", en=f"At most {MOST_LINES} lines: split the file."
        )
        raise FileRefused("too-many-lines", said)
