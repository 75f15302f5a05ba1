"""The rows of a workbook's sheet, one after the other: each cell as it is stored, merged cells filled in."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from app.imports.files.cell_content import is_illegible
from app.imports.files.spreadsheet import (
    EMPTY_TEXT_FORMULA,
    FORMULA,
    MAX_COLUMNS,
    Cell,
    FileRefused,
    NumberFrom1904,
    Row,
    check_size,
    is_blank,
)
from app.wording.languages import Sentence

_NATIVE_TYPES = (int, float, date)
_DAY_AS_TEXT = re.compile(r"\s*[1-9][0-9]{4}\s*", re.ASCII)
UNNAMED_ERROR = "#ERREUR!"
MAX_MERGED_CELLS = 1_000_000  # covered by merged cells, together

TOO_LARGE = Sentence(
    fr="Ce classeur est trop grand une fois ouvert : enregistrez la feuille seule, ou en CSV.",
    en="This workbook is too large once opened: save the sheet alone, or as CSV.",
)


class WorksheetParser(WorkSheetParser):
    """The library's parser, but for a formula without a stored value, which the library reads as an empty cell."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.covered: list[str] = []
        """The ranges that one formula fills, as far as they are read: the first cell counts for all."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)  # pyright: ignore[reportUnknownMemberType]  # it has no types
        if cell["value"] is None and cell["data_type"] == "e":
            return cell | {"value": UNNAMED_ERROR}
        if cell["value"] is not None or (formula := element.find(FORMULA_TAG)) is None:
            return cell
        if cell["data_type"] == "str" and element.find(VALUE_TAG) is not None:
            return cell | {"value": EMPTY_TEXT_FORMULA}
        if formula.get("t") in {"array", "dataTable"}:
            self.covered.append(formula.get("ref"))
        return cell | {"value": f"{FORMULA}{formula.text or ''}"}


def read_rows(sheet: Any, book: Any, last: int) -> list[Row]:
    """The rows with content, whatever size the sheet declares. Raise FileRefused for a row number beyond `last`."""
    with sheet._get_source() as source:  # noqa: SLF001  # as the library's own iteration does
        parser = WorksheetParser(
            source,
            sheet._shared_strings,  # noqa: SLF001  # the same
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001  # the same
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001  # the same
        )
        rows = [*_rows_with_content(parser, last, counts_from_1904=book.epoch == CALENDAR_MAC_1904)]
    merged = parser.merged_cells.mergeCell if parser.merged_cells else ()
    _fill_merged_cells(rows, [*parser.covered, *(item.ref for item in merged)])
    return rows


def _rows_with_content(parser: WorksheetParser, last: int, *, counts_from_1904: bool) -> Iterator[Row]:
    kept = 0
    for number, cells in parser.parse():
        if number > last:
            raise FileRefused("too-large", TOO_LARGE)
        row = _row_cells(cells, counts_from_1904=counts_from_1904)
        if not all(map(is_blank, row)):
            kept += 1
            check_size(kept - 1)
            yield Row(number, row, is_illegible=any(map(is_illegible, row)))


def _row_cells(cells: Sequence[dict[str, Any]], *, counts_from_1904: bool) -> tuple[Cell, ...]:
    """The cells in their places; a cell beyond MAX_COLUMNS is put right behind the last column."""
    found: list[Cell] = [None] * min(max((cell["column"] for cell in cells), default=0), MAX_COLUMNS + 1)
    for cell in cells:
        if cell["value"] is not None:
            found[min(cell["column"] - 1, MAX_COLUMNS)] = _cell_value(cell["value"])
    return tuple(map(_from_1904, found) if counts_from_1904 else found)


def _from_1904(cell: Cell) -> Cell:
    """A day written as text was typed in, or copied from, the same workbook."""
    if isinstance(cell, str):
        return NumberFrom1904(cell) if _DAY_AS_TEXT.fullmatch(cell) else cell
    return NumberFrom1904(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else cell


def _cell_value(value: Any) -> Cell:
    """A datetime at midnight is a day; `_x000D_` in a text stands for a character that XML cannot hold."""
    if isinstance(value, str):
        return unescape(value).replace("\r", "") if "_x" in value else value
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return value if isinstance(value, _NATIVE_TYPES) else str(value)


def _fill_merged_cells(rows: list[Row], ranges: Sequence[str]) -> None:
    """Copy the first cell of each range to the other cells that it covers. Raise FileRefused."""
    numbers, filled = [row.number for row in rows], 0
    for covered in ranges:
        left, top, right, bottom = (edge or 0 for edge in range_boundaries(covered))
        start, end = bisect_left(numbers, top), bisect_left(numbers, bottom + 1)
        places = slice(left - 1, min(right, MAX_COLUMNS))
        filled += (end - start) * max(places.stop - places.start, 0)
        if filled > MAX_MERGED_CELLS:
            raise FileRefused("too-large", TOO_LARGE)
        first = rows[start].cells[places] if start < end and numbers[start] == top else ()
        if first and first[0] is not None:
            rows[start:end] = [_with_value(row, places, first[0]) for row in rows[start:end]]


def _with_value(row: Row, places: slice, content: Cell) -> Row:
    cells = [*row.cells, *[None] * (places.stop - len(row.cells))]
    cells[places] = [content] * (places.stop - places.start)
    covered = range(places.start, places.stop)
    return replace(
        row, cells=tuple(cells), merged_ranges=(*row.merged_ranges, covered) if len(covered) > 1 else row.merged_ranges
    )
