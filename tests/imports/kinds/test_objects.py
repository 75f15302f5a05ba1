"""JSON objects are imported by the rules of spreadsheets and of the API: as a merge patch, and no more."""

from typing import Any

import pytest

from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from tests.imports.sample_files import SIRET, counts, import_advisers, import_objects, reasons, stored_advisers

ADVISER = {
    "conum_id": 7,
    "first_name": "Camille",
    "last_name": "Exemple",
    "email": "camille@example.org",
    "department": "35",
    "in_scheme": True,
    "initial_training": {"entered_on": "2022-03-14", "ended_on": "2022-06-14"},
}
CONTRACT = {
    "conum_id": 1,
    "type": "CDD",
    "starts_on": "2025-01-10",
    "ends_on": "2027-01-10",
    "employer": {"siret": SIRET, "name": "Ville d’exemple", "legal_form": "public", "contact_email": "a@example.org"},
    "administrative_file": {"ds_file_number": "1234567", "contract_uploaded_on": "2025-01-20"},
}
RESULT = {"conum_id": 1, "qualification": "remn-ccp1", "outcome": "obtained", "on": "2024-09-12"}
PAST: dict[str, Any] = {
    "conum_id": 1,
    "module_code": "cybersecurite",
    "training_organisation_id": "La Mednum",
    "session": {"starts_on": "2025-05-13", "ends_on": "2025-05-13", "format": "remote"},
    "status": "completed",
    "funding": "state",
}
OBJECTS = {
    ImportKind.ADVISERS: ADVISER,
    ImportKind.CONTRACTS: CONTRACT,
    ImportKind.CERTIFICATIONS: RESULT,
    ImportKind.REGISTRATIONS: PAST,
}


@pytest.mark.parametrize("kind", OBJECTS)
async def test_an_object_is_imported_once(database: Database, kind: ImportKind) -> None:
    await import_advisers(database, 1)

    first = await import_objects(database, kind, OBJECTS[kind])
    again = await import_objects(database, kind, OBJECTS[kind])

    assert reasons(first.rejections) == {}
    assert (counts(first), counts(again)) == ((1, 0, 0), (0, 1, 0))


async def stored_adviser(database: Database, number: int) -> dict[str, Any]:
    (row,) = [row for row in await stored_advisers(database) if row["conum_id"] == number]
    return dict(row)


async def test_a_field_that_is_absent_stays_and_null_erases_it(database: Database) -> None:
    await import_objects(database, ImportKind.ADVISERS, ADVISER)

    await import_objects(database, ImportKind.ADVISERS, {"conum_id": 7, "department": None, "first_name": None})

    row = await stored_adviser(database, 7)
    assert (row["department"], row["first_name"]) == (None, None)
    assert (row["last_name"], row["email"]) == ("Exemple", "camille@example.org")


async def test_objects_merge_and_null_erases_one_whole(database: Database) -> None:
    await import_objects(database, ImportKind.ADVISERS, ADVISER)

    await import_objects(database, ImportKind.ADVISERS, {"conum_id": 7, "initial_training": {"ended_on": None}})
    half = await stored_adviser(database, 7)
    await import_objects(database, ImportKind.ADVISERS, {"conum_id": 7, "initial_training": None})
    none = await stored_adviser(database, 7)

    names = "initial_training_entered_on", "initial_training_ended_on"
    assert [str(half[name]) for name in names] == ["2022-03-14", "None"]
    assert [none[name] for name in names] == [None, None]


async def test_a_changed_field_of_a_contract_changes_it_alone(database: Database) -> None:
    await import_advisers(database, 1)
    await import_objects(database, ImportKind.CONTRACTS, CONTRACT)
    change = {"conum_id": 1, "starts_on": "2025-01-10", "employer": {"siret": SIRET, "contact_email": None}}

    progress = await import_objects(database, ImportKind.CONTRACTS, change)

    rows = await database.many("SELECT * FROM contract WHERE starts_on = '2025-01-10'")
    assert counts(progress) == (1, 0, 0)
    assert [(row["employer_contact_email"], row["employer_name"]) for row in rows] == [(None, "Ville d’exemple")]


@pytest.mark.parametrize(
    ("kind", "wrong", "names"),
    [
        (ImportKind.ADVISERS, {"department": "99"}, {"department"}),
        (ImportKind.ADVISERS, {"email": "nobody"}, {"email"}),
        (ImportKind.CONTRACTS, {"type": "Contrat à durée indéterminée"}, {"type"}),
        (ImportKind.CONTRACTS, {"employer": {"siret": "13", "name": "A"}}, {"employer.siret", "employer.legal_form"}),
        (ImportKind.CONTRACTS, {"administrative_file.ds_file_number": "0"}, {"administrative_file.ds_file_number"}),
        (ImportKind.CERTIFICATIONS, {"outcome": "obtenu"}, {"outcome"}),
        (ImportKind.CERTIFICATIONS, {"motive": "malade"}, {"motive"}),
        (ImportKind.REGISTRATIONS, {"session": PAST["session"] | {"starts_on": "2025-05-14"}}, {"session.ends_on"}),
    ],
)  # fmt: skip
async def test_a_line_is_whole_or_says_what_the_api_would(
    database: Database, kind: ImportKind, wrong: dict[str, Any], names: set[str]
) -> None:
    await import_advisers(database, 1)
    good = OBJECTS[kind]
    bad = {name: value for name, value in good.items() if not any(other.startswith(f"{name}.") for other in wrong)}

    progress = await import_objects(database, kind, bad | wrong, "{", good)

    assert counts(progress) == (1, 0, 2)
    assert set(reasons(progress.rejections)[1]) == names
