"""What is known stays, unless an empty cell says that there is none."""

from typing import Any
from uuid import UUID

import pytest

from app.imports.files.cell_content import NOTHING, Held, held_by
from app.persistence.administration.imports import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from tests.imports.sample_files import (
    CONTRACTS,
    a_contract,
    advisers,
    counts,
    imported,
    reasons,
    separated,
    whole,
    with_advisers,
    workbook,
)
from tests.use_cases.use_case_builders import FIRST_DAY, registered

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
    await with_advisers(database, 1)
    await imported(database, ImportKind.ADVISERS, separated(TRAINING, (1, "14/03/2022", "30/06/2022")))
    (row,) = await advisers(database)
    return row


@pytest.mark.parametrize("word", [*WORDS, *sorted(NOTHING)])
def test_a_word_for_nothing_is_nothing(word: str) -> None:
    assert held_by(word) in {Held.NOTHING, Held.FAILED_LOOKUP}


@pytest.mark.parametrize(
    "word", ["Aucune", "inconnu", "en cours", "exempté", "O’Néant", "-1", "na", "0", "A. Venir", "Nan", "NONE"]
)
def test_any_other_word_is_content(word: str) -> None:
    assert held_by(word) is Held.CONTENT


@pytest.mark.parametrize("word", WORDS)
async def test_a_word_for_nothing_erases_nothing(database: Database, known: Row, word: str) -> None:
    once = await whole(database)

    of_training = separated(TRAINING, (1, word, word))
    identity = separated(("Id conseiller", "Prénom", "Nom", "Email", "Code département"), (1, word, word, word, word))
    contract = separated(CONTRACTS, a_contract(1, date_de_fin=word, date_de_rupture=word, contrat=word, valide=word))

    for kind, content in (
        (ImportKind.ADVISERS, of_training),
        (ImportKind.ADVISERS, identity),
        (ImportKind.CONTRACTS, contract),
    ):
        tally = await imported(database, kind, content)
        assert (reasons(tally.rejections), counts(tally)) == ({}, (0, 1, 0))
    assert await whole(database) == once
    assert known["initial_training_ended_on"] is not None


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.usefixtures("known")
async def test_what_can_t_be_read_is_rejected_and_erases_nothing(database: Database, error: str) -> None:
    once = await whole(database)

    dates = await imported(database, ImportKind.ADVISERS, separated(TRAINING, (1, "14/03/2022", error)))
    name = await imported(database, ImportKind.ADVISERS, separated(("Id conseiller", "Nom"), (1, error)))
    contract = await imported(database, ImportKind.CONTRACTS, separated(CONTRACTS, a_contract(1, valide=error)))

    assert [[*reasons(tally.rejections)[2]] for tally in (dates, name, contract)] == [
        ["initial_training.ended_on"], ["last_name"], ["administrative_file.validated_on"],
    ]  # fmt: skip
    assert await whole(database) == once


async def test_only_an_empty_cell_erases(database: Database, known: Row) -> None:
    await imported(database, ImportKind.ADVISERS, separated(TRAINING, (1, "14/03/2022", None)))

    (row,) = await advisers(database)
    assert (known["initial_training_ended_on"] is None, row["initial_training_ended_on"]) == (False, None)


async def test_a_line_that_ends_too_early_erases_nothing(database: Database, known: Row) -> None:
    await imported(database, ImportKind.ADVISERS, f"{';'.join(TRAINING)}\n1\n".encode())

    (row,) = await advisers(database)
    assert row["initial_training_ended_on"] == known["initial_training_ended_on"]


async def test_an_empty_cell_at_the_end_of_a_workbook_s_row_is_one(database: Database, known: Row) -> None:
    del known
    await imported(database, ImportKind.ADVISERS, workbook([TRAINING, (1, "14/03/2022")]))

    (row,) = await advisers(database)
    assert row["initial_training_ended_on"] is None


async def test_nobody_is_refused_because_of_a_cell_that_can_t_be_read(database: Database, known: Row) -> None:
    await registered(database, UUID(str(known["id"])), starts_on=FIRST_DAY)
    once = await whole(database)

    tally = await imported(database, ImportKind.CONTRACTS, workbook([CONTRACTS, a_contract(1, valide="=I2")]))

    assert counts(tally) == (0, 0, 1)
    assert await whole(database) == once  # no decision, no message


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1234567", "1234567"), ("1 234 567", "1234567"), ("N° 1234567", "1234567"), (1234567.0, "1234567")],
)
@pytest.mark.usefixtures("known")
async def test_a_file_number_is_digits(database: Database, cell: Any, number: str) -> None:
    await imported(database, ImportKind.CONTRACTS, workbook([CONTRACTS, a_contract(1, numero=cell)]))

    (row,) = await database.many("SELECT ds_file_number FROM contract")
    assert row["ds_file_number"] == number


@pytest.mark.parametrize("cell", ["en cours", "0", "#N/D", "#N/A", "DS-1234567", "12/03/2022", "oui"])
@pytest.mark.usefixtures("known")
async def test_what_is_no_file_number_is_rejected(database: Database, cell: str) -> None:
    tally = await imported(database, ImportKind.CONTRACTS, separated(CONTRACTS, a_contract(1, numero=cell)))

    assert [*reasons(tally.rejections)[2]] == [DS]


@pytest.mark.usefixtures("known")
async def test_a_contract_that_becomes_open_ended_has_no_end_any_more(database: Database) -> None:
    """The dashboard writes `non renseignée` where a CDI has no end."""
    term = a_contract(1, type_de_contrat="CDD", date_de_debut="01/02/2023", date_de_fin="31/01/2027")
    await imported(database, ImportKind.CONTRACTS, separated(CONTRACTS, term))

    open_ended = a_contract(1, date_de_debut="01/02/2023", date_de_fin="non renseignée")
    tally = await imported(database, ImportKind.CONTRACTS, separated(CONTRACTS, open_ended))

    assert reasons(tally.rejections) == {}
    (row,) = await database.many("SELECT type, ends_on FROM contract ORDER BY starts_on DESC LIMIT 1")
    assert (row["type"], row["ends_on"]) == ("CDI", None)
