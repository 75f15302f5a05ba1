"""The file of the lines that could not be carried out, with the reasons: corrected, it can be imported."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from app.api.http.bodies.spreadsheet_escaping import escape_formulas
from app.api.http.fields.text_normalisation import REPLACEMENT_CHARACTER
from app.imports.columns.column_recognition import REASON, REJECTED_COLUMN, REJECTED_LINE, RecognisedColumns
from app.imports.files.cell_content import ILLEGIBLE, cell_to_text
from app.imports.lines.line_parsing import Fault, Rejection

_FIELD_NAME = re.compile("[a-z]+(?:_[a-z]+)+")  # no French sentence has such a word but as the name of a field


def rejects_header_line(recognised: RecognisedColumns) -> str:
    """The line of headings."""
    return _csv_line(
        (REJECTED_LINE, REJECTED_COLUMN, REASON, *_without_rejects_columns(recognised.headings, recognised))
    )


def format_rejection(rejection: Rejection, recognised: RecognisedColumns) -> str:
    cells = (
        "" if cell is None else cell_to_text(cell) for cell in _without_rejects_columns(rejection.cells, recognised)
    )
    return _csv_line((str(rejection.number), *_described_faults(rejection.faults, recognised), *cells))


def rejects_file(recognised: RecognisedColumns, rejections: Iterable[Rejection]) -> bytes:
    """CSV that a French spreadsheet opens as such: a byte order mark, semicolons, and nothing that it would compute."""
    lines = (format_rejection(item, recognised) for item in sorted(rejections, key=lambda item: item.number))
    return (rejects_header_line(recognised) + "".join(lines)).encode("utf-8-sig")


def _csv_line(cells: Iterable[str]) -> str:
    """A line of CSV, without the characters that neither a database nor a file may hold."""
    written = StringIO()
    csv.writer(written, delimiter=";").writerow(map(escape_formulas, cells))
    # An unreadable byte stays visible, and unreadable when the file is imported again.
    return ILLEGIBLE.sub(REPLACEMENT_CHARACTER, written.getvalue())


def _without_rejects_columns(cells: Sequence[Any], recognised: RecognisedColumns) -> Iterator[Any]:
    """Without the columns that an earlier file of rejected lines added in front."""
    return (cell for place, cell in enumerate(cells) if place not in recognised.rejects_columns)


def _with_own_headings(reason: str, recognised: RecognisedColumns) -> str:
    """The reason with the file's own headings in the place of the API's names of fields."""

    def heading(found: re.Match[str]) -> str:
        columns = (item.name for item in recognised.columns.values() if item.name.rpartition(".")[2] == found[0])
        return next((f"« {recognised.heading_of(name)} »" for name in columns), found[0])

    return _FIELD_NAME.sub(heading, reason)


def _described_faults(faults: Sequence[Fault], recognised: RecognisedColumns) -> tuple[str, str]:
    """The columns concerned, and the reasons."""
    headings = [recognised.heading_of(fault.name) if fault.name else "" for fault in faults]
    reasons = [_with_own_headings(fault.reason, recognised) for fault in faults]
    if len(faults) == 1:
        return headings[0], reasons[0]
    sentences = (f"{name} : {reason}" if name else reason for name, reason in zip(headings, reasons, strict=True))
    return ", ".join(dict.fromkeys(filter(None, headings))), " ".join(sentences)
