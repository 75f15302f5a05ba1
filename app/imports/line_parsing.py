"""The lines of a file as the use cases can be told them, and the file of those that could not be carried out."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from app.api.http.bodies.spreadsheet_escaping import escape_formulas, unescape_formulas
from app.api.http.fields.text_normalisation import REPLACEMENT_CHARACTER, printable_name
from app.imports.columns.column_recognition import REASON, REJECTED_COLUMN, REJECTED_LINE, Column, RecognisedColumns
from app.imports.files.cell_content import (
    ILLEGIBLE,
    CellContent,
    UnreadableCell,
    cell_to_text,
    content_of,
    formula_error_message,
    is_illegible,
)
from app.imports.files.spreadsheet import Cell, Row, is_blank

_FIELD = re.compile("[a-z]+(?:_[a-z]+)+")  # a name that no French sentence has but for a field


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """`values` by the names of fields; what is not there is not said, what is None is said to be none."""

    number: int
    cells: tuple[Cell, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in French, with which field; None when it is the whole line."""

    reason: str
    name: str | None = None


class LineRejected(Exception):  # noqa: N818  # an answer to whoever wrote the line
    """A line that can't be carried out."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("rejected")
        self.faults = faults


def line_rejected(reason: str, name: str | None = None) -> LineRejected:
    return LineRejected(Fault(reason, name))


def nest_dotted_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """`employer.siret` as the `siret` of `employer`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        outer, _, inner = name.rpartition(".")
        (found.setdefault(outer, {}) if outer else found)[inner] = value
    return found


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejected line as it stood in the file, and everything that is wrong with it."""

    number: int
    cells: tuple[Cell, ...]
    faults: tuple[Fault, ...]


def parse_line(row: Row, recognised: RecognisedColumns, *, is_grid: bool = True) -> Line | Rejection:
    """Every cell read, or everything that can't be. Only an empty cell says that there is none."""
    values: dict[str, Any] = {}
    faults = [*_row_faults(row, recognised)]
    cells = tuple(map(_unescaped, row.cells))
    for place, column in recognised.columns.items():
        if values.get(column.name) is not None or (place >= len(cells) and not is_grid):
            continue
        cell = cells[place] if place < len(cells) else None
        try:
            values |= _read_cell(cell, column)
        except UnreadableCell as problem:
            faults.append(Fault(str(problem), column.name))
    return Rejection(row.number, cells, tuple(faults)) if faults else Line(row.number, cells, values)


def _unescaped(cell: Cell) -> Cell:
    """Without the signs that a file of rejected lines puts before what a spreadsheet would compute."""
    return unescape_formulas(cell) if isinstance(cell, str) else cell


def _read_cell(cell: Cell, column: Column) -> dict[str, Any]:
    """Raise Unreadable."""
    held = content_of(cell)
    if held is CellContent.CONTENT:
        value = column.read(cell)
        return {} if value is None and column.empty_keeps_known else {column.name: value}
    if held is CellContent.EMPTY:
        return {} if column.empty_keeps_known else {column.name: None}
    if held is CellContent.NOTHING or (held is CellContent.FAILED_LOOKUP and not column.is_lookup):
        return {}
    raise UnreadableCell(formula_error_message(cell, held))


def _row_faults(row: Row, recognised: RecognisedColumns) -> Iterator[Fault]:
    """What is wrong with the whole line. A character that can't be read tells that it comes from elsewhere."""
    if row.fault:
        yield Fault(row.fault)
    elif any(not is_blank(cell) for cell in row.cells[len(recognised.headings) :]):
        yield Fault("La ligne a plus de cellules qu’il n’y a de colonnes : un séparateur n’est pas protégé.")
    for covered in row.merged_ranges:
        if len({recognised.columns[place].name for place in covered if place in recognised.columns}) > 1:
            yield Fault(
                "Une cellule fusionnée couvre plusieurs colonnes : séparez-la, pour dire ce que contient chacune."
            )
    if row.is_illegible:
        places = [place for place, cell in enumerate(row.cells) if is_illegible(cell)]
        names = [printable_name(heading) for place, heading in enumerate(recognised.headings) if place in places]
        if not recognised.columns.keys() & places:
            yield Fault(f"Caractère illisible : {', '.join(names) or 'au-delà des colonnes'}.")


def rejects_header_line(recognised: RecognisedColumns) -> str:
    """The first line of the file of rejected lines."""
    return _csv_line(
        (REJECTED_LINE, REJECTED_COLUMN, REASON, *_without_rejects_columns(recognised.headings, recognised))
    )


def format_rejection(rejection: Rejection, recognised: RecognisedColumns) -> str:
    cells = (
        "" if cell is None else cell_to_text(cell) for cell in _without_rejects_columns(rejection.cells, recognised)
    )
    return _csv_line((str(rejection.number), *_described_faults(rejection.faults, recognised), *cells))


def rejects_file(recognised: RecognisedColumns, rejections: Iterable[Rejection]) -> bytes:
    """CSV that a French spreadsheet opens by itself: with its mark and semicolons, and nothing that it would compute.

    Corrected, it can be imported: the cells are those of the file.
    """
    lines = (format_rejection(item, recognised) for item in sorted(rejections, key=lambda item: item.number))
    return (rejects_header_line(recognised) + "".join(lines)).encode("utf-8-sig")


def _csv_line(cells: Iterable[str]) -> str:
    """A line of CSV, without the characters that no text of a database or of a file may have."""
    written = StringIO()
    csv.writer(written, delimiter=";").writerow(map(escape_formulas, cells))
    # A byte that could not be read stays visible, and is not read the next time either.
    return ILLEGIBLE.sub(REPLACEMENT_CHARACTER, written.getvalue())


def _without_rejects_columns(cells: Sequence[Any], recognised: RecognisedColumns) -> Iterator[Any]:
    """Without what an earlier file of rejected lines put before."""
    return (cell for place, cell in enumerate(cells) if place not in recognised.rejects_columns)


def _with_own_headings(reason: str, recognised: RecognisedColumns) -> str:
    """With the file's own headings for the fields that the API's sentences name."""

    def heading(found: re.Match[str]) -> str:
        columns = (item.name for item in recognised.columns.values() if item.name.rpartition(".")[2] == found[0])
        return next((f"« {recognised.heading_of(name)} »" for name in columns), found[0])

    return _FIELD.sub(heading, reason)


def _described_faults(faults: Sequence[Fault], recognised: RecognisedColumns) -> tuple[str, str]:
    named = [recognised.heading_of(fault.name) if fault.name else "" for fault in faults]
    said = [_with_own_headings(fault.reason, recognised) for fault in faults]
    if len(faults) == 1:
        return named[0], said[0]
    reasons = (f"{name} : {reason}" if name else reason for name, reason in zip(named, said, strict=True))
    return ", ".join(dict.fromkeys(filter(None, named))), " ".join(reasons)
