"""XLSX files, read row by row. Their size in memory is measured before they are opened."""

import warnings
import zipfile
from io import BytesIO
from xml.parsers import expat

from openpyxl import load_workbook

from app.imports.files.spreadsheet import FileRefused, IsKnown, Sheet, build_sheet
from app.imports.files.worksheet_rows import TOO_LARGE, read_rows
from app.wording.languages import Sentence

MAX_UNPACKED_BYTES = 64 * 1024 * 1024  # bytes, all parts together
MAX_PART_BYTES = 2 * 1024 * 1024  # bytes, of a part without cells
MAX_ELEMENTS = 4_000_000  # XML elements of a part with cells
MAX_ROW_BYTES = 1024 * 1024  # bytes: a row is held in memory as a whole
MAX_ROW_NUMBER = 1_048_576  # rows that a sheet may have
CHUNK = 256 * 1024
PARTS_WITH_CELLS = {"worksheet", "sst"}

NOT_A_WORKBOOK = Sentence(
    fr="Ce fichier n’est pas un classeur XLSX qui puisse être lu.",
    en="This file is not an XLSX workbook that can be read.",
)
STRICT = "http://purl.oclc.org/ooxml/"  # begins the namespaces of a variant that few programs read
STRICT_WORKBOOK = Sentence(
    fr="Ce classeur est au format « Open XML Strict » : enregistrez-le comme « Classeur Excel (.xlsx) ».",
    en="This workbook is in the “Strict Open XML” format: save it as “Excel Workbook (.xlsx)”.",
)


def read_workbook(content: bytes, is_known: IsKnown) -> Sheet:
    """The sheet with the most known headings. Raise FileRefused."""
    try:
        _check_unpacked_size(content)
        # The library warns of what it does not read, none of which matters here.
        warnings.filterwarnings("ignore", module="openpyxl")
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [(sheet.title, read_rows(sheet, book, MAX_ROW_NUMBER)) for sheet in book.worksheets]
    except FileRefused:
        raise
    except Exception:  # noqa: BLE001  # a damaged file makes the library raise anything
        raise FileRefused("not-a-workbook", NOT_A_WORKBOOK) from None
    return _best_sheet(
        [build_sheet(rows, is_known, name) for name, rows in sheets if rows] or [build_sheet([], is_known)], is_known
    )


def _best_sheet(sheets: list[Sheet], is_known: IsKnown) -> Sheet:
    """Raise FileRefused when several sheets with rows have about as many known headings."""
    known = [sum(map(is_known, sheet.headings)) for sheet in sheets]
    most = max(known)
    alike = [sheet for sheet, count in zip(sheets, known, strict=True) if sheet.rows and most <= 2 * count]
    if most and len(alike) > 1:
        names = ", ".join(str(sheet.name) for sheet in alike)
        message = Sentence(
            fr=f"Plusieurs feuilles conviendraient ({names}) : gardez-en une.",
            en=f"Several sheets would do ({names}): keep one of them.",
        )
        raise FileRefused("several-sheets", message)
    return alike[0] if len(alike) == 1 else sheets[known.index(most)]


def _check_unpacked_size(content: bytes) -> None:
    """Unpack the archive once, keeping nothing. Raise FileRefused."""
    unpacked = 0
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in archive.infolist():
            guard = PartSizeGuard()
            with archive.open(part) as stream:
                while chunk := stream.read(CHUNK):
                    unpacked += len(chunk)
                    if unpacked > MAX_UNPACKED_BYTES:
                        raise FileRefused("too-large", TOO_LARGE)
                    guard.feed(chunk)


class PartSizeGuard:
    """Measures one part of the archive, parsed as XML as long as it is well formed."""

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

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at, local = self._parser.CurrentByteIndex, name.rpartition(":")[2]
        if not self._elements:
            self._has_cells = local in PARTS_WITH_CELLS
            if local in {"workbook", *PARTS_WITH_CELLS} and any(
                value.startswith(STRICT) for value in attributes.values()
            ):
                raise FileRefused("strict-workbook", STRICT_WORKBOOK)
        self._elements += 1
        if local in {"row", "si"}:
            self._row_began = at
        most = MAX_ROW_BYTES if self._has_cells else MAX_PART_BYTES
        if self._elements > MAX_ELEMENTS or at - self._row_began > most:
            self._refuse()

    def _refuse(self, *_: object) -> None:
        raise FileRefused("too-large", TOO_LARGE)
