"""Each role imports by the rules of what it writes one by one; an organisation is never told that somebody exists."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.imports.lines.adviser_matching import (
    NOT_BY_ADDRESS,
    UNKNOWN_CONUM_ID_TO_AN_ORGANISATION,
    UNKNOWN_TO_AN_ORGANISATION,
)
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.imports.sample_files import counts, import_advisers, import_objects, reasons, stored_advisers
from tests.use_cases.use_case_builders import FIRST_DAY, register_in

MEDNUM = Client(UUID(int=7_010), Role.TRAINING_ORGANISATION, LA_MEDNUM)
OTHER = Client(UUID(int=7_011), Role.TRAINING_ORGANISATION, HISTYA)
PLATFORM = Client(UUID(int=7_012), Role.PLATFORM, None)
ADMIN = Client(UUID(int=7_013), Role.ADMIN, None)
RESULT = {"qualification": "remn-ccp1", "outcome": "obtained", "on": "2024-09-12"}


@pytest.fixture
async def advisers(database: Database) -> list[Row]:
    """The first is registered with La Mednum, the second with nobody."""
    await import_advisers(database, 1, 2)
    rows = await stored_advisers(database)
    await register_in(database, rows[0]["id"], FIRST_DAY)
    return rows


async def recorded(database: Database, client: Client, *lines: dict[str, Any]) -> tuple[tuple[int, int, int], Any]:
    progress = await import_objects(
        database, ImportKind.CERTIFICATIONS, *({**RESULT, **line} for line in lines), client=client
    )
    return counts(progress), reasons(progress.rejections)


async def stored_results(database: Database) -> list[Row]:
    return await database.many("SELECT * FROM certification ORDER BY id")


async def test_a_result_that_an_organisation_imports_is_its_own(database: Database, advisers: list[Row]) -> None:
    assert await recorded(database, MEDNUM, {"conum_id": 1}) == ((1, 0, 0), {})
    assert await recorded(database, MEDNUM, {"conum_id": 1}) == ((0, 1, 0), {})

    (row,) = await stored_results(database)
    assert (row["adviser_id"], row["training_organisation_id"]) == (advisers[0]["id"], LA_MEDNUM)


async def test_an_organisation_may_not_record_in_another_s_name(database: Database, advisers: list[Row]) -> None:
    line = {"adviser_id": str(advisers[0]["id"])}

    named = [
        await recorded(database, MEDNUM, line | {"training_organisation_id": each}) for each in (str(HISTYA), "Histya")
    ]

    assert [tally for tally, _ in named] == [(0, 0, 1)] * 2
    assert {said for _, rejected in named for said in rejected[1].values()} == {
        "Un organisme de formation n’enregistre que ses propres résultats."
    }
    assert await stored_results(database) == []


async def test_whoever_it_may_not_see_and_whoever_is_nobody_are_told_alike(
    database: Database, advisers: list[Row]
) -> None:
    hidden = {"conum_id": 2}, {"adviser_id": str(advisers[1]["id"]), "conum_id": 2}
    nobody = {"conum_id": 999}, {"adviser_id": str(uuid4()), "conum_id": 2}

    _, said = await recorded(database, MEDNUM, *hidden, *nobody)

    assert said[1] == said[3] == {"conum_id": UNKNOWN_CONUM_ID_TO_AN_ORGANISATION}
    assert said[2] == said[4] == {"adviser_id": UNKNOWN_TO_AN_ORGANISATION}


async def test_an_id_that_one_may_have_does_not_tell_whose_number_is_whose(
    database: Database, advisers: list[Row]
) -> None:
    """The second adviser is known to the file by the id of its first line."""
    tally, said = await recorded(
        database, MEDNUM, {"adviser_id": str(advisers[1]["id"])}, {"conum_id": 2, "qualification": "pix"}
    )

    assert (tally, said) == ((1, 0, 1), {2: {"conum_id": UNKNOWN_CONUM_ID_TO_AN_ORGANISATION}})


@pytest.mark.usefixtures("advisers")
async def test_an_organisation_names_nobody_by_an_address(database: Database) -> None:
    _, said = await recorded(database, MEDNUM, {"email": "camille.1@example.org"}, {"email": "nobody@example.org"})

    assert said == {1: {"email": NOT_BY_ADDRESS}, 2: {"email": NOT_BY_ADDRESS}}


@pytest.mark.usefixtures("advisers")
async def test_another_organisation_s_result_is_said_as_one_by_one(database: Database, advisers: list[Row]) -> None:
    await recorded(database, OTHER, {"adviser_id": str(advisers[0]["id"]), "outcome": "failed"})

    same = await recorded(database, MEDNUM, {"conum_id": 1, "outcome": "failed"})
    contrary = await recorded(database, MEDNUM, {"conum_id": 1})

    exists = {1: {None: "Ce conseiller a déjà un résultat du 12 septembre 2024 à ce titre."}}
    assert same == contrary == ((0, 0, 1), exists)


async def test_what_another_organisation_annulled_may_be_recorded(database: Database, advisers: list[Row]) -> None:
    await recorded(database, OTHER, {"adviser_id": str(advisers[0]["id"])})
    await database.one("UPDATE certification SET annulled_on = $1, annulled_motive = 'x'", date(2026, 1, 1))

    tally, _ = await recorded(database, MEDNUM, {"conum_id": 1})

    assert tally == (1, 0, 0)


@pytest.mark.parametrize(("client", "is_history"), [(MEDNUM, False), (PLATFORM, False), (ADMIN, True)])
@pytest.mark.usefixtures("advisers")
async def test_results_are_announced_unless_an_administrator_takes_the_past_over(
    database: Database, client: Client, *, is_history: bool
) -> None:
    await recorded(database, client, {"conum_id": 1})

    (event,) = await database.many("SELECT history FROM outbox WHERE type = 'certification.recorded'")
    assert event["history"] is is_history


async def test_the_platform_names_advisers_as_it_may_read_them(database: Database, advisers: list[Row]) -> None:
    line = {"email": advisers[1]["email"], "training_organisation_id": str(HISTYA)}

    assert await recorded(database, PLATFORM, line) == ((1, 0, 0), {})
