"""A file as rows of cells, whatever program wrote it, and its row of headings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise, zip_longest

from app.api.http.bodies.spreadsheet_escaping import unescape_formulas
from app.api.http.fields.text_normalisation import normalise_text
from app.wording.languages import Sentence

MAX_LINES = 50_000
MAX_COLUMNS = 200
MAX_TITLE_ROWS = 20  # the headings are among the first rows with content
MIN_KNOWN_HEADINGS = 2  # a single known one may be a title by chance


class NumberFrom1904(float):
    """A number of a workbook whose days are counted from 1904."""


# Stands for a formula whose stored value is the empty text: neither an empty cell nor an unreadable one.
EMPTY_TEXT_FORMULA = '=""'
FORMULA = "="  # begins a cell whose formula has no stored value

Cell = str | int | float | bool | date | datetime | None
IsKnown = Callable[[str], bool]
"""Whether a text is a known heading."""


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the one that a spreadsheet shows, from 1. `fault` says in French why the cells can't be told apart,
    `is_illegible` that one has an unreadable character; `merged_ranges` are the places that a merged cell covers."""

    number: int
    cells: tuple[Cell, ...]
    fault: str | None = None
    is_illegible: bool = False
    merged_ranges: tuple[range, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` is that of a workbook's sheet, None for other files; `heading_row` is the number of the row of headings.
    Empty rows and those above the headings are left out."""

    headings: tuple[str, ...]
    rows: Sequence[Row]
    name: str | None = None
    heading_row: int = field(default=1, compare=False)

    @property
    def is_grid(self) -> bool:
        """Whether a missing cell is empty; in the line of a text that is too short, its value is unknown."""
        return self.name is not None


class FileRefused(Exception):  # noqa: N818  # an answer to the sender
    """A file that can't be read as a whole: nothing of it is imported."""

    def __init__(self, code: str, message: Sentence) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def build_sheet(rows: Sequence[Row], is_known: IsKnown, name: str | None = None) -> Sheet:
    """The headings are the row with the most known ones, alone or with the row below it. Raise FileRefused."""
    filled = [row for row in rows if not all(map(is_blank, row.cells))]
    if not filled:
        raise FileRefused("empty-file", Sentence(fr="Ce fichier ne contient rien.", en="This file holds nothing."))
    place, headings, below = _find_headings(filled, is_known)
    check_size(len(filled) - below)
    if len(headings) > MAX_COLUMNS:
        message = Sentence(fr=f"Au plus {MAX_COLUMNS} colonnes.", en=f"At most {MAX_COLUMNS} columns.")
        raise FileRefused("too-many-columns", message)
    return Sheet(headings, filled[below:], name, filled[place].number)


def _find_headings(rows: Sequence[Row], is_known: IsKnown) -> tuple[int, tuple[str, ...], int]:
    """The place of the headings, the headings, and the place of the first row below them; the first row when no heading
    is known. Raise FileRefused when another table stands above them."""
    single = [_headings(row) for row in rows[:MAX_TITLE_ROWS]]
    found = [(place, headings, place + 1) for place, headings in enumerate(single)]
    found += [(place, _join_two_rows(*both), place + 2) for place, both in enumerate(pairwise(single))]
    found += [
        (place, _join_two_rows(_spread_merged_headings(*both), both[1]), place + 2)
        for place, both in enumerate(pairwise(single))
    ]
    chosen = max(found, key=lambda candidate: sum(map(is_known, candidate[1])))
    for place, headings in enumerate(single[: max(chosen[0] - 1, 0)]):
        if sum(map(is_known, headings)) >= MIN_KNOWN_HEADINGS:
            raise FileRefused("several-headings", _several_headings_message(rows[place].number, rows[chosen[0]].number))
    return chosen


def _several_headings_message(first: int, second: int) -> Sentence:
    return Sentence(
        fr=f"Les lignes {first} et {second} portent toutes deux des intitulés : gardez un seul tableau par fichier.",
        en=f"Lines {first} and {second} both have headings: keep one table to a file.",
    )


def _spread_merged_headings(above: tuple[str, ...], below: tuple[str, ...]) -> tuple[str, ...]:
    """Repeat a heading over the columns that it is for, when it stands over the first of them only."""
    spread: list[str] = []
    former = ""
    for own, beneath in zip_longest(above, below, fillvalue=""):
        former = own or former
        spread.append(former if beneath else own)
    return tuple(spread)


def _headings(row: Row) -> tuple[str, ...]:
    headings = [
        "" if is_blank(cell) else " ".join(normalise_text(unescape_formulas(str(cell))).split()) for cell in row.cells
    ]
    while headings and not headings[-1]:
        headings.pop()
    return tuple(headings)


def _join_two_rows(above: tuple[str, ...], below: tuple[str, ...]) -> tuple[str, ...]:
    """The headings written over two rows."""
    both = zip_longest(above, below, fillvalue="")
    return tuple(" ".join(dict.fromkeys(filter(None, pair))) for pair in both)


def check_size(lines: int) -> None:
    """Raise FileRefused."""
    if lines > MAX_LINES:
        message = Sentence(
            fr=f"Au plus {MAX_LINES} lignes : partagez le fichier.", en=f"At most {MAX_LINES} lines: split the file."
        )
        raise FileRefused("too-many-lines", message)
