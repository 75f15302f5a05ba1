"""Whoever was anonymised: no import attaches anything to that person, and no rejected line still names them."""

from uuid import UUID

import pytest

from app.persistence import rejects
from app.persistence.database import Database
from app.persistence.imports import ImportKind
from app.persistence.traces import Trace
from app.use_cases.anonymise import anonymise
from app.use_cases.versions import Expected
from tests.clockwork import MORNING
from tests.imports.sheets import (
    ADVISERS,
    CERTIFICATIONS,
    CONTRACTS,
    REGISTRATIONS,
    a_certification,
    a_contract,
    a_registration,
    advisers,
    an_adviser,
    imported,
    reasons,
    separated,
    whole,
)
from tests.imports.test_jobs import asked, worked

LINES = {
    ImportKind.ADVISERS: ("Identifiant", ADVISERS, an_adviser()),
    ImportKind.CONTRACTS: ("Id Coop", CONTRACTS, a_contract()),
    ImportKind.CERTIFICATIONS: ("Id Coop", CERTIFICATIONS, a_certification()),
    ImportKind.REGISTRATIONS: ("Id Coop", REGISTRATIONS, a_registration()),
}


async def forgotten(database: Database) -> UUID:
    """The id of the first adviser, who was known and is not any more."""
    adviser: UUID = (await advisers(database))[0]["id"]
    trace = Trace(None, "anonymiseAdviser", None, MORNING)
    await anonymise(database, adviser, Expected(anything=True), MORNING, trace)
    return adviser


@pytest.mark.parametrize("kind", ImportKind)
async def test_nothing_is_attached_to_whoever_was_anonymised(database: Database, kind: ImportKind) -> None:
    await imported(database, ImportKind.ADVISERS, separated(ADVISERS, an_adviser()))
    adviser = await forgotten(database)
    before = await whole(database)
    heading, headings, row = LINES[kind]

    tally = await imported(database, kind, separated((heading, *headings), [adviser, *row]))

    (said,) = reasons(tally.rejections)[2].values()
    assert "anonymisé" in said
    assert await whole(database) == before


@pytest.mark.parametrize(
    ("cells", "is_named"),
    [
        ({"email": "CAMILLE.1@example.org"}, True),
        ({"id": 1}, True),
        ({"nom": "exemple 1"}, True),
        ({"nom": "Exemple 10", "email": "camille.10@example.org"}, False),
    ],
    ids=["e-mail", "ID Conum", "name", "somebody else"],
)
async def test_a_rejected_line_that_names_the_person_goes(
    database: Database, cells: dict[str, object], *, is_named: bool
) -> None:
    await imported(database, ImportKind.ADVISERS, separated(ADVISERS, an_adviser()))
    line = an_adviser(9, **{"email": "x@example.org", "nom": "Nobody"} | cells, date="hier")
    job = await asked(database, separated(ADVISERS, line))
    await worked(database)
    assert await rejects.read_file(database, job)

    await forgotten(database)

    assert (await rejects.read_file(database, job) is None) == is_named
