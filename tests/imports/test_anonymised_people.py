"""Whoever was anonymised: no import attaches anything to that person, and no rejected line still names them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.import_kind import ImportKind
from app.persistence.advisers.personal_data import read_everything
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.schema.personal_data_statements import ERASURES, READ_EVERYTHING
from app.use_cases.advisers.anonymise_adviser import anonymise
from app.use_cases.preconditions import Precondition
from tests.fake_clock import MORNING
from tests.imports.sample_files import (
    ADVISERS,
    ATTENDANCE,
    CERTIFICATIONS,
    CONTRACTS,
    REGISTRATIONS,
    a_certification,
    a_contract,
    a_registration,
    all_rows,
    an_adviser,
    an_attendance,
    csv_bytes,
    import_file,
    ndjson_bytes,
    reasons,
    stored_advisers,
)
from tests.imports.test_import_jobs import requested_import, run_imports

LINES = {
    ImportKind.ADVISERS: ("Identifiant", ADVISERS, an_adviser()),
    ImportKind.CONTRACTS: ("Id Coop", CONTRACTS, a_contract()),
    ImportKind.CERTIFICATIONS: ("Id Coop", CERTIFICATIONS, a_certification()),
    ImportKind.REGISTRATIONS: ("Id Coop", REGISTRATIONS, a_registration()),
    ImportKind.ATTENDANCE: ("Id Coop", ATTENDANCE, an_attendance()),
}


async def anonymised_adviser(database: Database) -> UUID:
    """The id of the first adviser, who was known and is not any more."""
    adviser: UUID = (await stored_advisers(database))[0]["id"]
    trace = AuditEntry(None, "anonymiseAdviser", None, MORNING)
    await anonymise(database, adviser, Precondition(anything=True), MORNING, trace)
    return adviser


@pytest.mark.parametrize("kind", LINES)
async def test_nothing_is_attached_to_whoever_was_anonymised(database: Database, kind: ImportKind) -> None:
    await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, an_adviser()))
    adviser = await anonymised_adviser(database)
    before = await all_rows(database)
    heading, headings, row = LINES[kind]

    progress = await import_file(database, kind, csv_bytes((heading, *headings), [adviser, *row]))

    (said,) = reasons(progress.rejections)[2].values()
    assert "anonymisé" in said
    assert await all_rows(database) == before


HEADINGS = (*ADVISERS, "Contact")
SOMEBODY_ELSE = [9, "Dominique", "Personne", "x@example.org", "35", "hier", None]
OF_THE_PERSON: dict[str, dict[int, object]] = {
    "ID Conum": {0: 4242},
    "ID Conum as a spreadsheet's number": {0: "4242.0"},
    "ID Conum with spaces": {0: " 4\u202f242 "},
    "ID Conum with zeros and a quotation mark": {0: "'004242"},
    "ID Conum with what it is": {0: "N° 4242"},
    "ID Conum after its name": {0: "ID Conum : 4 242"},
    "ID Conum in thousands": {0: "4,242"},
    "ID Conum with an exponent": {0: "4,242E+03"},
    "e-mail": {3: "camille.4242@example.org"},
    "e-mail with spaces within": {3: "camille.4242 @ example.org"},
    "e-mail in capitals and spaces": {3: "  CAMILLE.4242@Example.ORG "},
    "e-mail as a link": {3: "mailto:camille.4242@example.org"},
    "e-mail of a name": {3: "Camille <Camille.4242@example.org>"},
    "e-mail with what cannot be seen": {3: "camille.\u200b4242@example.org\u00ad"},
    "one e-mail of two": {3: "x@example.org, camille.4242@example.org."},
    "e-mail in a column that means nothing": {6: "voir camille.4242@example.org"},
    "name": {1: "Camille", 2: "Exemple 4242"},
    "name otherwise spelt": {1: "CAMÎLLE", 2: " exemple-4242"},
    "name in the other order": {1: "Exemple 4242", 2: "Camille"},
    "name in one cell": {1: None, 2: "EXEMPLE 4242 Camille"},
}
OF_NOBODY: dict[str, dict[int, object]] = {
    "another e-mail": {3: "camille.42424@example.org"},
    "the first name alone": {1: "Camille"},
    "the last name alone": {1: None, 2: "Exemple 4242"},
    "another ID Conum": {0: "42,42"},
    "an ID Conum that is longer": {0: "N° 42421"},
    "a number that is no ID Conum": {4: 4242, 6: "4242"},
}


def a_line(cells: dict[int, object]) -> list[object]:
    return [cells.get(place, cell) for place, cell in enumerate(SOMEBODY_ELSE)]


async def rejected(database: Database, *lines: Sequence[object]) -> UUID:
    """The import that rejected these lines."""
    job = await requested_import(database, csv_bytes(HEADINGS, *lines))
    await run_imports(database)
    return job


async def numbers(database: Database, job: UUID) -> list[int]:
    """Of the lines that are given back."""
    content = await rejected_import_lines.read_file(database, job)
    return [int(line.partition(";")[0]) for line in (content or "").splitlines()[1:]]


@pytest.fixture
async def known(database: Database) -> None:
    await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, an_adviser(4242)))


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("cells", OF_THE_PERSON.values(), ids=OF_THE_PERSON.keys())
async def test_a_rejected_line_that_names_the_person_goes_and_no_other(
    database: Database, cells: dict[int, object]
) -> None:
    job = await rejected(database, SOMEBODY_ELSE, a_line(cells), SOMEBODY_ELSE)
    before = await numbers(database, job)

    await anonymised_adviser(database)

    assert (before, await numbers(database, job)) == ([2, 3, 4], [2, 4])


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("cells", OF_NOBODY.values(), ids=OF_NOBODY.keys())
async def test_a_rejected_line_about_somebody_else_stays(database: Database, cells: dict[int, object]) -> None:
    job = await rejected(database, a_line(cells))

    await anonymised_adviser(database)

    assert await numbers(database, job) == [2]


async def test_the_identifier_names_the_person_too(database: Database) -> None:
    await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, an_adviser()))
    adviser = (await stored_advisers(database))[0]["id"]
    job = await rejected(database, a_line({6: f"{{{str(adviser).upper()}}}"}))

    await anonymised_adviser(database)

    assert await numbers(database, job) == []
    assert await rejected_import_lines.read_file(database, job) is None


@pytest.mark.usefixtures("known")
async def test_the_person_is_shown_the_lines_and_nobody_else_s(database: Database) -> None:
    await rejected(database, SOMEBODY_ELSE, a_line(OF_THE_PERSON["e-mail as a link"]))
    (row,) = await stored_advisers(database)

    held = {extract.title: extract.rows for extract in await read_everything(database, row, MORNING)}

    ((line),) = held["Lignes rejetées"]
    assert "mailto:camille.4242@example.org" in line["Cellules"]
    assert line["Ligne du tableur"] == 3
    assert len(held["Imports"]) == 1


@pytest.mark.usefixtures("known")
async def test_a_line_kept_while_the_person_is_forgotten_does_not_stay(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = imports.finish

    async def with_another_worker_first(*arguments: Any) -> None:
        monkeypatch.setattr(imports, "finish", finish)
        await anonymised_adviser(database)
        await finish(*arguments)

    monkeypatch.setattr(imports, "finish", with_another_worker_first)

    job = await rejected(database, SOMEBODY_ELSE, a_line(OF_THE_PERSON["e-mail as a link"]))

    assert await numbers(database, job) == [2]


MANY = """INSERT INTO import_reject (job_id, number, line, subjects)
SELECT $1, number, 'x', ARRAY[number, -number]::bigint[] FROM generate_series(1000, 31000) AS number"""


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("statement", [ERASURES["import_reject"], READ_EVERYTHING], ids=["erasure", "export"])
async def test_lines_are_found_by_an_index_and_not_by_looking_through_them(
    database: Database, owner: Database, statement: str
) -> None:
    job = await rejected(database, SOMEBODY_ELSE)
    await database.one(MANY, job)
    await owner.one("ANALYZE import_reject")

    plan = await database.many(f"EXPLAIN {statement}", UUID(int=1), [1, 2], MORNING)

    lines = [row["QUERY PLAN"] for row in plan]
    assert any("ix_import_reject_subjects" in line for line in lines)
    assert not any("Seq Scan on import_reject" in line for line in lines)


OF_THE_PERSON_IN_JSON = {
    "ID Conum": {"conum_id": 4242, "department": 35},
    "ID Conum as a text": {"conum_id": "4242"},
    "e-mail": {"email": "Camille.4242@example.org", "colour": 1},
    "e-mail in another field": {"contact": ["voir camille.4242@example.org"]},
    "e-mail whose letters are escaped": '{"email": "camille.4242\\u0040example.org", "colour": 1}',
    "name": {"first_name": "CAMÎLLE", "last_name": "exemple-4242", "colour": 1},
    "name in JSON that is malformed": '{"first_name": "Camille", "last_name" : "Exemple 4242',
    "ID Conum in JSON that is malformed": '{"conum_id":4242, "last_name": "x"',
}
OF_NOBODY_IN_JSON = {
    "the first name alone": {"first_name": "Camille", "colour": 1},
    "another ID Conum": {"conum_id": "42421"},
    "a number that is no ID Conum": {"department": 4242},
}


async def rejected_object(database: Database, line: object) -> UUID:
    job = await requested_import(database, ndjson_bytes(line), is_ndjson=True)
    await run_imports(database)
    assert await numbers(database, job) == [1]
    return job


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("line", OF_THE_PERSON_IN_JSON.values(), ids=OF_THE_PERSON_IN_JSON.keys())
async def test_a_rejected_object_that_names_the_person_goes(database: Database, line: object) -> None:
    job = await rejected_object(database, line)

    await anonymised_adviser(database)

    assert await numbers(database, job) == []


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("line", OF_NOBODY_IN_JSON.values(), ids=OF_NOBODY_IN_JSON.keys())
async def test_a_rejected_object_about_somebody_else_stays(database: Database, line: object) -> None:
    job = await rejected_object(database, line)

    await anonymised_adviser(database)

    assert await numbers(database, job) == [1]
