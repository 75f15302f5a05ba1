"""Which bytes are which characters: what is foreign is given back, and spoils nothing else."""

import pytest

from app.imports.file_parsing import parse_file
from app.imports.files.spreadsheet import FileRefused
from app.imports.files.text_decoding import decode_text
from app.persistence.administration.import_kind import ImportKind
from tests.imports.sample_files import csv_bytes, reasons

HEADINGS = ("conum_id", "first_name", "last_name", "email")
ROWS = (
    ("910021", "Hélène", "LEMAÎTRE", "helene.l@example.org"),
    ("910022", "Zoé", "BERARD", "zoe.b@example.org"),
    ("910023", "Noël", "FRANÇOIS", "noel.f@example.org"),
)
FILE = csv_bytes(HEADINGS, *ROWS, encoding="utf-8")
MOJIBAKE = "HÃ©lÃ¨ne"


def lines_of(content: bytes) -> tuple[dict[int, str], dict[int, dict[str | None, str]]]:
    """Names by their lines, and what is wrong with the others."""
    parsed = parse_file(ImportKind.ADVISERS, content)
    return {line.number: line.values["last_name"] for line in parsed.lines}, reasons(parsed.rejections)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without-mark", "with-mark"])
def test_one_foreign_byte_rejects_its_line_and_no_other(mark: bytes) -> None:
    names, wrong = lines_of(mark + FILE.replace(b"BERARD", b"B\xc9RARD"))

    assert names == {2: "LEMAÎTRE", 4: "FRANÇOIS"}
    assert [*wrong] == [3]
    assert "illisible" in wrong[3]["last_name"]


def test_a_foreign_byte_under_a_heading_that_means_nothing_rejects_its_line_as_well() -> None:
    content = csv_bytes((*HEADINGS, "Commune"), *((*row, "Céret") for row in ROWS), encoding="utf-8")

    names, wrong = lines_of(
        content.replace(
            "Zoé;BERARD;zoe.b@example.org;Céret".encode(), "Zoé;B;z@e.org;C\udce9ret".encode("utf-8", "surrogateescape")
        )
    )

    assert [*names] == [2, 4]
    assert wrong == {3: {None: "Caractère illisible : Commune."}}


@pytest.mark.parametrize("accent", ["é", "’"])
def test_a_last_character_that_is_cut_rejects_its_line(accent: str) -> None:
    content = csv_bytes(("conum_id", "last_name"), ("1", "A"), ("2", f"B{accent}"), encoding="utf-8")

    names, wrong = lines_of(content.rstrip()[:-1])

    assert (names, [*wrong]) == ({2: "A"}, [3])


def test_the_sign_of_a_character_that_was_lost_rejects_its_line() -> None:
    names, wrong = lines_of(FILE.replace("Zoé".encode(), "Zo\ufffd".encode()))

    assert ([*names], [*wrong[3]]) == ([2, 4], ["first_name"])


@pytest.mark.parametrize(
    "text", ["Nom\nBÉRARD\n", "Nom\nexempté", "Nom\nà é è ç ù ï œ € ’\n", f"Nom\n{MOJIBAKE} {'é' * 9}\n"]
)
def test_what_an_old_spreadsheet_saved_is_read_as_such(text: str) -> None:
    assert decode_text(text.encode("cp1252")) == text


@pytest.mark.parametrize("encoding", ["mac_roman", "cp850"])
@pytest.mark.parametrize("text", ["Nom\nZoé\n", "Nom\nLéa Hénaff\nD’Exemple", "Nom\nFrançois\nBenoît\nMâcon\n"])
def test_what_another_system_saved_spoils_no_name(encoding: str, text: str) -> None:
    with pytest.raises(FileRefused):
        decode_text(text.replace("’", "'").encode(encoding))


@pytest.mark.parametrize("text", ["Nom\nŽižek\nŠIMIĆ\n".replace("Ć", "C"), "Nom\netc…\n“Le Phare”, Nord–Pas\n"])
def test_signs_and_letters_of_windows_are_read_where_they_belong(text: str) -> None:
    assert decode_text(text.encode("cp1252")) == text


def test_utf_32_is_read() -> None:
    assert decode_text("Nom\nZoé\n".encode("utf-32")) == "Nom\nZoé\n"


def test_a_character_that_no_text_has_rejects_its_line_alone() -> None:
    names, wrong = lines_of(FILE.replace(b"BERARD", b"B\x00RARD"))

    assert (names, [*wrong]) == ({2: "LEMAÎTRE", 4: "FRANÇOIS"}, [3])


def test_a_name_that_was_garbled_before_is_left_as_it_is() -> None:
    assert decode_text(f"Nom\n{MOJIBAKE}\n".encode()) == f"Nom\n{MOJIBAKE}\n"
