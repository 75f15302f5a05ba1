"""A file as lines of cells, whatever it was written with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise, zip_longest

from app.api.http.bodies.spreadsheet_escaping import unescape_formulas
from app.api.http.fields.text_normalisation import normalise_text
from app.wording.languages import Sentence

MAX_LINES = 50_000
MAX_COLUMNS = 200
MAX_TITLE_ROWS = 20  # rows with content among which the headings are looked for
MIN_KNOWN_HEADINGS = 2  # known ones: a title may be one of them by chance


class NumberFrom1904(float):
    """A number of a workbook that counts its days from 1904."""


# What stands in a cell whose formula was computed to a text without characters: neither empty nor unreadable.
EMPTY_TEXT_FORMULA = '=""'
FORMULA = "="  # begins a cell whose formula has no stored value

Cell = str | int | float | bool | date | datetime | None
IsKnown = Callable[[str], bool]
"""Whether a text is a heading that means something here."""


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the one that a spreadsheet shows beside it; `fault` says in French why its cells can't be told,
    `is_spoilt` that a character of them can't be read, `merged_ranges` which places one merged cell covers."""

    number: int
    cells: tuple[Cell, ...]
    fault: str | None = None
    is_illegible: bool = False
    merged_ranges: tuple[range, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` is that of a workbook's sheet, `headed_at` the row of the headings. Rows without any content are left
    out, with those above the headings."""

    headings: tuple[str, ...]
    rows: Sequence[Row]
    name: str | None = None
    heading_row: int = field(default=1, compare=False)

    @property
    def is_grid(self) -> bool:
        """Whether a cell that is not there is empty; in a text that ends too early it is not known."""
        return self.name is not None


class FileRefused(Exception):  # noqa: N818  # an answer to whoever sent it
    """The file can't be read as a whole; nothing of it was imported."""

    def __init__(self, code: str, message: Sentence) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def build_sheet(rows: Sequence[Row], is_known: IsKnown, name: str | None = None) -> Sheet:
    """The headings are the first row that has the most known ones, alone or with the one below. Raise FileRefused."""
    filled = [row for row in rows if not all(map(is_blank, row.cells))]
    if not filled:
        raise FileRefused("empty-file", Sentence(fr="Ce fichier ne contient rien.", en="This file holds nothing."))
    place, headings, below = _find_headings(filled, is_known)
    check_size(len(filled) - below)
    if len(headings) > MAX_COLUMNS:
        said = Sentence(fr=f"Au plus {MAX_COLUMNS} colonnes.", en=f"At most {MAX_COLUMNS} columns.")
        raise FileRefused("too-many-columns", said)
    return Sheet(headings, filled[below:], name, filled[place].number)


def _find_headings(rows: Sequence[Row], is_known: IsKnown) -> tuple[int, tuple[str, ...], int]:
    """Where the headings stand, what they are, and where the lines begin: at the first row when none is known. Raise
    FileRefused when lines of another table stand above them."""
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
    """A heading of several columns, as it stands over the first of them alone where cells can't be merged."""
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
    """Headings that were written over two rows."""
    both = zip_longest(above, below, fillvalue="")
    return tuple(" ".join(dict.fromkeys(filter(None, pair))) for pair in both)


def check_size(lines: int) -> None:
    """Raise FileRefused."""
    if lines > MAX_LINES:
        said = Sentence(
            fr=f"Au plus {MAX_LINES} lignes : partagez le fichier.", en=f"At most {MAX_LINES} lines: split the file."
        )
        raise FileRefused("too-many-lines", said)
