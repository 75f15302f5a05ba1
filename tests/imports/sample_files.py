"""Synthetic files in the shape of the neighbouring systems' exports, and what importing them comes to."""

import csv
import zipfile
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

import orjson
from openpyxl import Workbook

from app.cli.importing import COMMAND_LINE
from app.imports.file_parsing import parse_file
from app.imports.lines.line_parsing import Rejection
from app.imports.run_import import ImportParameters, ImportProgress, ImportRun
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from tests.fake_clock import MORNING

ADVISERS = ("Id conseiller", "Prénom", "Nom", "Email", "Code département", "Date de début formation")
CONTRACTS = (
    "Id conseiller", "Type de contrat", "Date de début de contrat", "Date de fin de contrat", "Date de rupture",
    "SIRET structure", "Nom structure", "Type de structure", "Numéro dossier DS", "Contrat déposé le", "Validé le",
)  # fmt: skip
CERTIFICATIONS = ("Id conseiller", "Certification", "Résultat", "Date", "Motif")
REGISTRATIONS = (
    "Id conseiller", "Module", "Organisme", "Date de début", "Date de fin", "Format", "Statut", "Prise en charge",
    "Payeur", "Annulée le",
)  # fmt: skip
SESSIONS = (
    "Référence", "Module", "Organisme", "Date de début", "Date de fin", "Horaires", "Modalité", "Lieu", "Adresse",
    "Département", "Nombre de places", "Date limite d’inscription",
)  # fmt: skip
ATTENDANCE = ("Référence de session", "Id conseiller", "Présence", "Motif", "Remarque")
SIRET = "21350238800019"
HEADINGS = ("Id conseiller", "Prénom", "Nom")
ZOE = ("7", "Zoé", "L’Exemple")


def an_adviser(number: int = 1, **cells: Any) -> list[Any]:
    """In the order of ADVISERS; `cells` by their places."""
    row = [number, "Camille", f"Exemple {number}", f"camille.{number}@example.org", "35", "14/03/2022"]
    return _with(row, ADVISERS, cells)


def a_contract(number: int = 1, **cells: Any) -> list[Any]:
    """In the order of CONTRACTS: open-ended and complete, with a commune."""
    row = [
        number, "CDI", "10/01/2022", None, None, SIRET, "Ville d’exemple", "COMMUNE", "1234567", "17/01/2022",
        "20/01/2022",
    ]  # fmt: skip
    return _with(row, CONTRACTS, cells)


def a_certification(number: int = 1, **cells: Any) -> list[Any]:
    """In the order of CERTIFICATIONS."""
    return _with([number, "remn-ccp1", "obtenu", "12/09/2022", None], CERTIFICATIONS, cells)


def a_registration(number: int = 1, starts_on: str = "13/05/2025", **cells: Any) -> list[Any]:
    """In the order of REGISTRATIONS: a thematic module, completed at the State's expense."""
    row = [number, "Cybersécurité", "La Mednum", starts_on, starts_on, "à distance", "suivie", "État", None, None]
    return _with(row, REGISTRATIONS, cells)


def a_published_session(number: int = 1, **cells: Any) -> list[Any]:
    """In the order of SESSIONS: two days of a thematic module of La Mednum, to come."""
    row = [
        f"REF-{number}", "Cybersécurité", "La Mednum", "17/09/2026", "18/09/2026", "9h-12h30, 13h30-17h", "distanciel",
        "Tiers-lieu", "1 rue de l’Exemple", "35", 12, "10/09/2026",
    ]  # fmt: skip
    return _with(row, SESSIONS, cells)


def an_attendance(number: int = 1, **cells: Any) -> list[Any]:
    """In the order of ATTENDANCE: present at the session REF-1."""
    return _with(["REF-1", number, "présent", None, None], ATTENDANCE, cells)


def _with(row: list[Any], headings: Sequence[str], cells: dict[str, Any]) -> list[Any]:
    """The row with other cells, named by the first words of their headings: `statut`, `prise`, `date_de_fin`."""
    words = [heading.lower().replace(" ", "_").replace("é", "e") for heading in headings]
    for name, value in cells.items():
        (place,) = [place for place, heading in enumerate(words) if heading.startswith(name)]
        row[place] = value
    return row


def csv_bytes(
    headings: Sequence[str], *rows: Sequence[Any], encoding: str = "utf-8-sig", separator: str = ";"
) -> bytes:
    written = StringIO()
    writer = csv.writer(written, delimiter=separator)
    writer.writerows([headings, *rows])
    return written.getvalue().encode(encoding)


def xlsx_bytes(*sheets: Sequence[Sequence[Any]], names: Sequence[str] = ("Feuille 1", "Feuille 2")) -> bytes:
    """Each sheet as its rows."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in zip(names, sheets, strict=False):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def xlsx_with_sheet_xml(xml: str) -> bytes:
    """A workbook whose sheet is written by hand."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(xlsx_bytes([HEADINGS, ZOE]))) as book, zipfile.ZipFile(packed, "w", 8) as written:
        for part in book.infolist():
            written.writestr(part, xml if part.filename == "xl/worksheets/sheet1.xml" else book.read(part))
    return packed.getvalue()


NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_xml(rows: str) -> str:
    return f'<worksheet xmlns="{NAMESPACE}"><sheetData>{rows}</sheetData></worksheet>'


def text_cell(place: str, content: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{content}</t></is></c>'


async def report_nothing(_: Reader, __: int, ___: ImportProgress | None) -> None:
    """Progress goes nowhere."""


def ndjson_bytes(*objects: Any) -> bytes:
    """A line for each object; a text is a line as it is."""
    lines = (each.encode() if isinstance(each, str) else orjson.dumps(each) for each in objects)
    return b"".join(line + b"\n" for line in lines)


async def import_file(
    database: Database, kind: ImportKind, content: bytes, *, dry_run: bool = False, client: Client = COMMAND_LINE
) -> ImportProgress:
    parsed = parse_file(kind, content)
    return await ImportRun(database, ImportParameters(kind, client, dry_run), lambda: MORNING, report_nothing).run(
        parsed
    )


async def import_objects(
    database: Database, kind: ImportKind, *objects: Any, client: Client = COMMAND_LINE
) -> ImportProgress:
    """Import an NDJSON file of these lines."""
    parsed = parse_file(kind, ndjson_bytes(*objects), is_ndjson=True)
    return await ImportRun(database, ImportParameters(kind, client), lambda: MORNING, report_nothing).run(parsed)


def counts(progress: ImportProgress) -> tuple[int, int, int]:
    """Imported, unchanged, rejected."""
    assert progress.done == progress.read
    return progress.imported, progress.unchanged, len(progress.rejections)


def reasons(rejections: Sequence[Rejection]) -> dict[int, dict[str | None, str]]:
    """What is wrong by line and field."""
    return {item.number: {fault.name: fault.reason for fault in item.faults} for item in rejections}


async def stored_advisers(database: Database) -> list[Row]:
    return await database.many("SELECT * FROM adviser ORDER BY conum_id, last_name")


async def all_rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that an import may write."""
    tables = (
        "adviser", "contract", "certification", "registration", "session", "attendance_record", "decision", "outbox",
        "audit_log",
    )  # fmt: skip
    return {
        table: [tuple(row.values()) for row in await database.many(f"SELECT * FROM {table} ORDER BY id")]  # noqa: S608  # our own names
        for table in tables
    }


async def import_advisers(database: Database, *numbers: int, **cells: Any) -> None:
    """Advisers of category E, in post since 2022."""
    progress = await import_file(
        database, ImportKind.ADVISERS, csv_bytes(ADVISERS, *(an_adviser(number, **cells) for number in numbers))
    )
    assert not progress.rejections, reasons(progress.rejections)
    posts = csv_bytes(CONTRACTS, *(a_contract(number) for number in numbers))
    assert not (await import_file(database, ImportKind.CONTRACTS, posts)).rejections
