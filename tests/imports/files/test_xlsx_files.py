"""Workbooks as spreadsheets and libraries write them: nothing that can't be read passes for an empty cell."""

import warnings
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from app.imports.file_parsing import parse_file
from app.imports.files import worksheet_rows
from app.imports.files.file_format import read_sheet
from app.imports.files.spreadsheet import EMPTY_TEXT_FORMULA, FileRefused, Sheet
from app.imports.kinds.adviser_columns import ADVISER_COLUMNS
from app.persistence.administration.import_kind import ImportKind
from tests.imports.sample_files import (
    CONTRACTS,
    HEADINGS,
    ZOE,
    a_contract,
    reasons,
    sheet_xml,
    text_cell,
    xlsx_bytes,
    xlsx_with_sheet_xml,
)

DAY = date(2022, 7, 18)
DAYS = ("Id conseiller", "Date de début formation", "Date de fin formation")
STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}


def read(content: bytes) -> Sheet:
    return read_sheet(content, ADVISER_COLUMNS.is_known)


def made(rows: Sequence[Sequence[Any]], change: Callable[[Worksheet], object], *, epoch: Any = None) -> bytes:
    """A workbook whose sheet is changed once its rows are written."""
    book, written = Workbook(), BytesIO()
    if epoch:
        book.epoch = epoch
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    change(sheet)
    book.save(written)
    return written.getvalue()


def with_line(cell: str) -> bytes:
    """A workbook of one line, its second cell written by hand."""
    headings = f'<row r="1">{text_cell("A1", DAYS[0])}{text_cell("B1", DAYS[1])}</row>'
    return xlsx_with_sheet_xml(sheet_xml(f'{headings}<row r="2"><c r="A2"><v>1</v></c>{cell}</row>'))


def values_of(content: bytes) -> list[dict[str, Any]]:
    parsed = parse_file(ImportKind.ADVISERS, content)
    assert reasons(parsed.rejections) == {}
    return [dict(line.values) for line in parsed.lines]


def faults_of(content: bytes, kind: ImportKind = ImportKind.ADVISERS) -> dict[int, dict[str | None, str]]:
    return reasons(parse_file(kind, content).rejections)


@pytest.mark.parametrize(
    "formula",
    ["=B2", "=DATE(2022,7,18)", ArrayFormula("C2:C3", "=B2:B3")],
    ids=["a cell", "a function", "of several cells"],
)
def test_a_formula_without_a_stored_value_is_no_empty_cell(formula: Any) -> None:
    content = made([DAYS, (1, DAY, None)], lambda sheet: sheet.cell(2, 3, formula))

    faults = faults_of(content)

    assert "Formule sans valeur enregistrée" in faults[2]["initial_training.ended_on"]


def test_a_formula_that_fills_several_cells_leaves_none_of_them_empty() -> None:
    fill = ArrayFormula("C2:C3", "=B2:B3")

    faults = faults_of(made([DAYS, (1, DAY), (2, DAY)], lambda sheet: sheet.cell(2, 3, fill)))

    assert [*faults] == [2, 3]


def test_a_value_that_was_stored_is_read() -> None:
    cell = '<c r="B2"><f>TODAY()</f><v>44760</v></c>'

    assert values_of(with_line(cell)) == [{"conum_id": 1, "initial_training.entered_on": DAY}]


def test_a_formula_that_comes_to_no_text_says_nothing() -> None:
    """As `=IFERROR(VLOOKUP(…);"")` does: what is known stays."""
    cell = '<c r="B2" t="str"><f>IF(A2="","",A2)</f><v></v></c>'
    content = with_line(cell)

    assert read(content).rows[0].cells == (1, EMPTY_TEXT_FORMULA)
    assert values_of(content) == [{"conum_id": 1}]


@pytest.mark.parametrize("error", ["#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"])
def test_an_error_is_no_empty_cell(error: str) -> None:
    assert error in faults_of(xlsx_bytes([DAYS, (1, DAY, error)]))[2]["initial_training.ended_on"]


@pytest.mark.parametrize("cell", ['<c r="B2" t="e"/>', '<c r="B2" t="e"><v></v></c>'])
def test_an_error_that_is_not_named_is_no_empty_cell(cell: str) -> None:
    assert "#ERREUR!" in faults_of(with_line(cell))[2]["initial_training.entered_on"]


def test_what_the_format_escapes_is_read_as_it_was_typed() -> None:
    rows = [
        ("Id conseiller", "Date de début_x000D_\nde formation", "Nom", "Prénom"),
        (1, DAY, "Exemple_x000D_", "Z_x005F_oé"),
    ]

    (read,) = values_of(xlsx_bytes(rows))

    assert (read["last_name"], read["first_name"], read["initial_training.entered_on"]) == ("Exemple", "Z_oé", DAY)


def test_a_merged_value_counts_for_each_line_that_it_covers() -> None:
    rows = [DAYS, (1, DAY, date(2022, 9, 1)), (2, DAY), (3, DAY, date(2022, 10, 1))]

    read = values_of(made(rows, lambda sheet: sheet.merge_cells("C2:C3")))

    ended = [values["initial_training.ended_on"] for values in read]
    assert ended == [date(2022, 9, 1), date(2022, 9, 1), date(2022, 10, 1)]


def test_a_value_merged_over_several_columns_fills_none_of_them_by_guess() -> None:
    rows = [
        ("Id conseiller", "Prénom", "Nom", "Note", "Lot"),
        (1, "Zoé", "Exemple", "x"),
        (2, "Martin"),
        (3, "A", "B", "y"),
    ]

    def merge(sheet: Worksheet) -> None:
        for cells in ("B3:C3", "D4:E4"):
            sheet.merge_cells(cells)

    parsed = parse_file(ImportKind.ADVISERS, made(rows, merge))

    assert [line.number for line in parsed.lines] == [2, 4]
    assert "fusionnée" in str(reasons(parsed.rejections)[3][None])


def test_merged_headings_are_of_each_column_and_row_that_they_cover() -> None:
    rows = [
        ("Export", None, None),
        ("Id conseiller", "Formation", None),
        (None, "Date de début", "Date de fin"),
        (1, DAY, DAY),
    ]

    def merge(sheet: Worksheet) -> None:
        for cells in ("A1:C1", "A2:A3", "B2:C2"):
            sheet.merge_cells(cells)

    (read,) = values_of(made(rows, merge))

    assert read == {"conum_id": 1, "initial_training.entered_on": DAY, "initial_training.ended_on": DAY}


def test_merged_cells_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worksheet_rows, "MAX_MERGED_CELLS", 300)
    rows = "".join(f'<row r="{row}">{text_cell(f"A{row}", "Nom")}</row>' for row in range(1, 4))
    merged = '<mergeCells><mergeCell ref="A2:XFD1048576"/></mergeCells></worksheet>'

    with pytest.raises(FileRefused) as stopped:
        read(xlsx_with_sheet_xml(sheet_xml(rows).replace("</worksheet>", merged)))

    assert stopped.value.code == "too-large"


def test_a_far_cell_takes_no_room() -> None:
    content = made([HEADINGS, ZOE], lambda sheet: sheet.cell(2, 16_384, "x"))

    assert len(read(content).rows[0].cells) == 201


@pytest.mark.parametrize("cell", [DAY, 43_298, 43_298.0, "43298"], ids=["formatted", "whole", "decimal", "text"])
def test_a_workbook_of_1904_is_read_in_its_own_days(cell: Any) -> None:
    content = made([DAYS, (1, cell, None)], lambda _: None, epoch=CALENDAR_MAC_1904)

    (read,) = values_of(content)

    assert (read["conum_id"], read["initial_training.entered_on"]) == (1, DAY)


def test_a_number_of_1904_is_the_number_that_it_shows() -> None:
    row = a_contract(7, siret=21350238800019, numero=1234567)

    parsed = parse_file(ImportKind.CONTRACTS, made([CONTRACTS, row], lambda _: None, epoch=CALENDAR_MAC_1904))

    (line,) = parsed.lines
    values = line.values
    assert (values["conum_id"], values["employer.siret"]) == (7, "21350238800019")
    assert values["administrative_file.ds_file_number"] == "1234567"


def strict(content: bytes, parts: str = "") -> bytes:
    """The same workbook in the other variant of the format; or only its parts of that name."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as book, zipfile.ZipFile(packed, "w") as written:
        for part in book.infolist():
            held = book.read(part)
            for name, other in STRICT.items() if parts in part.filename else ():
                held = held.replace(name, other)
            written.writestr(part.filename, held)
    return packed.getvalue()


@pytest.mark.parametrize("parts", ["", "workbook.xml", "sheet1.xml"])
def test_strict_open_xml_is_refused_in_a_sentence(parts: str) -> None:
    with pytest.raises(FileRefused) as stopped:
        read(strict(xlsx_bytes([HEADINGS, ZOE]), parts))

    assert stopped.value.code == "strict-workbook"
    assert "Classeur Excel (.xlsx)" in stopped.value.message.fr


def test_what_the_library_leaves_aside_is_no_warning() -> None:
    beyond = f'<row r="1">{text_cell("A1", "Nom")}</row><row r="2">{text_cell("A2", "x")}</row>'
    unknown = '<extLst><ext uri="{00000000-0000-0000-0000-000000000000}"/></extLst>'
    content = xlsx_with_sheet_xml(sheet_xml(beyond).replace("</worksheet>", f"{unknown}</worksheet>"))

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read(content)

    assert warned == []
