"""The rows of a file as values by field, or as everything that is wrong with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.api.http.bodies.spreadsheet_escaping import unescape_formulas
from app.api.http.fields.text_normalisation import printable_name
from app.imports.columns.column_recognition import Column, RecognisedColumns
from app.imports.files.cell_content import (
    CellContent,
    UnreadableCell,
    content_of,
    formula_error_message,
    is_illegible,
)
from app.imports.files.spreadsheet import Cell, Row, is_blank


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """`values` are by the names of fields: a missing one is unknown, None states that there is none."""

    number: int
    cells: tuple[Cell, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """`reason` says in French what is wrong with the field `name`, or with the whole line when that is None."""

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
    """Values as objects: `employer.siret` becomes the `siret` of `employer`."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        outer, _, inner = name.rpartition(".")
        (nested.setdefault(outer, {}) if outer else nested)[inner] = value
    return nested


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejected line as it stood in the file, and everything that is wrong with it."""

    number: int
    cells: tuple[Cell, ...]
    faults: tuple[Fault, ...]


def parse_line(row: Row, recognised: RecognisedColumns, *, is_grid: bool = True) -> Line | Rejection:
    """The line, or its rejection with everything that can't be read. An empty cell states that there is no value."""
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
    """Without the apostrophe that a file of rejected lines puts before what a spreadsheet would compute."""
    return unescape_formulas(cell) if isinstance(cell, str) else cell


def _read_cell(cell: Cell, column: Column) -> dict[str, Any]:
    """The value by its field; empty when the cell states nothing. Raise UnreadableCell."""
    content = content_of(cell)
    if content is CellContent.CONTENT:
        value = column.read(cell)
        return {} if value is None and column.empty_keeps_known else {column.name: value}
    if content is CellContent.EMPTY:
        return {} if column.empty_keeps_known else {column.name: None}
    if content is CellContent.NOTHING or (content is CellContent.FAILED_LOOKUP and not column.is_lookup):
        return {}
    raise UnreadableCell(formula_error_message(cell, content))


def _row_faults(row: Row, recognised: RecognisedColumns) -> Iterator[Fault]:
    """What is wrong with the whole line; an unreadable character in a recognised column is a fault of its cell."""
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
