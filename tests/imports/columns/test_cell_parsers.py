"""What a cell says, as the neighbouring systems and spreadsheets write it."""

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.columns.cell_parsers import (
    CellParser,
    boolean,
    civil_day,
    department,
    email,
    identifier,
    siret,
    whole_number,
)
from app.imports.files.cell_content import UnreadableCell, cell_to_text, fold_text, read_text
from app.imports.kinds.adviser_columns import training_day
from app.imports.kinds.certification_columns import outcome
from app.imports.kinds.contract_columns import legal_form

DAY = date(2024, 4, 15)


@pytest.mark.parametrize(
    "cell",
    [
        "15/04/2024", "15-04-2024", "15.04.2024", " 15/4/2024 ", "15/04/2024 00:00", "15/04/2024 0:00:00", "2024-04-15",
        "2024-04-15 00:00:00", "2024-04-15T00:00:00.000Z", "45397", "45397.0", "45397,0", 45397, 45397.0, DAY,
        datetime(2024, 4, 15, 9, 30), datetime(2024, 4, 14, 22, 0, tzinfo=UTC),  # noqa: DTZ001  # as workbooks have them
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(cell: Any) -> None:
    assert civil_day(cell) == DAY


def test_an_instant_is_its_day_in_paris() -> None:
    """Midnight in Paris, as a database of documents exports it: the day before, in UTC."""
    assert civil_day("2024-04-14T22:00:00.000Z") == DAY
    assert civil_day("2024-04-15T00:00:00+02:00") == DAY


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("15/04/24", "quatre chiffres"),
        ("1/1/1", "quatre chiffres"),
        ("04/15/2024", "n’existe pas"),  # the American way
        ("31/02/2024", "n’existe pas"),
        ("2024-13-01", "n’existe pas"),
        ("2024-02-30T00:00:00Z", "n’existe pas"),
        ("9999-12-31T23:59:59Z", "n’existe pas"),
        ("avril 2024", "JJ/MM/AAAA"),
        ("2024", "JJ/MM/AAAA"),
        ("#REF!", "JJ/MM/AAAA"),
        (True, "JJ/MM/AAAA"),
        (0.5, "JJ/MM/AAAA"),
    ],
)
def test_what_may_be_another_day_is_not_guessed(cell: Any, reason: str) -> None:
    with pytest.raises(UnreadableCell, match=reason):
        civil_day(cell)


@pytest.mark.parametrize(
    "cell",
    ["exempté", "Exemptée", "EXEMPTE", "Exempté (licence pro)", "Formation en septembre 2026", "formation à venir"],
)
def test_who_is_exempt_or_waits_has_not_entered_training(cell: str) -> None:
    assert training_day(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "en septembre", "n’est pas exempté", "exempté ?", "exemption refusée", "exempté le 12/09/2022", "Formation",
        "Formation le 12/09/2022", "Formation en cours", "Formation terminée",
    ],
)  # fmt: skip
def test_any_other_words_are_no_training_day(cell: str) -> None:
    with pytest.raises(UnreadableCell):
        training_day(cell)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("1", "01"), (1, "01"), (1.0, "01"), ("01", "01"), ("35", "35"), ("2a", "2A"), (" 974 ", "974"), ("35,0", "35")],
)
def test_a_department_gets_its_zero_back(cell: Any, code: str) -> None:
    assert department(cell) == code


@pytest.mark.parametrize(
    "cell",
    [
        "21350238800019", "213 502 388 00019", "213\u202f502\u00a0388 00019", 21350238800019, 21350238800019.0,
        "21350238800019,0", "21350238800019.00", "2.1350238800019E+13", "2,1350238800019e13",
    ],
)  # fmt: skip
def test_a_siret_is_read_whatever_the_spreadsheet_made_of_it(cell: Any) -> None:
    assert siret(cell) == "21350238800019"


@pytest.mark.parametrize("cell", ["5420120000034", 5420120000034, "5.420120000034E+12"])
def test_a_lost_zero_comes_back_where_the_key_proves_it(cell: Any) -> None:
    assert siret(cell) == "05420120000034"


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("2135023880001", "13 chiffres"),
        ("2,13502E+13", "exposant"),
        ("2.13502388E+13", "exposant"),  # the key of its zeros may hold by chance
        ("2.1350238800018E+13", "exposant"),
        ("1E+400", "exposant"),
    ],
)
def test_a_siret_that_lost_digits_is_not_made_up(cell: Any, reason: str) -> None:
    with pytest.raises(UnreadableCell, match=reason):
        siret(cell)


@pytest.mark.parametrize(("cell", "number"), [("12 345", 12345), (12345.0, 12345), ("12345,00", 12345), ("0", None)])
def test_a_number_is_whole_and_zero_is_none(cell: Any, number: int | None) -> None:
    assert whole_number(cell) == number


@pytest.mark.parametrize("cell", ["12,5", "-3", "1e5", "douze", "٣", True, "1" * 14])
def test_what_is_no_whole_number_is_refused(cell: Any) -> None:
    with pytest.raises(UnreadableCell, match="nombre entier"):
        whole_number(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("oui", True),
        ("Oui ", True),
        ("O", True),
        ("VRAI", True),
        (1, True),
        (True, True),
        ("non", False),
        ("faux", False),
    ],
)
def test_yes_and_no_are_read_in_french(cell: Any, value: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    assert boolean(cell) is value


def test_a_perhaps_is_neither() -> None:
    with pytest.raises(UnreadableCell, match="oui ou non"):
        boolean("peut-être")


@pytest.mark.parametrize(
    ("cell", "form"),
    [("COMMUNE", "public"), ("PRIVATE", "private"), ("Privée", "private"), ("oui", "public"), (False, "private")],
)
def test_the_legal_form_is_read_in_the_words_of_each_system(cell: Any, form: str) -> None:
    assert legal_form(cell) == form


def test_a_code_is_left_for_the_rules_to_refuse() -> None:
    assert legal_form("SARL") == "SARL"


@pytest.mark.parametrize(
    ("cell", "code"), [("oui", "obtained"), (True, "obtained"), ("Échec", "failed"), ("failed", "failed")]
)
def test_an_outcome_is_read_where_it_is_one(cell: Any, code: str) -> None:
    assert outcome(cell) == code


@pytest.mark.parametrize("cell", ["non", "Non", False])
def test_a_no_does_not_tell_a_failure_from_an_exam_to_come(cell: Any) -> None:
    with pytest.raises(UnreadableCell, match="échoué"):
        outcome(cell)


def test_a_link_to_an_address_is_the_address() -> None:
    assert email("mailto:camille@example.org") == "camille@example.org"


@pytest.mark.parametrize("cell", ["\ud800", "a\x00b"])
def test_what_no_database_keeps_is_no_character(cell: str) -> None:
    with pytest.raises(UnreadableCell, match="illisible"):
        read_text(cell)


def test_an_identifier_is_a_uuid() -> None:
    with pytest.raises(UnreadableCell, match="UUID"):
        identifier("12345")


@pytest.mark.parametrize(
    ("cell", "written"), [(True, "oui"), (35.0, "35"), (2.5, "2.5"), (DAY, "15/04/2024"), (None, "None"), ("x", "x")]
)
def test_a_cell_is_given_back_as_it_would_be_typed(cell: Any, written: str) -> None:
    assert cell_to_text(cell) == written


def test_headings_are_compared_without_accents_capitals_and_signs() -> None:
    assert fold_text("Date de DÉBUT\u00a0formation :") == fold_text("dateDeDebutFormation")


CELLS: st.SearchStrategy[Any] = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789/-.:TZ+eE, ", max_size=24),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.dates(),
    st.datetimes(),
)


@given(
    CELLS,
    st.sampled_from([civil_day, training_day, siret, whole_number, department, boolean, email, identifier, read_text]),
)
def test_whatever_a_cell_holds_it_is_read_or_refused(cell: Any, reader: CellParser) -> None:
    with suppress(UnreadableCell):
        reader(cell)
