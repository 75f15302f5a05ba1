"""Separated values, as spreadsheets and databases save them: the encoding and the separator are detected."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from itertools import chain, islice

from app.imports.files.cell_content import is_illegible
from app.imports.files.spreadsheet import MAX_LINES, MAX_TITLE_ROWS, IsKnown, Row, Sheet, build_sheet, check_size
from app.imports.files.text_decoding import decode_text

SEPARATORS = ";,\t|"
QUOTE = '"'
UNBALANCED_QUOTE = "Un guillemet ouvert dans cette ligne n’y est pas fermé, ou y est de trop."
TRUNCATED_LINE = "La ligne s’arrête avant la dernière colonne, à la fin du fichier : il est peut-être coupé."
_DECLARED_SEPARATOR = re.compile(r"sep=(.)\r?\n")  # the first line that some spreadsheets write


def read_csv_file(content: bytes, is_known: IsKnown) -> Sheet:
    """Raise FileRefused."""
    text = decode_text(content)
    declared = _DECLARED_SEPARATOR.match(text)
    skipped = 1 if declared else 0
    if declared:
        text = text[declared.end() :]
    separator, width = _detect_separator(text, declared[1] if declared else SEPARATORS, is_known)
    rows = [*_rows(text, separator, width, skipped)]
    if rows and len(rows[-1].cells) < width and not text.endswith(("\n", "\r")):
        rows[-1] = replace(rows[-1], fault=rows[-1].fault or TRUNCATED_LINE)
    return build_sheet(rows, is_known)


def _detect_separator(text: str, separators: str, is_known: IsKnown) -> tuple[str, int]:
    """The separator with which a line has the most known headings, then the most cells; and the number of its cells."""
    beginning = text.lstrip()[:20_000]

    def most_headings(separator: str) -> tuple[int, int]:
        lines = [*StringIO(beginning, newline="")]
        # Line by line as well: a quote in a title may swallow the headings.
        rows = chain(
            csv.reader(lines, delimiter=separator),
            (_split_unquoted(line, separator) for line in lines[:MAX_TITLE_ROWS]),
        )
        return max(((sum(map(is_known, row)), len(row)) for row in islice(rows, 2 * MAX_TITLE_ROWS)), default=(0, 0))

    separator = max(separators, key=most_headings)
    return separator, most_headings(separator)[1]


def _rows(text: str, separator: str, width: int, skipped: int) -> Iterator[Row]:
    """Each line as a row, the lines of one quoted cell together. Raise FileRefused."""
    lines, is_illegible_text = [*StringIO(text, newline="")], is_illegible(text)
    place, number = 0, skipped
    while place < len(lines):
        number += 1
        if number > MAX_LINES:
            check_size(number - 1)
        cells, taken, fault = _cells(lines, place, separator, width)
        is_illegible_row = is_illegible_text and any(map(is_illegible, cells))
        yield Row(number, cells, fault, is_illegible_row)
        place += taken


def _split_unquoted(line: str, separator: str) -> tuple[str, ...]:
    return tuple(line.rstrip("\r\n").split(separator))


def _cells(lines: Sequence[str], place: int, separator: str, width: int) -> tuple[tuple[str, ...], int, str | None]:
    """The cells of a row, how many lines it takes, and what is wrong with it.

    It takes one line when its quotes do not protect a cell, or would swallow the lines below it.
    """
    plain = _split_unquoted(lines[place], separator)
    if QUOTE not in lines[place]:
        return plain, 1, None
    reader = csv.reader((lines[at] for at in range(place, len(lines))), delimiter=separator, strict=True)
    try:
        cells = next(reader)
    except csv.Error:
        cells = None
    taken = reader.line_num
    if cells is not None and not _swallows_lines(lines[place : place + taken], separator, width):
        return tuple(cells), taken, None
    # Quotes that open and close, as many cells as there are headings: they belong to the text.
    is_text = taken == 1 and len(plain) == width and lines[place].count(QUOTE) % 2 == 0
    return plain, 1, None if is_text else UNBALANCED_QUOTE


def _swallows_lines(lines: Sequence[str], separator: str, width: int) -> bool:
    """Whether a row of several lines is rather its first line, followed by lines that are rows by themselves."""
    first, *others = (line.count(separator) >= width - 1 for line in lines)
    return width > 1 and first and any(others)
