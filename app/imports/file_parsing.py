"""A file from its bytes to lines, with the lines that can't be read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.imports.columns.column_recognition import ColumnSet, RecognisedColumns, recognise_objects
from app.imports.files.file_format import read_sheet
from app.imports.files.ndjson_file import is_json_heading
from app.imports.files.spreadsheet import Sheet
from app.imports.kinds.accepted_columns import ACCEPTED_COLUMNS, suspect_columns
from app.imports.lines.line_parsing import Line, Rejection, parse_line
from app.persistence.administration.import_kind import ImportKind


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The lines of a file in its order, and those that can't be read."""

    recognised: RecognisedColumns
    lines: Sequence[Line]
    rejections: Sequence[Rejection]
    suspect: Mapping[str, str]
    """The unknown columns that look like one that decides much: their headings, and what each looks like, in French."""

    @property
    def read(self) -> int:
        return len(self.lines) + len(self.rejections)


def parse_file(kind: ImportKind, content: bytes, *, is_ndjson: bool = False) -> ParsedFile:
    """Read and recognise a file; `is_ndjson` says that it has a JSON object on each line. Raise FileRefused."""
    columns = ACCEPTED_COLUMNS[kind]
    sheet = read_sheet(
        content, lambda heading: columns.is_known(heading) or is_json_heading(heading), is_ndjson=is_ndjson
    )
    if (place := next((at for at, heading in enumerate(sheet.headings) if is_json_heading(heading)), None)) is not None:
        return _parse_objects(sheet, place, columns)
    recognised = columns.recognise(sheet.headings, sheet.heading_row)
    read = (parse_line(row, recognised, is_grid=sheet.is_grid) for row in sheet.rows)
    return _parsed(recognised, read, suspect_columns(sheet, recognised))


def _parse_objects(sheet: Sheet, place: int, columns: ColumnSet) -> ParsedFile:
    from app.imports.lines.json_line_parsing import parse_json_line  # noqa: PLC0415  # longer to import than to use
    from app.imports.lines.json_objects import ObjectReader  # noqa: PLC0415  # likewise

    reader = ObjectReader(columns.all)
    read = (parse_json_line(row, place, reader) for row in sheet.rows)
    return _parsed(recognise_objects(sheet.headings, place), read, {})


def _parsed(recognised: RecognisedColumns, read: Iterable[Line | Rejection], suspect: Mapping[str, str]) -> ParsedFile:
    known = [*read]
    lines = [line for line in known if isinstance(line, Line)]
    return ParsedFile(recognised, lines, [line for line in known if isinstance(line, Rejection)], suspect)
