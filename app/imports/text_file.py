"""Separated values, as spreadsheets and databases save them: the encoding and the separator are found out."""

import codecs
import csv
import re
from collections.abc import Iterator
from io import StringIO

from app.imports.sheet import MOST_LINES, FileRefused, IsKnown, Row, Sheet, check_size, sheet_of
from app.wording.languages import Sentence

SEPARATORS = ";,\t|"
UNREADABLE = Sentence(
    fr="Encodage inconnu : enregistrez le fichier en UTF-8 ou en XLSX.",
    en="Unknown encoding: save the file as UTF-8 or XLSX.",
)
_SAID_SEPARATOR = re.compile(r"sep=(.)\r?\n")  # what some spreadsheets write before everything else


def read_text_file(content: bytes, is_known: IsKnown) -> Sheet:
    """Raise FileRefused."""
    text = _decoded(content)
    said = _SAID_SEPARATOR.match(text)
    skipped = 1 if said else 0
    if said:
        text = text[said.end() :]
    separator = said[1] if said else _separator(text, is_known)
    return sheet_of([Row(row.number + skipped, row.cells) for row in _rows(text, separator)])


def _decoded(content: bytes) -> str:
    """UTF-8 and UTF-16, with or without their mark; else Windows-1252, which old spreadsheets save in."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return _strictly(content, encoding)
    beginning = content[:200]
    if b"\x00" in beginning:
        return _strictly(content, "utf-16-be" if beginning[:1] == b"\x00" else "utf-16-le")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _strictly(content, "cp1252")


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused("unknown-encoding", UNREADABLE) from None


def _separator(text: str, is_known: IsKnown) -> str:
    """The one that makes the most headings known; then, the most of them."""
    beginning = text.lstrip()[:20_000]

    def found(separator: str) -> tuple[int, int]:
        headings = next(csv.reader(StringIO(beginning, newline=""), delimiter=separator), None) or [""]
        return sum(map(is_known, headings)), len(headings)

    return max(SEPARATORS, key=found)


def _rows(text: str, separator: str) -> Iterator[Row]:
    """Raise FileRefused."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MOST_LINES:
                check_size(number - 1)
            yield Row(number, tuple(cells))
    except csv.Error:
        line = number + 1
        said = Sentence(
            fr=f"La ligne {line} ne peut pas être lue : un guillemet n’y est peut-être pas fermé.",
            en=f"Line {line} can’t be read: a quote may not be closed there.",
        )
        raise FileRefused("unreadable-line", said) from None
