"""The lines of a file as the use cases can be told them, and the file of those that could not be carried out."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from app.api.texts import REPLACEMENT
from app.imports.cells import NO_CHARACTER, Unreadable, text_of
from app.imports.columns import REASON, REJECTED_COLUMN, REJECTED_LINE, Recognised
from app.imports.sheet import Cell, Row, is_blank

# A spreadsheet would compute a cell that begins so.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
GUARD = "'"


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
        cell = _unguarded(row.cells[place]) if place < len(row.cells) else None
        if is_blank(cell):
            if not column.lasts:
                values[column.name] = None
            continue
        try:
            values[column.name] = column.read(cell)
        except Unreadable as problem:
            faults.append(Fault(str(problem), column.name))
    return Rejection(row.number, row.cells, tuple(faults)) if faults else Line(row.number, row.cells, values)


def _unguarded(cell: Cell) -> Cell:
    """Without the sign that a file of rejected lines puts before what a spreadsheet would compute."""
    return cell[1:] if isinstance(cell, str) and cell.startswith(GUARD) and cell[1:].startswith(DANGEROUS) else cell


def rejects_heading(recognised: Recognised) -> str:
    """The first line of the file of rejected lines."""
    return _written((REJECTED_LINE, REJECTED_COLUMN, REASON, *_own(recognised.headings, recognised)))


def rejected_line(rejection: Rejection, recognised: Recognised) -> str:
    cells = ("" if cell is None else text_of(cell) for cell in _own(rejection.cells, recognised))
    return _written((str(rejection.number), *_said(rejection.faults, recognised), *cells))


def rejects_file(recognised: Recognised, rejections: Iterable[Rejection]) -> bytes:
    """CSV that a French spreadsheet opens by itself: with its mark and semicolons, and nothing that it would compute.

    Corrected, it can be imported: the cells are those of the file.
    """
    lines = (rejected_line(item, recognised) for item in sorted(rejections, key=lambda item: item.number))
    return (rejects_heading(recognised) + "".join(lines)).encode("utf-8-sig")


def _written(cells: Iterable[str]) -> str:
    """A line of CSV, without the characters that no text of a database or of a file may have."""
    written = StringIO()
    csv.writer(written, delimiter=";").writerow(_guarded(cells))
    return NO_CHARACTER.sub(REPLACEMENT, written.getvalue())


def _own(cells: Sequence[Any], recognised: Recognised) -> Iterator[Any]:
    """Without what an earlier file of rejected lines put before."""
    return (cell for place, cell in enumerate(cells) if place not in recognised.of_rejects)


def _said(faults: Sequence[Fault], recognised: Recognised) -> tuple[str, str]:
    named = [recognised.heading_of(fault.name) if fault.name else "" for fault in faults]
    if len(faults) == 1:
        return named[0], faults[0].reason
    reasons = (f"{name} : {fault.reason}" if name else fault.reason for name, fault in zip(named, faults, strict=True))
    return ", ".join(dict.fromkeys(filter(None, named))), " ".join(reasons)


def _guarded(cells: Iterable[str]) -> Iterator[str]:
    return (GUARD + cell if cell.startswith(DANGEROUS) else cell for cell in cells)
