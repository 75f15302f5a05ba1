"""Whom a rejected line is about, whatever is wrong with it: what names a person is found in the cells as they stand."""

from collections.abc import Sequence

from app.imports.adviser_matching import CONUM_ID
from app.imports.columns.column_recognition import Recognised
from app.imports.files.cell_content import text_of
from app.imports.files.spreadsheet import Cell
from app.persistence.advisers.identity_normalisation import emails_named, identifiers_named, numbers_named, person_named

FIRST_NAME, LAST_NAME = "first_name", "last_name"


def names_in(cells: Sequence[Cell], recognised: Recognised) -> set[str]:
    """An address or a UUID tells of itself in any cell, also of a column that means nothing here; a number is an ID
    Conum in its own column only, and a name stands in its own two or in one of them."""
    named: set[str] = set()
    said: dict[str, str] = {}
    for place, cell in enumerate(cells):
        written = "" if cell is None else text_of(cell)
        named.update(emails_named(written), identifiers_named(written))
        if (column := recognised.columns.get(place)) is not None:
            said[column.name] = written
    named.update(numbers_named(said.get(CONUM_ID.name, "")))
    named.update(person_named(said.get(FIRST_NAME, ""), said.get(LAST_NAME, "")))
    return named
