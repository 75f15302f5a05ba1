"""Attendance from a file: each line as when it is recorded alone, for the registrations of whoever sends it."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.imports.sample_files import (
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    import_objects,
    reasons,
    stored_advisers,
)
from tests.use_cases.use_case_builders import day, register_in

MEDNUM = Client(UUID(int=7_030), Role.TRAINING_ORGANISATION, LA_MEDNUM)
OTHER = Client(UUID(int=7_031), Role.TRAINING_ORGANISATION, HISTYA)
ADMIN = Client(UUID(int=7_032), Role.ADMIN, None)
PAST = "2026-05-18"


@pytest.fixture
async def registration(database: Database) -> Row:
    """Of the adviser 1, in a session of La Mednum that is over, whose reference is REF-1; the adviser 2 has none."""
    await import_advisers(database, 1, 2)
    adviser = (await stored_advisers(database))[0]["id"]
    await register_in(database, adviser, day(PAST))
    await database.one("UPDATE registration SET session_reference = 'REF-1'")
    (row,) = await database.many("SELECT * FROM registration")
    return row


async def recorded(database: Database, *lines: dict[str, Any], client: Client = MEDNUM) -> tuple[Any, Any]:
    progress = await import_objects(database, ImportKind.ATTENDANCE, *lines, client=client)
    return counts(progress), reasons(progress.rejections)


async def status(database: Database) -> str:
    (row,) = await database.many("SELECT status FROM registration")
    return str(row["status"])


async def test_attendance_is_recorded_once(database: Database, registration: Row) -> None:
    line = {"registration_id": str(registration["id"]), "outcome": "completed"}

    assert [await recorded(database, line) for _ in range(2)] == [((1, 0, 0), {}), ((0, 1, 0), {})]

    assert await status(database) == "completed"
    (report,) = await database.many("SELECT * FROM attendance_record")
    assert report["recorded_by"] == MEDNUM.id


@pytest.mark.usefixtures("registration")
async def test_a_sheet_names_the_session_and_the_adviser(database: Database) -> None:
    content = csv_bytes(
        ("Référence de session", "Id conseiller", "Nom", "Présence", "Motif", "Remarque"),
        ("REF-1", 1, "Exemple 1", "Absence justifiée", "Certificat médical", "vu"),
    )

    progress = await import_file(database, ImportKind.ATTENDANCE, content, client=MEDNUM)

    assert (counts(progress), reasons(progress.rejections)) == ((1, 0, 0), {})
    (report,) = await database.many("SELECT outcome, motive, note FROM attendance_record")
    assert [*report.values()] == ["absent_justified", "medical_certificate", "vu"]


async def test_the_days_missed_are_told_by_objects(database: Database, registration: Row) -> None:
    missed = [{"on": PAST, "justified": False}]
    line = {"registration_id": str(registration["id"]), "outcome": "completed", "absences": missed}

    assert await recorded(database, line) == ((1, 0, 0), {})
    assert await recorded(database, line | {"absences": [{"on": "2026-05-20", "justified": True}], "motive": "x"}) == (
        (0, 0, 1),
        {1: {"absences.0.on": "D’une session suivie, les jours manqués vont du 18 mai 2026 au 18 mai 2026, chacun une "
            "seule fois."}},
    )  # fmt: skip


async def test_a_registration_that_is_another_s_and_one_that_is_nobody_s_are_told_alike(
    database: Database, registration: Row
) -> None:
    lines = [{"registration_id": each, "outcome": "completed"} for each in (str(registration["id"]), str(uuid4()))]

    tally, said = await recorded(database, *lines, client=OTHER)

    assert (tally, said[1]) == ((0, 0, 2), said[2])
    assert await status(database) == "accepted"


@pytest.mark.usefixtures("registration")
async def test_an_adviser_without_a_registration_there_is_told_as_nobody(database: Database) -> None:
    hidden, nobody = ({"session_reference": "REF-1", "conum_id": each, "outcome": "completed"} for each in (2, 999))

    _, said = await recorded(database, hidden, nobody)

    assert said[1] == said[2]
    assert set(said[1]) == {"conum_id"}


async def test_a_line_that_names_somebody_else_beside_the_registration_is_rejected(
    database: Database, registration: Row
) -> None:
    line = {"registration_id": str(registration["id"]), "outcome": "completed"}

    wrong, right = await recorded(database, line | {"conum_id": 2}), await recorded(database, line | {"conum_id": 1})

    assert wrong == ((0, 0, 1), {1: {"conum_id": "Cette inscription est celle d’un autre conseiller."}})
    assert right == ((1, 0, 0), {})


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"session_reference": None}, {"session_reference"}),
        ({"session_reference": "REF-2"}, {"session_reference"}),
        ({"outcome": "maybe"}, {"outcome"}),
        ({"outcome": None}, {"outcome"}),
        ({"outcome": "absent_justified"}, {"motive"}),
        ({"outcome": "absent_justified", "motive": "flemme"}, {"motive"}),
        ({"absences": [{"on": PAST}]}, {"absences.0.justified"}),
        ({"colour": "blue"}, {"colour"}),
    ],
)
@pytest.mark.usefixtures("registration")
async def test_a_line_is_whole_or_says_what_the_api_would(
    database: Database, fields: dict[str, Any], names: set[str]
) -> None:
    line = {"session_reference": "REF-1", "conum_id": 1, "outcome": "completed"}

    tally, said = await recorded(database, line | fields)

    assert (tally, set(said[1])) == ((0, 0, 1), names)
    assert await status(database) == "accepted"


@pytest.mark.usefixtures("registration")
async def test_two_lines_that_contradict_each_other_do_not_take_turns(database: Database) -> None:
    line = {"session_reference": "REF-1", "conum_id": 1}

    tally, said = await recorded(
        database, line | {"outcome": "completed"}, line | {"outcome": "absent_unjustified", "motive": "erreur"}
    )

    assert (tally, list(said)) == ((1, 0, 1), [2])
    assert await status(database) == "completed"


async def test_an_organisation_corrects_within_the_days_and_an_administrator_always(
    database: Database, registration: Row
) -> None:
    line = {"registration_id": str(registration["id"])}
    await recorded(database, line | {"outcome": "completed"})
    await database.one("UPDATE attendance_record SET recorded_at = recorded_at - interval '40 days'")
    correction = line | {"outcome": "absent_unjustified", "motive": "erreur de saisie"}

    late, corrected = await recorded(database, correction), await recorded(database, correction, client=ADMIN)

    assert (late[0], corrected) == ((0, 0, 1), ((1, 0, 0), {}))
    assert await status(database) == "absent_unjustified"


async def test_a_session_to_come_has_no_attendance(database: Database) -> None:
    await import_advisers(database, 1)
    await register_in(database, (await stored_advisers(database))[0]["id"], date(2026, 9, 17))
    await database.one("UPDATE registration SET session_reference = 'REF-1'")

    _, said = await recorded(database, {"session_reference": "REF-1", "conum_id": 1, "outcome": "completed"})

    assert said == {1: {None: "La session commence le 17 septembre 2026."}}


@pytest.mark.usefixtures("registration")
async def test_an_absence_without_more_is_not_guessed(database: Database) -> None:
    content = csv_bytes(("Référence de session", "Id conseiller", "Présence"), ("REF-1", 1, "Absent"))

    progress = await import_file(database, ImportKind.ATTENDANCE, content, client=MEDNUM)

    assert set(reasons(progress.rejections)[2]) == {"outcome"}
