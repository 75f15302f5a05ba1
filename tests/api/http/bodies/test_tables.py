"""A table opens in a French spreadsheet as it is: days are days, and nothing is computed."""

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from app.api.http.bodies.spreadsheet_escaping import unescape_formulas
from app.api.http.bodies.tables.csv_table import write_csv
from app.api.http.bodies.tables.table import Cell, Column, Table, day, paris_time, yes_or_no
from app.api.http.bodies.tables.xlsx_table import MAX_TEXT_LENGTH, WIDEST, write_xlsx

DANGEROUS = ("=1+1", "+33 1 02", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "a\n=1", "＝1+1", "'=1")
HARMLESS = ("Rennes", "l’été ; « ça » ", 'dit "oui"', "01", "21350238800019", "#N/A", "deux\nlignes", "TRUE")


def clock(text: str) -> datetime:
    """What a clock shows, without a time zone."""
    return datetime.fromisoformat(text)


def a_table(*cells: Cell, name: str = "Texte") -> Table:
    """One column, a row for each cell."""
    rows: list[Mapping[str, Any]] = [{"cell": cell} for cell in cells]
    return Table("essai", "Essai", (Column(name, lambda row: row["cell"]), Column("Fin", lambda _: None)), rows)


def csv_lines(table: Table) -> list[list[str]]:
    return [*csv.reader(StringIO(write_csv(table).decode("utf-8-sig"), newline=""), delimiter=";")]


def sheet_of(table: Table) -> Any:
    return load_workbook(BytesIO(write_xlsx(table))).worksheets[0]


def cells_of(table: Table) -> list[Any]:
    return [row[0] for row in sheet_of(table).iter_rows(min_row=2)]


def test_a_csv_has_a_byte_order_mark_semicolons_and_the_line_ends_of_windows() -> None:
    assert write_csv(a_table("été", 12)) == "\ufeffTexte;Fin\r\nété;\r\n12;\r\n".encode()


def test_a_day_of_a_csv_is_written_as_french_spreadsheets_read_it() -> None:
    lines = csv_lines(a_table(date(2028, 2, 8), clock("2028-02-08T09:05:59"), None, 1_234_567))

    assert [line[0] for line in lines[1:]] == ["08/02/2028", "08/02/2028 09:05", "", "1234567"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_csv_is_a_formula_and_it_can_be_read_back(text: str) -> None:
    found = csv_lines(a_table(text))[1][0]

    assert found[0] not in "=+-@\t\r＝"
    assert "'=" in found or found.startswith("'")
    assert unescape_formulas(found) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_without_danger_is_left_alone(text: str) -> None:
    assert csv_lines(a_table(text))[1][0] == text


@pytest.mark.parametrize("text", [*HARMLESS, *(text.replace("\r", "\n") for text in DANGEROUS)])
def test_a_text_of_a_workbook_is_a_text_to_the_letter(text: str) -> None:
    (cell,) = cells_of(a_table(text))

    assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")


def test_a_day_of_a_workbook_is_a_day_and_a_number_a_number() -> None:
    found = cells_of(a_table(date(2028, 2, 8), clock("2028-02-08T09:05"), 1_234))

    assert [(cell.value, cell.data_type, cell.number_format) for cell in found] == [
        (clock("2028-02-08"), "d", "DD/MM/YYYY"),
        (clock("2028-02-08T09:05"), "d", "DD/MM/YYYY HH:MM"),
        (1_234, "n", "General"),
    ]


def test_the_headings_of_a_workbook_are_bold_stay_in_sight_and_filter() -> None:
    sheet = sheet_of(a_table("a", "b", name="Intitulé"))

    assert [cell.value for cell in sheet[1]] == ["Intitulé", "Fin"]
    assert all(cell.font.bold for cell in sheet[1])
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("A2", "A1:B3", "$1:$1")
    assert (sheet.title, sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("Essai", "landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_a_column_is_as_wide_as_what_it_says_within_reason() -> None:
    widths = [sheet_of(a_table(text)).column_dimensions["A"].width for text in ("a", "a" * 25, "a" * 500)]

    assert widths == [11, 26, WIDEST + 1]


@pytest.mark.parametrize("text", ["\x0b", "a\x1fb", "\ufffe", "\x00=1"])
def test_a_character_that_no_reader_knows_costs_nobody_the_table(text: str) -> None:
    (cell,) = cells_of(a_table(text))

    assert "\ufffd" in cell.value
    assert "\ufffd" in csv_lines(a_table(text))[1][0]


def test_a_text_longer_than_a_cell_is_cut() -> None:
    assert len(cells_of(a_table("a" * (MAX_TEXT_LENGTH + 5)))[0].value) == MAX_TEXT_LENGTH


def test_a_table_without_rows_has_its_headings() -> None:
    assert csv_lines(a_table()) == [["Texte", "Fin"]]
    assert [cell.value for cell in sheet_of(a_table())[1]] == ["Texte", "Fin"]


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        (None, None),
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), clock("2026-07-01T00:30")),
        ("2026-12-31T23:30:15.123456Z", clock("2027-01-01T00:30:15")),
    ],
)
def test_an_instant_is_shown_at_the_clock_of_paris(instant: datetime | str | None, shown: datetime | None) -> None:
    assert paris_time(instant) == shown


def test_words_of_a_row_become_cells() -> None:
    assert [yes_or_no(value) for value in (True, False, None)] == ["oui", "non", "non"]
    assert [day(value) for value in (None, "2028-02-08", date(2028, 2, 8))] == [None, *[date(2028, 2, 8)] * 2]
