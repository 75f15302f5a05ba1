"""An anonymised adviser who comes back: no second right, an administrator who is told, no erasure undone."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from app.domain.facts.registration_terms import Attendance
from app.persistence.administration.import_kind import ImportKind
from app.persistence.engine.database import Database
from app.persistence.engine.database_errors import violated_constraint
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.identities.identity_digests import IdentityDigester
from app.persistence.outbox.assign_feed_positions import GLOBAL_FEED_ID
from app.persistence.outbox.event_feed import read_feed
from app.persistence.outbox.messages import list_newest_email_contexts
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.advisers.anonymise_adviser import anonymise
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.advisers.upsert_adviser import add_adviser, upsert_adviser
from app.use_cases.notifications.sequence_events import sequence_events
from app.use_cases.preconditions import ANY_VERSION, Precondition
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.wording.emails.emails import render_email
from tests.fake_clock import MORNING
from tests.imports.sample_files import ADVISERS, csv_bytes, import_file
from tests.imports.test_import_jobs import requested_import, run_imports
from tests.persistence.postgres_errors import UniqueViolation
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    NO_PRECONDITION,
    PAST_DAY,
    a_contract,
    a_request_context,
    adviser_columns,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
    response_content,
)

CONUM, EMAIL = 4_242, "camille@example.org"
RIGHT = "civil_year:2026"
LATER = FIRST_DAY + timedelta(days=1)
KNOWN = {"conum_id": CONUM, "email": EMAIL}


async def anonymised(database: Database, adviser: UUID) -> None:
    trace = AuditEntry(None, "anonymiseAdviser", None, MORNING)
    await anonymise(database, adviser, Precondition(anything=True), MORNING, trace)


async def anonymised_adviser(database: Database, **identity: Any) -> UUID:
    """The id of an adviser who used the right of the year, and was anonymised since."""
    adviser = await an_adviser_in_post(database, **(KNOWN | identity))
    assert (await register_in(database, adviser))["unit"] == f"{RIGHT}#1"
    await anonymised(database, adviser)
    return adviser


async def posted(database: Database) -> UUID:
    return UUID(response_content(await add_adviser(database, adviser_columns(**KNOWN), a_request_context()))["id"])


async def put(database: Database) -> UUID:
    adviser = uuid4()
    await upsert_adviser(database, adviser, adviser_columns(**KNOWN), NO_PRECONDITION, a_request_context())
    return adviser


async def changed(database: Database) -> UUID:
    """Added without an ID Conum, which a later PUT gives."""
    adviser = uuid4()
    nobody = adviser_columns(email="another@example.org")
    await upsert_adviser(database, adviser, nobody, NO_PRECONDITION, a_request_context())
    await upsert_adviser(database, adviser, nobody | {"conum_id": CONUM}, ANY_VERSION, a_request_context())
    return adviser


async def from_a_spreadsheet(database: Database) -> UUID:
    line = [CONUM, "Camille", "Exemple", EMAIL, "35", "14/03/2022"]
    progress = await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, line))
    assert progress.imported == 1
    return UUID(str((await row_of(database, conum_id=CONUM))["id"]))


WAYS = (posted, put, changed, from_a_spreadsheet)
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


async def row_of(database: Database, **named: Any) -> Row:
    ((name, value),) = named.items()
    row = await database.one(f"SELECT * FROM adviser WHERE {name} = $1", value)  # noqa: S608  # our own names
    assert row is not None
    return row


async def returns_told(database: Database, feed: UUID = GLOBAL_FEED_ID) -> list[Row]:
    await sequence_events(database, MORNING)
    reading = await read_feed(database, feed, after=None, limit=500, types={"adviser.returned"})
    return [orjson.loads(event)["data"] for event in reading.events]


@every_way
async def test_a_right_used_before_is_not_funded_again(database: Database, way: Any) -> None:
    await anonymised_adviser(database)

    adviser = await way(database)
    await a_contract(database, adviser)

    assert (await register_in(database, adviser, LATER))["status"] == "awaiting_choice"
    assert (await row_of(database, id=adviser))["former_units"] == [f"{RIGHT}#1"]
    assert len(await assert_every_decision_replays(database)) == 2


async def test_red_run_without_the_digests_a_second_right_is_given(database: Database) -> None:
    await anonymised_adviser(database)
    await database.one("DELETE FROM former_identity")

    adviser = await posted(database)
    await a_contract(database, adviser)

    assert (await register_in(database, adviser, LATER))["unit"] == f"{RIGHT}#1"


async def test_initial_training_is_funded_once(database: Database) -> None:
    adviser = await an_adviser_in_post(database, **KNOWN, initial_training_entered_on=None)
    first = await register_in(database, adviser, PAST_DAY, INITIAL)
    await mark_attendance(database, id_of(first), AttendanceReport(Attendance.COMPLETED), a_request_context())
    await anonymised(database, adviser)

    back = response_content(
        await add_adviser(database, adviser_columns(**KNOWN, initial_training_entered_on=None), a_request_context())
    )
    await a_contract(database, UUID(back["id"]))
    again = await register_in(database, UUID(back["id"]), FIRST_DAY, INITIAL)
    module = await register_in(database, UUID(back["id"]), LATER)

    assert again["status"] == "refused"
    assert [reason["code"] for reason in orjson.loads(again["reasons"])] == ["initial_training_already_funded"]
    assert module["unit"] == "first_year#1"


async def test_what_a_nightly_put_does_not_say_stays_counted(database: Database) -> None:
    await anonymised_adviser(database)
    adviser = await put(database)
    await upsert_adviser(
        database, adviser, adviser_columns(**KNOWN, last_name="Autre"), ANY_VERSION, a_request_context()
    )
    await from_a_spreadsheet_again(database)
    await a_contract(database, adviser)

    assert (await register_in(database, adviser, LATER))["status"] == "awaiting_choice"


async def from_a_spreadsheet_again(database: Database) -> None:
    lines = [[CONUM, "Camille", "Autrement", EMAIL, "35", "14/03/2022"], [7, "Dominique", "Neuf", None, "35", None]]
    assert (await import_file(database, ImportKind.ADVISERS, csv_bytes(ADVISERS, *lines))).imported == 2


async def test_what_was_carried_over_is_not_there_twice(database: Database) -> None:
    adviser = await an_adviser_in_post(database, **KNOWN)
    await grant_carry_over(
        database, adviser, CarryOverGrant("civil_year:2025", 1, "Congé", day("2026-01-12")), a_request_context()
    )
    assert (await register_in(database, adviser))["unit"] == "carry_over:civil_year:2025#1"
    await anonymised(database, adviser)

    back = await posted(database)
    await a_contract(database, back)
    units = [(await register_in(database, back, LATER + timedelta(number)))["unit"] for number in range(2)]

    assert units == [f"{RIGHT}#1", None]
    carried = await database.many("SELECT bucket, motive FROM carry_over WHERE adviser_id = $1", back)
    assert [tuple(row.values()) for row in carried] == [("civil_year:2025", "(effacé)")]


async def test_a_session_to_come_that_used_the_right_twice_is_decided_again(database: Database) -> None:
    await anonymised_adviser(database)
    adviser = await an_adviser_in_post(database, email="another@example.org")
    accepted = await register_in(database, adviser, LATER)

    await upsert_adviser(
        database,
        adviser,
        adviser_columns(conum_id=CONUM, email="another@example.org"),
        ANY_VERSION,
        a_request_context(),
    )

    row = await database.one("SELECT status, unit FROM registration WHERE id = $1", id_of(accepted))
    assert accepted["unit"] == f"{RIGHT}#1"
    assert row is not None
    assert (row["status"], row["unit"]) == ("awaiting_choice", None)
    assert (await row_of(database, id=adviser))["former_units"] == [f"{RIGHT}#2"]
    await assert_every_decision_replays(database)


async def test_whoever_comes_back_once_more_has_used_it_still(database: Database) -> None:
    await anonymised_adviser(database)
    await anonymised(database, await posted(database))

    adviser = await posted(database)

    assert (await row_of(database, id=adviser))["former_units"] == [f"{RIGHT}#1"]


async def test_the_record_counts_it_and_names_no_registration(database: Database) -> None:
    former = await anonymised_adviser(database)
    adviser = await posted(database)

    rows = await database.many("SELECT row_to_json(a)::text AS held FROM adviser a WHERE id = $1", adviser)
    links = await database.many("SELECT adviser_id FROM former_identity")
    erased = await row_of(database, id=former)

    assert str(former) not in rows[0]["held"]
    assert {link["adviser_id"] for link in links} == {adviser}
    assert [erased[name] for name in ("conum_id", "first_name", "last_name", "email")] == [None] * 4


@every_way
async def test_the_administrator_and_the_platform_are_told_by_ids(database: Database, way: Any) -> None:
    await anonymised_adviser(database)

    await way(database)

    assert await returns_told(database) == [
        {
            "recognised_by": "conum_id",
            "anonymised_on": "2026-06-15",
            "entitlements": [RIGHT],
            "initial_training_entered_on": "2022-03-14",
        }
    ]
    assert await returns_told(database, LA_MEDNUM) == []


async def test_the_support_is_written_to(database: Database) -> None:
    await anonymised_adviser(database)
    adviser = await posted(database)
    await returns_told(database)

    (row,) = [row for row in await list_newest_email_contexts(database, 10) if row["type"] == "adviser.returned"]
    letter = render_email(row, "nobody@example.org", "https://inscriptions.example.org")

    assert (row["recipient"], letter.address) == ("support", "support@example.org")
    assert str(adviser) in letter.text
    assert "droit de l’année 2026" in " ".join(letter.text.split())
    assert "Camille" not in letter.text


async def test_the_same_e_mail_alone_counts_nothing_and_is_told(database: Database) -> None:
    await anonymised_adviser(database)

    adviser = await an_adviser_in_post(database, email=EMAIL.upper())

    assert (await register_in(database, adviser, LATER))["unit"] == f"{RIGHT}#1"
    (event,) = await returns_told(database)
    assert (event["recognised_by"], event["entitlements"]) == ("email", [RIGHT])


async def test_nothing_is_told_of_somebody_else_nor_again(database: Database) -> None:
    await anonymised_adviser(database)
    await an_adviser_in_post(database, conum_id=CONUM + 1, email="somebody.else@example.org")
    adviser = await posted(database)
    await upsert_adviser(
        database, adviser, adviser_columns(**KNOWN, first_name="Dominique"), ANY_VERSION, a_request_context()
    )

    assert len(await returns_told(database)) == 1


async def test_a_digest_tells_nothing_without_its_key(database: Database) -> None:
    await anonymised_adviser(database)

    rows = await database.many("SELECT kind, digest FROM former_identity ORDER BY kind")

    guessed = IdentityDigester(b"a key of somebody else's")
    assert [row["kind"] for row in rows] == ["conum_id", "email"]
    assert {row["digest"] for row in rows}.isdisjoint(
        {guessed.digest(f"conum_id:{CONUM}"), guessed.digest(f"email:{EMAIL}")}
    )


async def test_a_file_that_waited_does_not_bring_back_who_was_anonymised_meanwhile(database: Database) -> None:
    adviser = await an_adviser_in_post(database, **KNOWN)
    job = await requested_import(
        database, csv_bytes(ADVISERS, [CONUM, "Camille", "Exemple", EMAIL, "35", "14/03/2022"])
    )
    await anonymised(database, adviser)

    await run_imports(database)

    row = await database.one("SELECT imported, rejected FROM import_job WHERE id = $1", job)
    left = await database.one("SELECT count(*) AS lines FROM import_reject")
    assert row is not None
    assert left is not None
    assert (row["imported"], row["rejected"], left["lines"]) == (0, 1, 0)


async def _both_units(database: Database, adviser: UUID, first: str, second: str) -> tuple[BaseException | None, ...]:
    """Two transactions that both write before either commits, without a lock of the service."""
    begun = asyncio.Event()

    async def take(statement: str, *, waits: bool) -> None:
        async with database.transaction() as tx:
            if waits:
                await begun.wait()
            await tx.run(statement, adviser)
            begun.set()
            if not waits:
                await asyncio.sleep(0.1)

    one, other = await asyncio.gather(take(first, waits=False), take(second, waits=True), return_exceptions=True)
    return one, other


HAND_OVER = "UPDATE adviser SET former_units = ARRAY['civil_year:2026#1'] WHERE id = $1"
TAKE = "UPDATE registration SET unit = 'civil_year:2026#1', funding = 'state' WHERE adviser_id = $1"
INSERT = """INSERT INTO registration SELECT (json_populate_record(r, json_build_object('id', gen_random_uuid(),
    'session_starts_on', date '2026-10-01', 'session_ends_on', date '2026-10-01', 'unit', 'civil_year:2026#1',
    'funding', 'state', 'status', 'accepted'))).* FROM registration r WHERE adviser_id = $1"""


@pytest.fixture
async def waiting(database: Database) -> UUID:
    """An adviser with one registration that has no unit."""
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    await database.one("UPDATE registration SET unit = NULL, funding = NULL WHERE adviser_id = $1", adviser)
    return adviser


@pytest.mark.parametrize(
    ("first", "second"),
    [(HAND_OVER, TAKE), (HAND_OVER, INSERT), (TAKE, HAND_OVER), (INSERT, HAND_OVER)],
    ids=["taken after", "registered after", "taken before", "registered before"],
)
async def test_the_database_itself_gives_a_unit_used_before_to_nobody(
    database: Database, waiting: UUID, first: str, second: str
) -> None:
    await database.one(first, waiting)

    with pytest.raises(UniqueViolation) as refused:
        await database.one(second, waiting)

    assert violated_constraint(refused.value) == "former_unit"


async def test_a_registration_and_a_return_that_meet_do_not_both_have_it(database: Database, waiting: UUID) -> None:
    first, second = await _both_units(database, waiting, INSERT, HAND_OVER)

    assert (first, type(second)) == (None, UniqueViolation)


async def test_red_run_without_the_trigger_the_unit_has_two_holders(
    database: Database, owner: Database, waiting: UUID
) -> None:
    await owner.one("DROP TRIGGER former_unit ON registration")
    await owner.one("DROP TRIGGER former_unit ON adviser")

    assert await _both_units(database, waiting, INSERT, HAND_OVER) == (None, None)
