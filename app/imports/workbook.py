"""XLSX, one row after the other. What the file would become in memory is measured before anything is made of it."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook

from app.imports.sheet import Cell, FileRefused, IsKnown, Row, Sheet, check_size, is_blank, sheet_of
from app.wording.languages import Sentence

LARGEST_UNPACKED = 64 * 1024 * 1024  # bytes, all parts together
LARGEST_PART = 2 * 1024 * 1024  # of those that hold no cells
MOST_ELEMENTS = 4_000_000  # of a part that holds cells
LARGEST_ROW = 1024 * 1024  # bytes: a row is held whole
LAST_ROW = 1_048_576  # of a sheet
CHUNK = 256 * 1024
PARTS_WITH_CELLS = {"worksheet", "sst"}

NOT_A_WORKBOOK = Sentence(
    fr="Ce fichier n’est pas un classeur XLSX qui puisse être lu.",
    en="This file is not an XLSX workbook that can be read.",
)
TOO_LARGE = Sentence(
    fr="Ce classeur est trop grand une fois ouvert : enregistrez la feuille seule, ou en CSV.",
    en="This workbook is too large once opened: save the sheet alone, or as CSV.",
)


def read_workbook(content: bytes, is_known: IsKnown) -> Sheet:
    """The sheet whose headings are known best. Raise FileRefused."""
    try:
        _measure(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [(sheet.title, list(_rows(sheet))) for sheet in book.worksheets]
    except FileRefused:
        raise
    except Exception:  # noqa: BLE001  # the library raises whatever a damaged file makes it stumble over
        raise FileRefused("not-a-workbook", NOT_A_WORKBOOK) from None
    return _best([sheet_of(rows, name) for name, rows in sheets if rows] or [sheet_of([])], is_known)


def _best(sheets: list[Sheet], is_known: IsKnown) -> Sheet:
    known = [sum(map(is_known, sheet.headings)) for sheet in sheets]
    most = max(known)
    if most and known.count(most) > 1:
        names = ", ".join(str(sheet.name) for sheet, count in zip(sheets, known, strict=True) if count == most)
        said = Sentence(
            fr=f"Plusieurs feuilles conviendraient ({names}) : gardez-en une.",
            en=f"Several sheets would do ({names}): keep one of them.",
        )
        raise FileRefused("several-sheets", said)
    return sheets[known.index(most)]


def _rows(sheet: Any) -> Iterator[Row]:
    """Those with content; the size that the sheet says it has is not believed."""
    sheet.reset_dimensions()
    kept = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > LAST_ROW:
            raise FileRefused("too-large", TOO_LARGE)
        cells = tuple(map(_cell, values))
        if cells and not all(map(is_blank, cells)):
            kept += 1
            check_size(kept - 1)
            yield Row(number, cells)


def _cell(value: Any) -> Cell:
    """A moment at midnight is a day."""
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return value if isinstance(value, str | int | float | date | None) else str(value)


def _measure(content: bytes) -> None:
    """Unpack it once, keeping nothing. Raise FileRefused."""
    unpacked = 0
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in archive.infolist():
            gauge = Gauge()
            with archive.open(part) as stream:
                while chunk := stream.read(CHUNK):
                    unpacked += len(chunk)
                    if unpacked > LARGEST_UNPACKED:
                        raise FileRefused("too-large", TOO_LARGE)
                    gauge.feed(chunk)


class Gauge:
    """Measures one part of the archive, as XML for as long as it is."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._is_xml = True
        self._has_cells = False
        self._elements = 0
        self._row_began = 0

    def feed(self, chunk: bytes) -> None:
        """Raise FileRefused."""
        if self._is_xml:
            try:
                self._parser.Parse(chunk, False)  # noqa: FBT003  # expat's own: it is not the end
            except expat.ExpatError:
                self._is_xml = False

    def _start(self, name: str, _: dict[str, str]) -> None:
        at, local = self._parser.CurrentByteIndex, name.rpartition(":")[2]
        if not self._elements:
            self._has_cells = local in PARTS_WITH_CELLS
        self._elements += 1
        if local in {"row", "si"}:
            self._row_began = at
        most = LARGEST_ROW if self._has_cells else LARGEST_PART
        if self._elements > MOST_ELEMENTS or at - self._row_began > most:
            self._refuse()

    def _refuse(self, *_: object) -> None:
        raise FileRefused("too-large", TOO_LARGE)
