"""A table as CSV that a French spreadsheet opens as it is.

A byte order mark, or accents are misread; semicolons, because the comma is the decimal sign; days as 31/01/2026, which
it takes for days; nothing that it would compute. A text made of digits is still taken for a number (a SIRET, `01`): who
needs it to the letter asks for XLSX.
"""

import csv
from datetime import date, datetime
from io import StringIO

from app.api.http.bodies.spreadsheet_escaping import escape_formulas
from app.api.http.bodies.tables.table import Cell, Table
from app.api.http.bodies.xml_characters import without_forbidden_characters


def write_csv(table: Table) -> bytes:
    written = StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(map(_text, table.headings))
    writer.writerows([_text(cell) for cell in line] for line in table.lines())
    return written.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%d/%m/%Y %H:%M}"
        case date():
            return f"{cell:%d/%m/%Y}"
        case int():
            return str(cell)
        case _:
            return escape_formulas(without_forbidden_characters(cell))
