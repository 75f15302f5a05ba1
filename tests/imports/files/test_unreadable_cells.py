"""What is known stays, unless an empty cell says that there is none."""

from typing import Any
from uuid import UUID

import pytest

from app.imports.files.cell_content import WORDS_FOR_NOTHING, CellContent, content_of
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from tests.imports.sample_files import (
    CONTRACTS,
    a_contract,
    all_rows,
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    reasons,
    stored_advisers,
    xlsx_bytes,
)
from tests.use_cases.use_case_builders import FIRST_DAY, register_in

WORDS = [
    "non renseigné", "Non renseignée", "NON RENSEIGNÉ ", "-", "—", "--", "néant", "Neant", "à venir", "A VENIR", "?",
    "#N/D", "n/a", "undefined", "NaN", " nan ", "None", "<NA>", "\\N", "(vide)", "compte COOP non créé (En activité)",
]  # fmt: skip
ERRORS = [
    "#N/A", "#VALEUR!", "#VALEUR !", "#REF!", "#DIV/0!", "#NOM?", "#NOMBRE!", "#VALUE!", "#CHAMP!", "########",
    "Err:502", "=A1", "\ufffd",
]  # fmt: skip
TRAINING = ("Id conseiller", "Date de début formation", "Date de fin formation")
DS = "administrative_file.ds_file_number"


@pytest.fixture
async def known(database: Database) -> Row:
    """An adviser of category E in post, whose training has ended."""
    await import_advisers(database, 1)
    await import_file(database, ImportKind.ADVISERS, csv_bytes(TRAINING, (1, "14/03/2022", "30/06/2022")))
    (row,) = await stored_advisers(database)
    return row


@pytest.mark.parametrize("word", [*WORDS, *sorted(WORDS_FOR_NOTHING)])
def test_a_word_for_nothing_is_nothing(word: str) -> None:
    assert content_of(word) in {CellContent.NOTHING, CellContent.FAILED_LOOKUP}


@pytest.mark.parametrize(
    "word", ["Aucune", "inconnu", "en cours", "exempté", "O’Néant", "-1", "na", "0", "A. Venir", "Nan", "NONE"]
)
def test_any_other_word_is_content(word: str) -> None:
    assert content_of(word) is CellContent.CONTENT


@pytest.mark.parametrize("word", WORDS)
async def test_a_word_for_nothing_erases_nothing(database: Database, known: Row, word: str) -> None:
    once = await all_rows(database)

    of_training = csv_bytes(TRAINING, (1, word, word))
    identity = csv_bytes(("Id conseiller", "Prénom", "Nom", "Email", "Code département"), (1, word, word, word, word))
    contract = csv_bytes(CONTRACTS, a_contract(1, date_de_fin=word, date_de_rupture=word, contrat=word, valide=word))

    for kind, content in (
        (ImportKind.ADVISERS, of_training),
        (ImportKind.ADVISERS, identity),
        (ImportKind.CONTRACTS, contract),
    ):
        progress = await import_file(database, kind, content)
        assert (reasons(progress.rejections), counts(progress)) == ({}, (0, 1, 0))
    assert await all_rows(database) == once
    assert known["initial_training_ended_on"] is not None


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.usefixtures("known")
async def test_what_can_t_be_read_is_rejected_and_erases_nothing(database: Database, error: str) -> None:
    once = await all_rows(database)

    dates = await import_file(database, ImportKind.ADVISERS, csv_bytes(TRAINING, (1, "14/03/2022", error)))
    name = await import_file(database, ImportKind.ADVISERS, csv_bytes(("Id conseiller", "Nom"), (1, error)))
    contract = await import_file(database, ImportKind.CONTRACTS, csv_bytes(CONTRACTS, a_contract(1, valide=error)))

    assert [[*reasons(progress.rejections)[2]] for progress in (dates, name, contract)] == [
        ["initial_training.ended_on"], ["last_name"], ["administrative_file.validated_on"],
    ]  # fmt: skip
    assert await all_rows(database) == once


async def test_only_an_empty_cell_erases(database: Database, known: Row) -> None:
    await import_file(database, ImportKind.ADVISERS, csv_bytes(TRAINING, (1, "14/03/2022", None)))

    (row,) = await stored_advisers(database)
    assert (known["initial_training_ended_on"] is None, row["initial_training_ended_on"]) == (False, None)


async def test_a_line_that_ends_too_early_erases_nothing(database: Database, known: Row) -> None:
    await import_file(database, ImportKind.ADVISERS, f"{';'.join(TRAINING)}\n1\n".encode())

    (row,) = await stored_advisers(database)
    assert row["initial_training_ended_on"] == known["initial_training_ended_on"]


async def test_an_empty_cell_at_the_end_of_a_workbook_s_row_is_one(database: Database, known: Row) -> None:
    del known
    await import_file(database, ImportKind.ADVISERS, xlsx_bytes([TRAINING, (1, "14/03/2022")]))

    (row,) = await stored_advisers(database)
    assert row["initial_training_ended_on"] is None


async def test_nobody_is_refused_because_of_a_cell_that_can_t_be_read(database: Database, known: Row) -> None:
    await register_in(database, UUID(str(known["id"])), starts_on=FIRST_DAY)
    once = await all_rows(database)

    progress = await import_file(database, ImportKind.CONTRACTS, xlsx_bytes([CONTRACTS, a_contract(1, valide="=I2")]))

    assert counts(progress) == (0, 0, 1)
    assert await all_rows(database) == once  # no decision, no message


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1234567", "1234567"), ("1 234 567", "1234567"), ("N° 1234567", "1234567"), (1234567.0, "1234567")],
)
@pytest.mark.usefixtures("known")
async def test_a_file_number_is_digits(database: Database, cell: Any, number: str) -> None:
    await import_file(database, ImportKind.CONTRACTS, xlsx_bytes([CONTRACTS, a_contract(1, numero=cell)]))

    (row,) = await database.many("SELECT ds_file_number FROM contract")
    assert row["ds_file_number"] == number


@pytest.mark.parametrize("cell", ["en cours", "0", "#N/D", "#N/A", "DS-1234567", "12/03/2022", "oui"])
@pytest.mark.usefixtures("known")
async def test_what_is_no_file_number_is_rejected(database: Database, cell: str) -> None:
    progress = await import_file(database, ImportKind.CONTRACTS, csv_bytes(CONTRACTS, a_contract(1, numero=cell)))

    assert [*reasons(progress.rejections)[2]] == [DS]


@pytest.mark.usefixtures("known")
async def test_a_contract_that_becomes_open_ended_has_no_end_any_more(database: Database) -> None:
    """The dashboard writes `non renseignée` where a CDI has no end."""
    term = a_contract(1, type_de_contrat="CDD", date_de_debut="01/02/2023", date_de_fin="31/01/2027")
    await import_file(database, ImportKind.CONTRACTS, csv_bytes(CONTRACTS, term))

    open_ended = a_contract(1, date_de_debut="01/02/2023", date_de_fin="non renseignée")
    progress = await import_file(database, ImportKind.CONTRACTS, csv_bytes(CONTRACTS, open_ended))

    assert reasons(progress.rejections) == {}
    (row,) = await database.many("SELECT type, ends_on FROM contract ORDER BY starts_on DESC LIMIT 1")
    assert (row["type"], row["ends_on"]) == ("CDI", None)
