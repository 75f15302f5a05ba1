"""NDJSON: a JSON object on each line, each line by itself, its bytes read as those of a spreadsheet."""

from typing import Any

import pytest

from app.imports.file_parsing import ParsedFile, parse_file
from app.imports.files.spreadsheet import MAX_LINES, FileRefused
from app.imports.lines.rejects_file import rejects_file
from app.persistence.administration.import_kind import ImportKind
from tests.imports.sample_files import ndjson_bytes, reasons

ZOE = '{"conum_id": 7, "first_name": "Zoé"}'
UNKNOWN = "Ce champ n’existe pas."
MALFORMED = "Ce n’est pas du JSON bien formé"


def parsed(content: bytes | str, kind: ImportKind = ImportKind.ADVISERS) -> ParsedFile:
    return parse_file(kind, content.encode() if isinstance(content, str) else content, is_ndjson=True)


def rejected(*objects: Any, kind: ImportKind = ImportKind.ADVISERS) -> dict[str | None, str]:
    """What is wrong with the only line that is rejected."""
    (found,) = reasons(parsed(ndjson_bytes(*objects), kind).rejections).values()
    return found


@pytest.mark.parametrize(
    "content",
    [
        ZOE.encode(),
        f"{ZOE}\n".encode(),
        f"{ZOE}\r\n".encode(),
        f"\n  \n{ZOE}\n\n".encode(),
        ZOE.encode("utf-8-sig"),
        ZOE.encode("utf-16"),
        ZOE.encode("cp1252"),
        b'{"conum_id": 7, "first_name": "Zo\\u00e9"}',
    ],
)
def test_an_object_is_read_whatever_the_encoding_and_the_ends_of_lines(content: bytes) -> None:
    (line,) = parsed(content).lines

    assert line.values == {"conum_id": 7, "first_name": "Zoé"}


def test_a_line_keeps_its_number_in_the_file() -> None:
    found = parsed(f"\n{ZOE}\r\n\n{ZOE}")

    assert [line.number for line in found.lines] == [2, 4]


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    (line,) = parsed('{"conum_id": 7, "first_name": "Zo\u2028e"}').rejections

    assert line.number == 1


@pytest.mark.parametrize("written", ['{"conum_id": 7', "{'conum_id': 7}", "conum_id", '{"conum_id": 07}', ZOE + ","])
def test_a_line_that_is_no_json_rejects_itself_alone(written: str) -> None:
    found = parsed(f"{written}\n{ZOE}")

    (reason,) = reasons(found.rejections)[1].values()
    assert reason.startswith(MALFORMED)
    assert [line.number for line in found.lines] == [2]


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1" * 5_000, "[" * 100_000])
def test_what_json_does_not_have_is_malformed(written: str) -> None:
    (reason,) = rejected(f'{{"conum_id": {written}}}').values()

    assert reason.startswith(MALFORMED)


def test_a_byte_that_is_no_character_rejects_its_line_alone() -> None:
    found = parsed('{"first_name": "é"}\n'.encode() * 3 + b'{"first_name": "Zo\xe9"}\n')

    assert reasons(found.rejections) == {4: {None: "Caractère illisible."}}
    assert len(found.lines) == 3


@pytest.mark.parametrize("written", ["[]", "[{}]", "null", "7", '"Zoé"', "true"])
def test_a_line_is_an_object(written: str) -> None:
    (reason,) = rejected(written).values()

    assert reason.startswith("Chaque ligne est un objet JSON")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"colour": 1}, {"colour": UNKNOWN}),
        ({"comment": "exempté"}, {"comment": UNKNOWN}),
        ({"initial_training": {"colour": 1}}, {"initial_training.colour": UNKNOWN}),
        ({"version": 1, "created_at": "x"}, dict.fromkeys(("version", "created_at"), UNKNOWN)),
        ({"initial_training": "2024-01-01"}, {"initial_training": "Doit être un objet JSON."}),
        ({"initial_training.ended_on": "15/04/24"}, {"initial_training.ended_on": "Doit être une date AAAA-MM-JJ."}),
        ({"in_scheme": "oui"}, {"in_scheme": "Doit être true ou false."}),
        ({"department": 35}, {"department": "Doit être un texte."}),
        ({"email": ["a@example.org"]}, {"email": "Doit être un texte."}),
        ({"last_name": {"fr": "Zoé"}}, {"last_name": "Doit être un texte."}),
        ({"id": 7}, {"id": "Doit être un UUID."}),
        ({"last_name": "\x00"}, {"last_name": "Ne doit pas contenir de caractère de contrôle."}),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(fields: dict[str, Any], said: dict[str, str]) -> None:
    assert rejected({"conum_id": 7, **fields}) == said


@pytest.mark.parametrize("number", ["7", 7.5, True, 0, -1, 2**60])
def test_an_id_conum_is_a_number_as_in_the_api(number: Any) -> None:
    assert set(rejected({"conum_id": number})) == {"conum_id"}


def test_half_a_character_is_no_text() -> None:
    assert rejected('{"email": "\\ud800"}') == {"email": "Caractère illisible."}


def test_fields_are_nested_or_have_dots() -> None:
    objects = {"employer": {"siret": "1", "name": "A"}}, {"employer.siret": "1", "employer": {"name": "A"}}

    first, second = parsed(ndjson_bytes(*objects), ImportKind.CONTRACTS).lines

    assert first.values == second.values == {"employer.siret": "1", "employer.name": "A"}


def test_a_field_given_twice_says_so() -> None:
    dotted = {"employer.siret": "1", "employer": {"siret": "2"}}

    assert rejected('{"conum_id": 7, "conum_id": 8}') == {"conum_id": "Donné deux fois ; donnez-le une fois."}
    assert set(rejected(dotted, kind=ImportKind.CONTRACTS)) == {"employer.siret"}


def test_null_states_that_there_is_none_and_of_an_object_that_it_has_nothing() -> None:
    (line,) = parsed(ndjson_bytes({"conum_id": 7, "email": None, "initial_training": None})).lines

    assert line.values == {
        "conum_id": 7, "email": None, "initial_training.entered_on": None, "initial_training.ended_on": None,
    }  # fmt: skip


def test_an_object_without_a_field_states_nothing_of_it() -> None:
    (line,) = parsed("{}").lines

    assert line.values == {}


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty-file"), (b" \r\n\n", "empty-file"), (b"\xff\xfe\x00", "unknown-encoding")]
)
def test_a_file_that_can_t_be_read_says_why(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        parsed(content)

    assert refused.value.code == code


def test_a_file_has_so_many_lines_at_most() -> None:
    with pytest.raises(FileRefused) as refused:
        parsed("{}\n" * (MAX_LINES + 1))

    assert refused.value.code == "too-many-lines"


@pytest.mark.parametrize("content", [ZOE, f"\ufeff\r\n {ZOE}"])
def test_an_object_at_the_beginning_is_recognised_without_being_told(content: str) -> None:
    (line,) = parse_file(ImportKind.ADVISERS, content.encode()).lines

    assert line.values["first_name"] == "Zoé"


def test_rejected_lines_are_a_spreadsheet_that_can_be_corrected_and_imported() -> None:
    found = parsed(f'{ZOE}\n{{"conum_id": "7"}}\n=1+1\n')

    file = rejects_file(found.recognised, found.rejections)
    again = parse_file(ImportKind.ADVISERS, file)
    corrected = parse_file(ImportKind.ADVISERS, file.replace(b'""7""', b"7"))

    assert file.decode("utf-8-sig").splitlines() == [
        "Ligne rejetée;Colonne en cause;Motif du rejet;Ligne JSON",
        '2;conum_id;Doit être un nombre entier.;"{""conum_id"": ""7""}"',
        f"3;;{MALFORMED}, au caractère 1.;'=1+1",
    ]
    assert rejects_file(again.recognised, again.rejections).splitlines()[0] == file.splitlines()[0]
    assert [line.values for line in corrected.lines] == [{"conum_id": 7}]
    assert list(reasons(corrected.rejections)) == [3]
