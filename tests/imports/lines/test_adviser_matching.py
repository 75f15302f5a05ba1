"""Who a line is about: an ID Conum says it, an address alone does not."""

from typing import Any

import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from tests.imports.sample_files import CONTRACTS, a_contract, counts, csv_bytes, import_file, reasons, stored_advisers

ALL = ("idPG", "Prénom", "Nom", "Email")
GINA = (910611, "Gina", "Identité", "gina@example.org")


async def taken(database: Database, headings: tuple[str, ...], *rows: tuple[Any, ...]) -> Any:
    return await import_file(database, ImportKind.ADVISERS, csv_bytes(headings, *rows))


@pytest.fixture(autouse=True)
async def known(database: Database) -> None:
    await taken(database, ALL, GINA)


@pytest.mark.parametrize("zero", ["0", "0,0", "00", "", "-", "non renseigné"])
async def test_a_zero_says_nothing_and_erases_nothing(database: Database, zero: str) -> None:
    progress = await taken(database, ("IdPG", "Email"), (zero, "gina@example.org"))

    (gina,) = await stored_advisers(database)
    assert (counts(progress), gina["conum_id"]) == ((0, 1, 0), 910611)


@pytest.mark.parametrize("names", [("Hugo", "Identité"), ("Gina", "Autre"), ("", "Autre"), ("Hugo", "-")])
async def test_another_name_under_the_same_address_alone_is_rejected(
    database: Database, names: tuple[str, str]
) -> None:
    progress = await taken(database, ALL[1:], (*names, "gina@example.org"))

    (gina,) = await stored_advisers(database)
    assert (counts(progress), gina["first_name"], gina["last_name"]) == ((0, 0, 1), "Gina", "Identité")
    assert "une adresse ne suffit pas" in reasons(progress.rejections)[2]["email"]


async def test_the_same_name_is_the_same_however_it_is_written(database: Database) -> None:
    progress = await taken(database, (*ALL[1:], "Département"), ("GINA ", "identite", "Gina@Example.org", "35"))

    (gina,) = await stored_advisers(database)
    assert (counts(progress), gina["department"], gina["conum_id"]) == ((1, 0, 0), "35", 910611)


async def test_an_id_conum_is_given_to_nobody_of_another_name(database: Database) -> None:
    await database.one("UPDATE adviser SET conum_id = NULL")

    progress = await taken(database, ALL, (910612, "Hugo", "Autre", "gina@example.org"))

    (gina,) = await stored_advisers(database)
    assert (counts(progress), gina["conum_id"]) == ((0, 0, 1), None)
    assert "donnez-lui d’abord son ID Conum" in reasons(progress.rejections)[2]["email"]


async def test_two_people_whose_id_conum_differ_may_share_an_address(database: Database) -> None:
    hugo = (910612, "Hugo", "Autre", "gina@example.org")

    first, again = await taken(database, ALL, GINA, hugo), await taken(database, ALL, hugo, GINA)

    assert (counts(first), counts(again)) == ((1, 1, 0), (0, 2, 0))
    assert [(row["conum_id"], row["email"]) for row in await stored_advisers(database)] == [
        (910611, "gina@example.org"), (910612, "gina@example.org"),
    ]  # fmt: skip


async def test_a_contract_is_not_attached_to_another_name_by_an_address_alone(database: Database) -> None:
    headings = ("Prénom", "Nom", "Email", *CONTRACTS[1:])
    rows = (
        ("Hugo", "Autre", "gina@example.org", *a_contract()[1:]),
        ("Gina", "Identité", "gina@example.org", *a_contract()[1:]),
    )

    progress = await import_file(database, ImportKind.CONTRACTS, csv_bytes(headings, *rows))

    assert (counts(progress), [*reasons(progress.rejections)]) == ((1, 0, 1), [2])
    (gina,) = await stored_advisers(database)
    assert (gina["first_name"], gina["version"]) == ("Gina", 1)
