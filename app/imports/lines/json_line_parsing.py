"""The JSON objects of a file as lines, or as everything that is wrong with them."""

from app.api.http.bodies.spreadsheet_escaping import unescape_formulas
from app.imports.files.cell_content import cell_to_text
from app.imports.files.spreadsheet import Cell, Row
from app.imports.lines.json_objects import NotJson, ObjectReader, parse_json
from app.imports.lines.line_parsing import Fault, Line, Rejection


def parse_json_line(row: Row, place: int, reader: ObjectReader) -> Line | Rejection:
    """The line whose object is in the cell at `place`, or its rejection with everything that can't be read."""
    faults: list[Fault] = []

    def report(reason: str, name: str | None) -> None:
        faults.append(Fault(reason, name))

    cells = tuple(unescape_formulas(cell) if isinstance(cell, str) else cell for cell in row.cells)
    if row.fault or row.is_illegible:
        return Rejection(row.number, cells, (Fault(row.fault or "Caractère illisible."),))
    try:
        values = reader.read(parse_json(_text(cells, place)), report)
    except NotJson as wrong:
        report(str(wrong), None)
        values = {}
    return Rejection(row.number, cells, tuple(faults)) if faults else Line(row.number, cells, values)


def _text(cells: tuple[Cell, ...], place: int) -> str:
    cell = cells[place] if place < len(cells) else None
    return "" if cell is None else cell_to_text(cell)
