"""Whom a rejected line is about, whatever is wrong with it: what names a person is found in the cells as they stand."""

from collections.abc import Sequence

from app.imports.adviser_matching import CONUM_ID
from app.imports.columns.column_recognition import RecognisedColumns
from app.imports.files.cell_content import cell_to_text
from app.imports.files.spreadsheet import Cell
from app.persistence.identities.identity_normalisation import (
    adviser_id_tokens,
    conum_id_tokens,
    email_tokens,
    person_name_tokens,
)

FIRST_NAME, LAST_NAME = "first_name", "last_name"


def identifiers_in(cells: Sequence[Cell], recognised: RecognisedColumns) -> set[str]:
    """An address or a UUID tells of itself in any cell, also of a column that means nothing here; a number is an ID
    Conum in its own column only, and a name stands in its own two or in one of them."""
    named: set[str] = set()
    said: dict[str, str] = {}
    for place, cell in enumerate(cells):
        written = "" if cell is None else cell_to_text(cell)
        named.update(email_tokens(written), adviser_id_tokens(written))
        if (column := recognised.columns.get(place)) is not None:
            said[column.name] = written
    named.update(conum_id_tokens(said.get(CONUM_ID.name, "")))
    named.update(person_name_tokens(said.get(FIRST_NAME, ""), said.get(LAST_NAME, "")))
    return named
