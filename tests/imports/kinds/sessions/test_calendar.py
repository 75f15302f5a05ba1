"""A training calendar: published once, changed by its lines as PATCH changes it, deeds included."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.cli.importing import COMMAND_LINE
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.sessions.register_in_session import SessionRegistration, register_in_session
from tests.fake_clock import MORNING
from tests.imports.sample_files import (
    counts,
    csv_bytes,
    import_advisers,
    import_file,
    import_objects,
    reasons,
    stored_advisers,
)
from tests.use_cases.use_case_builders import a_request_context

MEDNUM = Client(UUID(int=7_020), Role.TRAINING_ORGANISATION, LA_MEDNUM)
OTHER = Client(UUID(int=7_021), Role.TRAINING_ORGANISATION, HISTYA)
ADMIN = Client(UUID(int=7_022), Role.ADMIN, None)
HEADINGS = (
    "Référence", "Module", "Date de début formation", "Date de fin formation", "Horaires", "Modalité", "Lieu",
    "Adresse", "Département", "Nombre de places", "Date limite d’inscription",
)  # fmt: skip
ROW = (
    "REF-1", "Cybersécurité", "17/09/2026", "18/09/2026", "9h-12h30, 13h30-17h", "Distanciel", "Tiers-lieu", "1 rue X",
    "35", "12", "10/09/2026",
)  # fmt: skip
SESSION: dict[str, Any] = {
    "reference": "REF-1",
    "module_code": "cybersecurite",
    "starts_on": "2026-09-17",
    "ends_on": "2026-09-18",
    "hours": [{"on": "2026-09-17", "from": "09:00", "until": "17:00"}],
    "format": "remote",
    "place": {"name": "Tiers-lieu", "department": "35"},
    "seats": {"minimum": 4, "maximum": 12},
    "registration_closes_on": "2026-09-10",
}


@pytest.fixture(autouse=True)
async def clients(database: Database) -> None:
    """Those who ask for deeds are known."""
    async with database.transaction() as tx:
        for client in (MEDNUM, OTHER, ADMIN):
            await add_client(tx, client, "Un client de test", MORNING)


async def calendar(database: Database, *rows: tuple[str, ...], client: Client = MEDNUM) -> tuple[Any, Any]:
    progress = await import_file(database, ImportKind.SESSIONS, csv_bytes(HEADINGS, *rows), client=client)
    return counts(progress), reasons(progress.rejections)


async def objects(database: Database, *lines: dict[str, Any], client: Client = MEDNUM) -> tuple[Any, Any]:
    progress = await import_objects(database, ImportKind.SESSIONS, *lines, client=client)
    return counts(progress), reasons(progress.rejections)


async def stored(database: Database) -> list[Row]:
    return await database.many("SELECT * FROM session ORDER BY reference")


async def deeds(database: Database) -> list[tuple[str, int]]:
    return [(row["kind"], row["concerned"]) for row in await database.many("SELECT * FROM session_deed ORDER BY id")]


async def registered(database: Database) -> Row:
    """An adviser has a seat in the only session; the registration."""
    await import_advisers(database, 1)
    (session,), (adviser,) = await stored(database), await stored_advisers(database)
    await register_in_session(database, SessionRegistration(adviser["id"], session["id"]), a_request_context())
    (row,) = await database.many("SELECT * FROM registration")
    return row


async def test_a_calendar_is_published_and_a_second_run_changes_nothing(database: Database) -> None:
    first = await calendar(database, ROW, ("REF-2", *ROW[1:]))
    before = await stored(database)
    again = await calendar(database, ROW, ("REF-2", *ROW[1:]))

    assert (first, again) == (((2, 0, 0), {}), ((0, 2, 0), {}))
    assert await stored(database) == before
    row = before[0]
    assert (row["module_code"], row["training_organisation_id"], row["format"]) == (
        "cybersecurite",
        LA_MEDNUM,
        "remote",
    )
    assert (row["starts_on"], row["ends_on"]) == (date(2026, 9, 17), date(2026, 9, 18))
    assert (row["place_name"], row["place_address"], row["place_department"]) == ("Tiers-lieu", "1 rue X", "35")
    assert (row["capacity"], row["registration_closes_on"]) == (12, date(2026, 9, 10))
    assert row["hours"].count('"from":"09:00"') == row["hours"].count('"until":"17:00"') == 2
    assert [event["type"] for event in await database.many("SELECT type FROM outbox")] == ["session.published"] * 2


async def test_objects_have_the_fields_of_the_api(database: Database) -> None:
    assert await objects(database, SESSION) == ((1, 0, 0), {})
    assert await objects(database, SESSION) == ((0, 1, 0), {})

    assert (await stored(database))[0]["seats_minimum"] == 4


async def test_a_changed_line_asks_for_the_deed_that_it_needs(database: Database) -> None:
    await objects(database, SESSION)
    registration = await registered(database)

    more_seats = await objects(database, {"reference": "REF-1", "seats": {"maximum": 14}})
    without_deed = await deeds(database)
    moved = await objects(database, SESSION | {"starts_on": "2026-09-16", "seats": {"maximum": 14}})

    assert more_seats == moved == ((1, 0, 0), {})
    assert (without_deed, await deeds(database)) == ([], [("move", 1)])
    (row,) = await stored(database)
    assert (row["capacity"], row["seats_minimum"], row["starts_on"]) == (14, 4, date(2026, 9, 16))
    assert registration["session_id"] == row["id"]
    assert [event["type"] for event in await database.many("SELECT type FROM outbox WHERE type LIKE 'session.%'")] == [
        "session.published", "session.changed",
    ]  # fmt: skip


async def test_what_is_decided_is_said_by_the_status_once(database: Database) -> None:
    await objects(database, SESSION)
    await registered(database)

    confirmed = [await objects(database, SESSION | {"status": "confirmed"}) for _ in range(2)]
    cancelled = [await objects(database, SESSION | {"status": "cancelled"}) for _ in range(2)]
    reopened = await objects(database, SESSION | {"status": "open"})

    assert confirmed == cancelled == [((1, 0, 0), {}), ((0, 1, 0), {})]
    assert await deeds(database) == [("confirmation", 1), ("cancellation", 1)]
    assert set(reopened[1][1]) == {"status"}


async def test_a_new_session_may_be_confirmed_and_one_that_is_unknown_not_cancelled(database: Database) -> None:
    published = await objects(database, SESSION | {"status": "confirmed"})
    cancelled = await objects(database, SESSION | {"reference": "REF-2", "status": "cancelled"})

    assert published == ((1, 0, 0), {})
    assert (cancelled[0], set(cancelled[1][1])) == ((0, 0, 1), {"status"})
    (row,) = await stored(database)
    assert row["confirmed_at"] is not None


async def test_an_empty_place_is_none_and_null_erases(database: Database) -> None:
    await calendar(database, ROW)

    await calendar(database, (*ROW[:6], "", "", "", "", ""))

    (row,) = await stored(database)
    assert [row[name] for name in ("place_name", "place_address", "place_department")] == [None] * 3
    assert (row["capacity"], row["registration_closes_on"]) == (1_000_000, None)


async def test_an_organisation_publishes_its_own_sessions_only(database: Database) -> None:
    theirs = await objects(database, SESSION, client=OTHER)
    own = await objects(database, SESSION)
    foreign = await objects(database, SESSION | {"training_organisation_id": str(HISTYA)})
    session = str((await database.many("SELECT id FROM session WHERE training_organisation_id = $1", HISTYA))[0]["id"])
    named = await objects(database, {"id": session, "seats": {"maximum": 3}})

    assert theirs == own == ((1, 0, 0), {})
    assert (foreign[0], set(foreign[1][1])) == ((0, 0, 1), {"training_organisation_id"})
    assert named == ((0, 0, 1), {1: {None: "Cette session est celle d’un autre organisme de formation."}})


async def test_the_command_line_asks_for_deeds_too(database: Database) -> None:
    line = SESSION | {"training_organisation_id": str(LA_MEDNUM)}
    await objects(database, line, client=COMMAND_LINE)
    await registered(database)

    moved = await objects(database, line | {"starts_on": "2026-09-16"}, client=COMMAND_LINE)

    assert (moved, await deeds(database)) == (((1, 0, 0), {}), [("move", 1)])


async def test_an_administrator_says_whose_session_it_is(database: Database) -> None:
    silent = await objects(database, SESSION, client=ADMIN)
    said = await objects(database, SESSION | {"training_organisation_id": "La Mednum"}, client=ADMIN)

    assert set(silent[1][1]) == {"training_organisation_id"}
    assert said == ((1, 0, 0), {})


async def test_two_lines_that_contradict_each_other_do_not_take_turns(database: Database) -> None:
    progress = await objects(database, SESSION, SESSION | {"seats": {"maximum": 5}}, SESSION)

    assert (progress[0], list(progress[1])) == ((1, 1, 1), [2])
    assert (await stored(database))[0]["capacity"] == 12


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"reference": None}, {"reference"}),
        ({"module_code": "animals"}, {"module_code"}),
        ({"format": "somewhere"}, {"format"}),
        ({"format": "hybrid"}, {"format"}),
        ({"ends_on": "2026-09-16", "hours": []}, {"ends_on"}),
        ({"starts_on": "2030-09-17", "ends_on": "2030-09-18", "hours": []}, {"starts_on"}),
        ({"starts_on": "2026-05-17", "hours": []}, {"starts_on"}),
        ({"seats": {"minimum": 20, "maximum": 12}}, {"seats.maximum"}),
        ({"seats": {"maximum": "douze"}}, {"seats.maximum"}),
        ({"hours": [{"on": "2026-09-20", "from": "09:00", "until": "17:00"}]}, {"hours.0.on"}),
        ({"hours": "9h-17h"}, {"hours"}),
        ({"place": {"address": "1 rue X"}}, {"place.name"}),
        ({"status": "lost"}, {"status"}),
        ({"colour": "blue"}, {"colour"}),
    ],
)  # fmt: skip
async def test_a_line_is_whole_or_says_what_the_api_would(
    database: Database, fields: dict[str, Any], names: set[str]
) -> None:
    tally, said = await objects(database, SESSION | fields, SESSION | {"reference": "REF-2"})

    assert (tally, set(said[1])) == ((1, 0, 1), names)
    assert [row["reference"] for row in await stored(database)] == ["REF-2"]


async def test_the_past_is_published_when_the_line_says_so(database: Database) -> None:
    past: dict[str, Any] = {**SESSION, "starts_on": "2026-05-18", "ends_on": "2026-05-18", "hours": []}
    past |= {"registration_closes_on": None}

    assert (await objects(database, past | {"regularisation": True}))[0] == (1, 0, 0)
    assert (await objects(database, past))[0] == (0, 1, 0)


async def test_fewer_seats_than_are_taken_reject_the_line(database: Database) -> None:
    await objects(database, SESSION | {"seats": {"maximum": 2}})
    await registered(database)
    await database.one("UPDATE session SET seats_taken = 2")

    _, said = await objects(database, SESSION | {"seats": {"maximum": 1}})

    assert said == {1: {"seats.maximum": "2 places sont prises."}}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("9h-12h30, 13h30-17h", ["09:00-12:30", "13:30-17:00"] * 2),
        ("de 09:00 à 17:00", ["09:00-17:00"] * 2),
        ("17/09/2026 9h-12h ; 13h-17h ; 18/09/2026 10h-16h", ["09:00-12:00", "13:00-17:00", "10:00-16:00"]),
        ("2026-09-18 : 9h–17h", ["09:00-17:00"]),
    ],
)
async def test_hours_are_written_as_people_do(database: Database, written: str, said: list[str]) -> None:
    assert await calendar(database, (*ROW[:4], written, *ROW[5:])) == ((1, 0, 0), {})

    rows = await database.many(
        "SELECT h ->> 'from' AS f, h ->> 'until' AS u FROM session, json_array_elements(hours) h"
    )
    assert sorted(f"{row['f']}-{row['u']}" for row in rows) == sorted(said)


@pytest.mark.parametrize(("written", "days"), [("matin", ROW[2:4]), ("9h-17h", ("18/09/2026", "21/09/2026"))])
async def test_hours_are_not_guessed(database: Database, written: str, days: tuple[str, str]) -> None:
    _, said = await calendar(database, (*ROW[:2], *days, written, *ROW[5:]))

    assert set(said[2]) == {"hours"}


async def test_the_headings_of_neighbouring_calendars_are_known(database: Database) -> None:
    content = csv_bytes(
        ("N° de session", "Intitulé de la formation", "Du", "Au", "Modalités", "Salle", "Capacité", "Statut", "Durée"),
        ("A", "Cybersécurité", "17/09/2026", "18/09/2026", "en distanciel", "", "8", "Prévue", "14"),
    )

    progress = await import_file(database, ImportKind.SESSIONS, content, client=MEDNUM)

    assert (counts(progress), reasons(progress.rejections)) == ((1, 0, 0), {})


async def test_a_dry_run_publishes_nothing(database: Database) -> None:
    content = csv_bytes(HEADINGS, ROW)

    progress = await import_file(database, ImportKind.SESSIONS, content, client=MEDNUM, dry_run=True)

    assert counts(progress) == (1, 0, 0)
    assert await stored(database) == []
