"""A JSON object on each line (NDJSON), or in a column of a spreadsheet, as a file of rejected lines has them.

The bytes are read as those of a spreadsheet are: any encoding, a byte order mark, lines that end in either way.
"""

import re
from collections.abc import Sequence

from app.imports.files.cell_content import fold_text, is_illegible
from app.imports.files.spreadsheet import FileRefused, Row, Sheet, check_size
from app.imports.files.text_decoding import decode_text
from app.wording.languages import Sentence

JSON_HEADING = "Ligne JSON"
_FOLDED_HEADING = fold_text(JSON_HEADING)
_BEGINS_WITH_AN_OBJECT = re.compile(rb"(\xef\xbb\xbf)?[ \t\r\n]*\{")


def is_json_heading(heading: str) -> bool:
    return fold_text(heading) == _FOLDED_HEADING


def begins_with_an_object(content: bytes) -> bool:
    """Whether a file that nobody said to be NDJSON can be nothing else: no heading of a spreadsheet begins so."""
    return _BEGINS_WITH_AN_OBJECT.match(content) is not None


def read_ndjson_file(content: bytes) -> Sheet:
    """A row of one cell for each line that is not blank, under `JSON_HEADING`. Raise FileRefused."""
    lines = decode_text(content).split("\n")
    rows = [_row(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    _check_not_empty(rows)
    check_size(len(rows))
    return Sheet((JSON_HEADING,), rows, heading_row=0)


def _row(number: int, line: str) -> Row:
    return Row(number, (line,), is_illegible=is_illegible(line))


def _check_not_empty(rows: Sequence[Row]) -> None:
    """Raise FileRefused."""
    if not rows:
        raise FileRefused("empty-file", Sentence(fr="Ce fichier ne contient rien.", en="This file holds nothing."))
