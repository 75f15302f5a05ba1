"""Who a rejected line is about, whatever is wrong with it, for what is told to a person and erased with them."""

from collections.abc import Sequence

from app.imports.columns.column_recognition import RecognisedColumns
from app.imports.files.cell_content import cell_to_text
from app.imports.files.spreadsheet import Cell
from app.imports.lines.person_columns import CONUM_ID
from app.persistence.identities.identity_normalisation import (
    adviser_id_tokens,
    conum_id_tokens,
    email_tokens,
    person_name_tokens,
)

FIRST_NAME, LAST_NAME = "first_name", "last_name"


def identifiers_in(cells: Sequence[Cell], recognised: RecognisedColumns) -> set[str]:
    """The tokens of everything in the cells that names a person.

    An address or a UUID is found in any cell, also of an unknown column; a number is an ID Conum in its own column
    only, and a name stands in its two columns or in one of them.
    """
    tokens: set[str] = set()
    texts: dict[str, str] = {}
    for place, cell in enumerate(cells):
        text = "" if cell is None else cell_to_text(cell)
        tokens.update(email_tokens(text), adviser_id_tokens(text))
        if (column := recognised.columns.get(place)) is not None:
            texts[column.name] = text
    tokens.update(conum_id_tokens(texts.get(CONUM_ID.name, "")))
    tokens.update(person_name_tokens(texts.get(FIRST_NAME, ""), texts.get(LAST_NAME, "")))
    return tokens
