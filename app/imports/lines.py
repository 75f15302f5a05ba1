"""The lines of a file as the use cases can be told them, and the file of those that could not be carried out."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from app.api.spreadsheets import guarded, unguarded
from app.imports.cells import Unreadable, text_of
from app.imports.columns import REASON, REJECTED_COLUMN, REJECTED_LINE, Recognised
from app.imports.sheet import Cell, Row, is_blank


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


class Rejected(Exception):  # noqa: N818  # an answer to whoever wrote the line
    """A line that can't be carried out."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("rejected")
        self.faults = faults


def rejected(reason: str, name: str | None = None) -> Rejected:
    return Rejected(Fault(reason, name))


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
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


def line_of(row: Row, recognised: Recognised) -> Line | Rejection:
    """Every cell read, or everything that can't be."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    if any(not is_blank(cell) for cell in row.cells[len(recognised.headings) :]):
        faults.append(Fault("La ligne a plus de cellules qu’il n’y a de colonnes : un séparateur n’est pas protégé."))
    for place, column in recognised.columns.items():
        cell = _as_it_was(row.cells[place]) if place < len(row.cells) else None
        if is_blank(cell):
            if not column.lasts:
                values[column.name] = None
            continue
        try:
            values[column.name] = column.read(cell)
        except Unreadable as problem:
            faults.append(Fault(str(problem), column.name))
    return Rejection(row.number, row.cells, tuple(faults)) if faults else Line(row.number, row.cells, values)


def _as_it_was(cell: Cell) -> Cell:
    """Without the signs that a file of rejected lines puts before what a spreadsheet would compute."""
    return unguarded(cell) if isinstance(cell, str) else cell


def rejects_file(recognised: Recognised, rejections: Iterable[Rejection]) -> bytes:
    """CSV that a French spreadsheet opens by itself: with its mark and semicolons, and nothing that it would compute.

    Corrected, it can be imported: the cells are those of the file.
    """
    written = StringIO()
    writer = csv.writer(written, delimiter=";")
    headings = (REJECTED_LINE, REJECTED_COLUMN, REASON, *_own(recognised.headings, recognised))
    writer.writerow(map(guarded, headings))
    for rejection in sorted(rejections, key=lambda item: item.number):
        cells = ("" if cell is None else text_of(cell) for cell in _own(rejection.cells, recognised))
        writer.writerow(map(guarded, (str(rejection.number), *_said(rejection.faults, recognised), *cells)))
    return written.getvalue().encode("utf-8-sig", "replace")


def _own(cells: Sequence[Any], recognised: Recognised) -> Iterator[Any]:
    """Without what an earlier file of rejected lines put before."""
    return (cell for place, cell in enumerate(cells) if place not in recognised.of_rejects)


def _said(faults: Sequence[Fault], recognised: Recognised) -> tuple[str, str]:
    named = [recognised.heading_of(fault.name) if fault.name else "" for fault in faults]
    if len(faults) == 1:
        return named[0], faults[0].reason
    reasons = (f"{name} : {fault.reason}" if name else fault.reason for name, fault in zip(named, faults, strict=True))
    return ", ".join(dict.fromkeys(filter(None, named))), " ".join(reasons)
