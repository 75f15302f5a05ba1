"""Contracts: found again by person, first day and employer, and decided again once however many lines there are."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.registrations import registrations
from tests.imports.sample_files import (
    ADVISERS,
    CONTRACTS,
    SIRET,
    a_contract,
    all_rows,
    an_adviser,
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    reasons,
    xlsx_bytes,
)
from tests.use_cases.use_case_builders import FIRST_DAY, register_in


async def taken(database: Database, *rows: list[Any], headings: tuple[str, ...] = CONTRACTS) -> Any:
    return await import_file(database, ImportKind.CONTRACTS, csv_bytes(headings, *rows))


async def contracts(database: Database) -> list[Row]:
    return await database.many("SELECT * FROM contract ORDER BY starts_on")


@pytest.fixture
async def known(database: Database) -> UUID:
    """The adviser whose ID Conum is 1, of category E, without a contract."""
    await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, an_adviser(1)))
    (row,) = await database.many("SELECT id FROM adviser")
    return UUID(str(row["id"]))


async def test_an_export_is_imported_and_a_second_run_changes_nothing(database: Database, known: UUID) -> None:
    rows = (
        a_contract(1),
        a_contract(1, type_de_contrat="Contrat de projet", date_de_debut="01/02/2021", date_de_fin="09/01/2022"),
    )

    first = await taken(database, *rows)
    once = await all_rows(database)
    again = await taken(database, *rows)

    assert (counts(first), counts(again)) == ((2, 0, 0), (0, 2, 0))
    assert await all_rows(database) == once
    earlier, later = await contracts(database)
    assert (earlier["type"], earlier["ends_on"], earlier["adviser_id"]) == ("CDP", date(2022, 1, 9), known)
    assert (later["type"], later["ends_on"], later["employer_legal_form"]) == ("CDI", None, "public")
    assert (later["ds_file_number"], later["contract_uploaded_on"]) == ("1234567", date(2022, 1, 17))


@pytest.mark.usefixtures("known")
async def test_a_workbook_that_shows_numbers_is_read_whole(database: Database) -> None:
    row = a_contract(1, siret=float(SIRET), date_de_debut=date(2022, 1, 10), numero=1234567)

    progress = await import_file(database, ImportKind.CONTRACTS, xlsx_bytes([CONTRACTS, row]))

    assert reasons(progress.rejections) == {}
    (contract,) = await contracts(database)
    assert (contract["employer_siret"], contract["ds_file_number"]) == (SIRET, "1234567")


@pytest.mark.usefixtures("known")
async def test_a_termination_changes_the_contract_it_is_of(database: Database) -> None:
    await taken(database, a_contract(1))

    progress = await taken(database, a_contract(1, date_de_rupture="31/03/2023"))

    (contract,) = await contracts(database)
    assert (counts(progress), contract["version"]) == ((1, 0, 0), 2)
    assert contract["terminated_on"] == date(2023, 3, 31)


@pytest.mark.usefixtures("known")
async def test_a_termination_that_was_withdrawn_is_withdrawn_here(database: Database) -> None:
    await taken(database, a_contract(1, date_de_rupture="31/03/2023"))

    await taken(database, a_contract(1))

    (contract,) = await contracts(database)
    assert contract["terminated_on"] is None


@pytest.mark.parametrize(
    ("cells", "field", "reason"),
    [
        ({"date_de_fin": "09/01/2023"}, "ends_on", "Un CDI n’a pas de ends_on"),  # as neighbours leave them
        ({"type_de_contrat": "CDD"}, "ends_on", "les autres contrats en ont un"),
        ({"type_de_contrat": "stage"}, "type", "Valeurs possibles"),
        ({"siret": "2,13502E+13"}, "employer.siret", "exposant"),
        ({"siret": "21350238800018"}, "employer.siret", "clé de contrôle"),
        ({"siret": None}, "employer.siret", "requis"),
        ({"type_de_structure": "SARL"}, "employer.legal_form", "Valeurs possibles"),
        ({"date_de_rupture": "01/01/2022"}, "terminated_on", "terminated_on précède starts_on"),
        ({"date_de_debut": "10/01/22"}, "starts_on", "quatre chiffres"),
        ({"contrat": "16/06/2026"}, "administrative_file.contract_uploaded_on", "au plus tard aujourd’hui"),
        ({"valide": "16/06/2026"}, "administrative_file.validated_on", "au plus tard aujourd’hui"),
        ({"id_conseiller": 99}, "conum_id", "Aucun conseiller"),
        ({"id_conseiller": None}, None, "ne nomme personne"),
    ],
)
@pytest.mark.usefixtures("known")
async def test_a_line_that_can_t_be_right_is_rejected_with_its_reason(
    database: Database, cells: dict[str, Any], field: str | None, reason: str
) -> None:
    once = await all_rows(database)

    progress = await taken(database, a_contract(1, **cells))

    (faults,) = reasons(progress.rejections).values()
    assert [*faults] == [field]
    assert reason in str(faults[field])
    assert await all_rows(database) == once


@pytest.mark.usefixtures("known")
async def test_two_lines_of_one_contract_do_not_take_turns(database: Database) -> None:
    rows = (a_contract(1), a_contract(1), a_contract(1, nom="Une autre commune"))

    first, again = await taken(database, *rows), await taken(database, *rows)

    assert (counts(first), counts(again)) == ((1, 1, 1), (0, 2, 1))
    assert reasons(first.rejections)[4] == {None: "La ligne 3 en dit autre chose : gardez-en une."}


IDENTIFIED = ("id", *CONTRACTS, "Renouvelle le contrat")


async def test_a_contract_may_come_before_the_one_it_renews(database: Database, known: UUID) -> None:
    first, second = str(uuid4()), str(uuid4())
    term = {"type_de_contrat": "CDD", "date_de_fin": "09/01/2023"}
    renewal = [second, *a_contract(1, date_de_debut="10/01/2023"), first]

    progress = await taken(database, renewal, [first, *a_contract(1, **term), None], headings=IDENTIFIED)

    assert reasons(progress.rejections) == {}
    assert [str(row["renews_contract_id"]) for row in await contracts(database)] == ["None", first]
    assert {row["adviser_id"] for row in await contracts(database)} == {known}


async def test_a_contract_is_one_adviser_s(database: Database) -> None:
    await import_advisers(database, 1, 2)
    (contract, _) = await database.many(
        "SELECT c.id, conum_id FROM contract c JOIN adviser a ON a.id = adviser_id ORDER BY conum_id"
    )
    identifier, other = str(contract["id"]), str(uuid4())

    progress = await taken(
        database,
        [identifier, *a_contract(2), None],
        [other, *a_contract(1), None],
        [other, *a_contract(1, date_de_debut="01/02/2024"), str(uuid4())],
        headings=IDENTIFIED,
    )

    assert reasons(progress.rejections) == {
        2: {"id": "Ce contrat est celui d’un autre conseiller."},
        3: {"id": "Ce contrat est déjà connu sous un autre identifiant."},
        4: {"renews_contract_id": reasons(progress.rejections)[4]["renews_contract_id"]},
    }


async def test_sessions_to_come_are_decided_again_once_for_all_lines(database: Database, known: UUID) -> None:
    await taken(database, a_contract(1))
    registration = UUID((await register_in(database, known, starts_on=FIRST_DAY))["id"])

    progress = await taken(
        database,
        a_contract(1, date_de_rupture="31/03/2023"),
        a_contract(1, date_de_debut="01/04/2023", valide=None),
    )

    assert counts(progress) == (2, 0, 0)
    row = await registrations.read(database, registration, owner=None)
    assert row is not None
    assert row["status"] == "refused"
    decided = await database.many("SELECT cause, reasons FROM decision ORDER BY id")
    assert [decision["cause"] for decision in decided] == ["request", "file_changed"]
    assert "recruitment_not_validated" in decided[-1]["reasons"]
    assert "not_in_post" not in decided[-1]["reasons"]
