"""Who a rejected line is about, whatever is wrong with it, for what is told to a person and erased with them."""

import re
from collections.abc import Iterator, Sequence

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

# In a JSON object, well formed or not.
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NAMED = re.compile(rf'"({CONUM_ID.name}|{FIRST_NAME}|{LAST_NAME})"\s*:\s*(?:"([^"]*)|([0-9]+))')


def identifiers_in(cells: Sequence[Cell], recognised: RecognisedColumns) -> set[str]:
    """The tokens of everything in the cells that names a person.

    An address or a UUID is found in any cell, also of an unknown column; a number is an ID Conum in its own column
    only, and a name stands in its two columns or in one of them. The fields of a JSON object are as columns.
    """
    tokens: set[str] = set()
    texts: dict[str, str] = {}
    for place, cell in enumerate(cells):
        text = "" if cell is None else cell_to_text(cell)
        if place == recognised.object_place:
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
            texts.update(_fields(text))
        tokens.update(email_tokens(text), adviser_id_tokens(text))
        if (column := recognised.columns.get(place)) is not None:
            texts[column.name] = text
    tokens.update(conum_id_tokens(texts.get(CONUM_ID.name, "")))
    tokens.update(person_name_tokens(texts.get(FIRST_NAME, ""), texts.get(LAST_NAME, "")))
    return tokens


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for name, written, number in _NAMED.findall(text):
        yield name, written or number
