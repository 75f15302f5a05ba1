"""Files as spreadsheets and databases save them, and those that are refused."""

import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports.files import spreadsheet, xlsx_file
from app.imports.files.csv_file import TRUNCATED_LINE, UNBALANCED_QUOTE
from app.imports.files.file_format import read_sheet
from app.imports.files.spreadsheet import FileRefused, Row, Sheet
from app.imports.kinds.adviser_columns import ADVISER_COLUMNS
from app.persistence.administration.imports import MAX_FILE_BYTES
from tests.imports.sample_files import HEADINGS, ZOE, csv_bytes, sheet_xml, text_cell, xlsx_bytes, xlsx_with_sheet_xml


def read(content: bytes) -> Sheet:
    return read_sheet(content, ADVISER_COLUMNS.is_known)


@contextmanager
def refused(code: str) -> Generator[None]:
    with pytest.raises(FileRefused) as stopped:
        yield
    assert stopped.value.code == code


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_and_the_separator_are_found_out(encoding: str, separator: str) -> None:
    sheet = read(csv_bytes(HEADINGS, ZOE, encoding=encoding, separator=separator))

    assert sheet == Sheet(HEADINGS, [Row(2, ZOE)])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_line_ends_as_each_system_ends_it(ending: str) -> None:
    sheet = read(ending.join(["Id conseiller;Nom", "1;A", "", ";", "2;B"]).encode())

    assert sheet.rows == [Row(2, ("1", "A")), Row(5, ("2", "B"))]


def test_the_separator_that_a_file_says_is_believed() -> None:
    sheet = read(b"sep=|\r\nId conseiller|Nom\r\n1|a;b;c\r\n")

    assert (sheet.headings, sheet.rows) == (("Id conseiller", "Nom"), [Row(3, ("1", "a;b;c"))])


def test_a_separator_within_quotes_separates_nothing() -> None:
    sheet = read(b'"Nom";"Commentaire"\n"A";"un; deux\ntrois"\n"B";""\n')

    assert sheet.rows == [Row(2, ("A", "un; deux\ntrois")), Row(3, ("B", ""))]


def test_a_quote_that_is_not_closed_swallows_nothing() -> None:
    sheet = read(b'Id conseiller;Nom\n1;A\n2;"B\n3;C\n')

    assert sheet.rows == [Row(2, ("1", "A")), Row(3, ("2", '"B'), UNBALANCED_QUOTE), Row(4, ("3", "C"))]


def test_two_quotes_that_are_not_closed_swallow_nothing() -> None:
    sheet = read(b'Id conseiller;Nom\n1;"A\n2;B\n3;C";D\n4;E\n')

    assert [(row.number, row.fault) for row in sheet.rows] == [(2, UNBALANCED_QUOTE), (3, None), (4, None), (5, None)]
    assert sheet.rows[1].cells == ("2", "B")


def test_quotes_that_protect_nothing_belong_to_the_text() -> None:
    sheet = read(b'Nom;Id conseiller;Structure\nA;1;"LE PHARE" ASSOCIATION\nB;2;ASSOCIATION "X"\n')

    assert sheet.rows == [Row(2, ("A", "1", '"LE PHARE" ASSOCIATION')), Row(3, ("B", "2", 'ASSOCIATION "X"'))]


def test_a_line_that_begins_within_quotes_is_one_where_they_protect_it() -> None:
    sheet = read(b'"Nom";"Commentaire"\n"\nA";"un;\ndeux"\n"B";"trois"\n')

    assert sheet.rows == [Row(2, ("\nA", "un;\ndeux")), Row(3, ("B", "trois"))]


@pytest.mark.parametrize("title", ["Export du 29/11/2026 - Tableau de pilotage", '"Export', "Formation;;", "Nom\n\n"])
def test_a_title_may_stand_above_the_headings(title: str) -> None:
    sheet = read(f"{title}\r\n\r\nId conseiller;Prénom;Nom\r\n7;Zoé;L’Exemple\r\n".encode())

    assert (sheet.headings, [row.cells for row in sheet.rows]) == (HEADINGS, [ZOE])
    assert sheet.rows[0].number == sheet.heading_row + 1


def test_headings_may_take_two_rows_and_two_lines() -> None:
    above, below = ("Id conseiller", "Date de début", "Date de fin"), ("", "de formation", "de formation (JJ/MM/AAAA)")
    two_rows = read(csv_bytes(above, below, ("7", "01/02/2022", "")))
    two_lines = read(csv_bytes(("Id conseiller", "Date de début de\nformation"), ("7", "01/02/2022")))

    assert two_rows.headings[1:] == ("Date de début de formation", "Date de fin de formation (JJ/MM/AAAA)")
    assert two_rows.rows == [Row(3, ("7", "01/02/2022", ""))]
    assert (two_lines.headings[1], len(two_lines.rows)) == ("Date de début de formation", 1)


def test_a_heading_over_several_columns_is_of_each_of_them() -> None:
    above, below = (
        ("Conseiller", "", "Formation initiale", ""),
        ("Id conseiller", "Nom", "Date de début", "Date de fin"),
    )

    sheet = read(csv_bytes(above, below, ("7", "A", "01/02/2022", "")))

    assert sheet.headings == (
        "Conseiller Id conseiller",
        "Conseiller Nom",
        "Formation initiale Date de début",
        "Formation initiale Date de fin",
    )
    assert all(map(ADVISER_COLUMNS.is_known, sheet.headings))


def test_a_second_table_below_the_first_leaves_none_of_its_lines_out_in_silence() -> None:
    with pytest.raises(FileRefused) as stopped:
        read("Id conseiller;Nom\n7;A\n\nId conseiller;Prénom;Nom\n8;Zoé;B\n".encode())

    assert stopped.value.code == "several-headings"
    assert "lignes 1 et 4" in stopped.value.message.fr


def test_a_file_that_was_cut_says_so_on_its_last_line() -> None:
    whole, cut = b"Id conseiller;Nom;Mail\n1;A\n2;B;\n3;C\n", b"Id conseiller;Nom;Mail\n1;A\n2;B"

    assert [row.fault for row in read(whole).rows] == [None, None, None]
    assert [row.fault for row in read(cut).rows] == [None, TRUNCATED_LINE]


def test_bytes_that_are_no_text_are_refused() -> None:
    with refused("unknown-encoding"):
        read(b"Nom\n\x81\x8d\x8f\xff")


@pytest.mark.parametrize("content", [b"", b"\n\n", b" ; ;\n", xlsx_bytes([]), xlsx_bytes([[None, " "]])])
def test_a_file_without_content_is_refused(content: bytes) -> None:
    with refused("empty-file"):
        read(content)


def test_a_workbook_is_read_with_its_types() -> None:
    sheet = read(xlsx_bytes([HEADINGS, (7, "Zoé", date(2024, 4, 15)), (), (8.5, True)]))

    assert sheet == Sheet(HEADINGS, [Row(2, (7, "Zoé", date(2024, 4, 15))), Row(4, (8.5, True))], "Feuille 1")


def test_of_several_sheets_the_known_one_is_read() -> None:
    content = xlsx_bytes([["Mode d’emploi"], ["Bonjour"]], [HEADINGS, ZOE], names=("Lisez-moi", "CCP1 REMN"))

    assert read(content).name == "CCP1 REMN"


def test_two_sheets_that_would_do_are_not_chosen_from() -> None:
    with refused("several-sheets"):
        read(xlsx_bytes([HEADINGS, ZOE], [HEADINGS, ZOE]))


def test_a_sheet_that_knows_a_column_less_is_not_left_out_in_silence() -> None:
    with refused("several-sheets"):
        read(xlsx_bytes([HEADINGS, ZOE], [HEADINGS[:2], ZOE[:2]], names=("2025", "2026")))


def test_a_sheet_of_headings_alone_leaves_the_other_to_be_read() -> None:
    sheet = read(xlsx_bytes([HEADINGS], [HEADINGS[:2], ZOE[:2]], names=("Modèle", "Données")))

    assert (sheet.name, len(sheet.rows)) == ("Données", 1)


def test_an_old_workbook_is_refused() -> None:
    with refused("old-workbook"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)


def archive(**parts: str) -> bytes:
    """A packed file of other parts, by their names without ending."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(f"xl/{name}.xml", content)
    return packed.getvalue()


@pytest.mark.parametrize("content", [b"PK\x03\x04", archive(other="<a/>"), xlsx_bytes([HEADINGS])[:900]])
def test_a_packed_file_that_is_no_workbook_is_refused(content: bytes) -> None:
    with refused("not-a-workbook"):
        read(content)


def test_two_far_corners_take_no_memory() -> None:
    """Where a grid between them would take half a terabyte."""
    corners = f'<row r="1">{text_cell("A1", "Nom")}</row><row r="1048576">{text_cell("XFD1048576", "x")}</row>'

    sheet = read(xlsx_with_sheet_xml(sheet_xml(corners)))

    assert (sheet.headings, sheet.rows[0].number, sheet.rows[0].cells[-1]) == (("Nom",), 1_048_576, "x")


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="1">{text_cell("A1", "Nom")}</row><row r="99999999">{text_cell("A99999999", "x")}</row>',
        f'<row r="1">{text_cell("A1", "Nom")}{"<c/>" * 280_000}</row>',
        f'<row r="1">{text_cell("A1", "Nom")}{" " * 2_000_000}</row>',
    ],
    ids=["beyond-the-grid", "a-row-without-end", "nothing-but-room"],
)
def test_a_workbook_that_would_fill_the_memory_is_refused(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MAX_UNPACKED_BYTES", 1_500_000)
    monkeypatch.setattr(xlsx_file, "MAX_ROW_NUMBER", 1_000)
    content = xlsx_with_sheet_xml(sheet_xml(rows))

    assert len(content) < 1_000_000
    with refused("too-large"):
        read(content)


def test_a_workbook_of_too_many_elements_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MAX_ELEMENTS", 20)

    with refused("too-large"):
        read(xlsx_bytes([HEADINGS, *[ZOE] * 10]))


def test_a_part_that_holds_no_cells_is_small() -> None:
    with refused("too-large"):
        read(archive(styles=f"<styleSheet>{'<xf/>' * 500_000}</styleSheet>"))


def test_a_part_that_declares_entities_is_refused() -> None:
    with refused("too-large"):
        read(archive(sheet='<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'))


def test_a_file_has_a_size() -> None:
    with refused("too-large"):
        read(b"Nom\n" + b"a" * MAX_FILE_BYTES)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_has_so_many_lines(monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    monkeypatch.setattr(spreadsheet, "MAX_LINES", 3)
    three, four = ([HEADINGS, *[ZOE] * lines] for lines in (3, 4))

    assert len(read(xlsx_bytes(three) if packed else csv_bytes(*three)).rows) == 3
    with refused("too-many-lines"):
        read(xlsx_bytes(four) if packed else csv_bytes(*four))


def test_a_file_has_so_many_columns() -> None:
    with refused("too-many-columns"):
        read(csv_bytes([f"colonne {number}" for number in range(300)]))


@settings(max_examples=60)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda noise: b"PK\x03\x04" + noise))
def test_whatever_bytes_come_they_are_read_or_refused(content: bytes) -> None:
    try:
        sheet = read(content)
    except FileRefused:
        return
    assert sheet.headings or sheet.rows is not None


WHOLE = xlsx_bytes([HEADINGS, ZOE, ZOE])


@settings(max_examples=30)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] ^= data.draw(st.integers(1, 255))
    try:
        read(bytes(content))
    except FileRefused:
        return
