"""The file of the rejected lines: it opens well, computes nothing, and can be corrected and imported."""

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest

from app.api.http.bodies.spreadsheet_escaping import escape_formulas, unescape_formulas
from app.imports.file_parsing import parse_file
from app.imports.lines.line_parsing import Fault, Rejection
from app.imports.lines.rejects_file import rejects_file
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from tests.imports.sample_files import ADVISERS, an_adviser, counts, csv_bytes, import_file, xlsx_bytes

COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMULAS = ["=1+1", "+33612345678", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0"]


def rows_of(content: bytes) -> list[list[str]]:
    return [*csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")]


def rejects_of(content: bytes, kind: ImportKind = ImportKind.ADVISERS) -> bytes:
    """Of the lines that can't even be read."""
    parsed = parse_file(kind, content)
    return rejects_file(parsed.recognised, parsed.rejections)


def test_a_line_is_given_back_with_its_number_its_columns_and_the_reasons() -> None:
    content = csv_bytes(ADVISERS, an_adviser(1), an_adviser("x", prenom="Zoé ; dite « Zo »", date="1/1/22"))  # type: ignore[arg-type]  # no number

    headings, (number, columns, reason, *cells) = rows_of(rejects_of(content))

    assert headings == ["Ligne rejetée", "Colonne en cause", "Motif du rejet", *ADVISERS]
    assert (number, columns) == ("3", "Id conseiller, Date de début formation")
    assert reason == (
        "Id conseiller : Doit être un nombre entier. Date de début formation : L’année doit avoir quatre chiffres."
    )
    assert cells == ["x", "Zoé ; dite « Zo »", "Exemple x", "camille.x@example.org", "35", "1/1/22"]


def test_the_reasons_speak_of_the_file_s_own_columns() -> None:
    parsed = parse_file(ImportKind.CONTRACTS, csv_bytes(("Id conseiller", "Date de fin de contrat"), (1, "01/02/2022")))
    fault = Fault("ends_on précède starts_on.", "ends_on")
    rejection = Rejection(2, parsed.lines[0].cells, (fault,))

    _, (_, column, reason, *_) = rows_of(rejects_file(parsed.recognised, [rejection]))

    assert column == "Date de fin de contrat"
    assert reason == "« Date de fin de contrat » précède starts_on."


def test_a_rejects_file_opens_in_a_french_spreadsheet() -> None:
    content = rejects_of(csv_bytes(("Nom", "Date de début formation"), ("É", "hier")))

    assert content.startswith(b"\xef\xbb\xbfLigne rejet\xc3\xa9e;")
    assert content.endswith("É;hier\r\n".encode())


@pytest.mark.parametrize("formula", FORMULAS)
def test_nothing_in_a_rejects_file_is_computed(formula: str) -> None:
    written = rejects_of(csv_bytes((formula, "Date de début formation"), (formula, "hier")))

    assert [unescape_formulas(row[3]) for row in rows_of(written)] == [formula.strip(), formula]
    assert not [cell for row in rows_of(written) for cell in row if cell.startswith(COMPUTED)]


@pytest.mark.parametrize("separator", [",", "\t", "|"])
@pytest.mark.parametrize("cell", ["a,=1+1", 'a",=1+1', 'a","=1+1', "a\t=1+1", "a|+1", "a\n=1+1", 'a;"=1+1', "＝1"])
def test_nothing_is_computed_by_a_spreadsheet_with_another_separator(cell: str, separator: str) -> None:
    """Quotation marks do not help: they are not where such a reader expects them."""
    written = rejects_of(csv_bytes(("Nom", "Date de début formation"), (cell, "hier"))).decode("utf-8-sig")

    for line in csv.reader(StringIO(written, newline=""), delimiter=separator):
        assert not [part for part in line if part.lstrip('"').startswith(COMPUTED)]
    assert unescape_formulas(rows_of(written.encode())[1][3]) == cell


@pytest.mark.parametrize("cell", [*FORMULAS, "'=1", "''+1", "a,'=1", "'", "", "dit « Zo »", "- un\n- deux"])
def test_an_escaped_cell_is_read_back_unchanged(cell: str) -> None:
    assert unescape_formulas(escape_formulas(cell)) == cell


def test_the_cells_of_a_workbook_are_given_back_as_they_would_be_typed() -> None:
    row = [7, "Camille", "Exemple", "camille@example.org", 35, "hier", date(2022, 3, 14), 2.5, True]

    _, (*_, number, _, _, _, department, _, day, decimal, yes) = rows_of(
        rejects_of(xlsx_bytes([(*ADVISERS, "un", "deux", "trois"), row]))
    )

    assert (number, department, day, decimal, yes) == ("7", "35", "14/03/2022", "2.5", "oui")


async def test_a_corrected_rejects_file_is_imported_as_it_stands(database: Database) -> None:
    rows: list[Any] = [an_adviser(1, prenom="+Zoé", date="1/1/22"), an_adviser(2, code="20")]
    first = await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, *rows))
    content = csv_bytes(ADVISERS, *rows)
    given_back = rejects_file(parse_file(ImportKind.ADVISERS, content).recognised, first.rejections)

    corrected = given_back.decode("utf-8-sig").replace("1/1/22", "01/01/2022").replace(";20;", ";2A;").encode()
    again = await import_file(database, ImportKind.ADVISERS, corrected)

    assert (counts(first), counts(again)) == ((0, 0, 2), (2, 0, 0))
    rows_kept = await database.many("SELECT first_name FROM adviser ORDER BY conum_id")
    assert [row["first_name"] for row in rows_kept] == ["+Zoé", "Camille"]
    assert parse_file(ImportKind.ADVISERS, corrected).recognised.ignored == ()


def test_a_rejects_file_rejected_again_does_not_grow() -> None:
    content = csv_bytes(("Nom", "Date de début formation"), ("É", "hier"))

    once = rejects_of(content)
    again = rejects_of(once)

    assert rows_of(again) == rows_of(once)


def test_what_could_not_be_read_is_not_read_the_next_time_either() -> None:
    content = csv_bytes(("Id conseiller", "Nom"), (1, "BERARD"), encoding="utf-8") + "2;Zoé\n".encode()
    foreign = content.replace(b"BERARD", b"B\xc9RARD")
    formula = xlsx_bytes([("Id conseiller", "Nom"), (1, "=A1")])

    for first in (foreign, formula):
        once = rejects_of(first)
        assert rows_of(rejects_of(once)) == rows_of(once)
        assert len(rows_of(once)) == 2
