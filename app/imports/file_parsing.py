"""A file from its bytes to lines, with the lines that can't be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.imports.columns.column_recognition import RecognisedColumns
from app.imports.files.file_format import read_sheet
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


def parse_file(kind: ImportKind, content: bytes) -> ParsedFile:
    """Read and recognise a file. Raise FileRefused."""
    columns = ACCEPTED_COLUMNS[kind]
    sheet = read_sheet(content, columns.is_known)
    recognised = columns.recognise(sheet.headings, sheet.heading_row)
    read = [parse_line(row, recognised, is_grid=sheet.is_grid) for row in sheet.rows]
    lines = [line for line in read if isinstance(line, Line)]
    rejections = [line for line in read if isinstance(line, Rejection)]
    return ParsedFile(recognised, lines, rejections, suspect_columns(sheet, recognised))
