"""A table as an XLSX workbook: days are days, a text is a text whatever it begins with."""

from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from app.api.http.bodies.tables.table import Cell, Table
from app.api.http.bodies.xml_characters import without_forbidden_characters

DAY_FORMAT, TIME_FORMAT, TEXT_FORMAT = "DD/MM/YYYY", "DD/MM/YYYY HH:MM", "@"
NARROWEST, WIDEST = 10, 60  # columns, in characters
MAX_TEXT_LENGTH = 32_767  # of a cell; spreadsheets cut what is longer
_TEXT = "s"
_DAY_WIDTH, _TIME_WIDTH = len("31/01/2026"), len("31/01/2026 08:30")


def write_xlsx(table: Table) -> bytes:
    """The headings are bold, stay in sight, are repeated on each printed page, and filter."""
    book = Workbook(write_only=True)
    book.properties.creator = "Inscriptions des conseillers numériques"
    sheet: Any = book.create_sheet(table.title)
    lines = [*table.lines()]
    _lay_out(sheet, table, lines)
    sheet.append([_heading(sheet, heading) for heading in table.headings])
    for line in lines:
        sheet.append([_cell(sheet, value) for value in line])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _lay_out(sheet: Any, table: Table, lines: list[list[Cell]]) -> None:
    """Said before the first row is written: what comes later is not read by it."""
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(lines) + 1}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for place, heading in enumerate(table.headings):
        longest = max((_width(line[place]) for line in lines), default=0)
        width = min(max(longest, len(heading) + 3, NARROWEST), WIDEST)  # with room for the button that filters
        sheet.column_dimensions[get_column_letter(place + 1)].width = width + 1


def _width(cell: Cell) -> int:
    match cell:
        case datetime():
            return _TIME_WIDTH
        case date():
            return _DAY_WIDTH
        case _:
            return len(str(cell)) if cell is not None else 0


def _heading(sheet: Any, heading: str) -> Any:
    cell = WriteOnlyCell(sheet, value=heading)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Cell) -> Any:
    """Of a cell of a table."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value=value)  # type: ignore[arg-type]  # a date is one too
        cell.number_format = TIME_FORMAT if isinstance(value, datetime) else DAY_FORMAT
        return cell
    cell = WriteOnlyCell(sheet, value=without_forbidden_characters(value)[:MAX_TEXT_LENGTH])
    cell.data_type = _TEXT  # not a formula, nor an error, whatever it begins with
    cell.number_format = TEXT_FORMAT
    return cell
