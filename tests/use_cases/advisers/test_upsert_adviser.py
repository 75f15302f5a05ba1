from uuid import uuid4

import pytest

from app.persistence.engine.database import Database
from app.persistence.registrations.registrations import list_decisions
from app.use_cases.advisers.upsert_adviser import add_adviser, upsert_adviser
from app.use_cases.errors import ConumIdTaken, PreconditionFailed, PreconditionRequired
from app.use_cases.preconditions import ANY_VERSION, Precondition
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    NO_PRECONDITION,
    PAST_DAY,
    a_request_context,
    adviser_columns,
    an_adviser,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
    response_content,
    stored_registration,
)

LATER = MORNING.replace(hour=18)


async def test_an_adviser_kept_under_a_new_id_is_new_and_the_second_time_is_not(database: Database) -> None:
    adviser = uuid4()

    first, is_new = await upsert_adviser(database, adviser, adviser_columns(), NO_PRECONDITION, a_request_context())
    _, is_new_again = await upsert_adviser(database, adviser, adviser_columns(), ANY_VERSION, a_request_context())

    assert (is_new, is_new_again) == (True, False)
    assert (first["id"], first["version"], first["created_at"]) == (adviser, 1, MORNING)


async def test_an_adviser_kept_as_is_keeps_its_version_and_tells_nobody(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    told_so_far = await database.many("SELECT id FROM outbox")

    row, _ = await upsert_adviser(database, adviser, adviser_columns(), ANY_VERSION, a_request_context(now=LATER))

    assert (row["version"], row["updated_at"]) == (1, MORNING)
    assert await database.many("SELECT id FROM outbox") == told_so_far


async def test_a_change_raises_the_version_and_dates_it(database: Database) -> None:
    adviser = await an_adviser(database)

    row, _ = await upsert_adviser(
        database,
        adviser,
        adviser_columns(last_name="Autre"),
        Precondition(frozenset({1})),
        a_request_context(now=LATER),
    )

    assert (row["last_name"], row["version"]) == ("Autre", 2)
    assert (row["created_at"], row["updated_at"]) == (MORNING, LATER)


async def test_an_adviser_who_exists_is_not_changed_by_whoever_does_not_say_which_version(database: Database) -> None:
    adviser = await an_adviser(database)

    with pytest.raises(PreconditionRequired):
        await upsert_adviser(
            database, adviser, adviser_columns(last_name="Autre"), NO_PRECONDITION, a_request_context()
        )


async def test_a_stale_version_is_told_the_present_one(database: Database) -> None:
    adviser = await an_adviser(database)
    await upsert_adviser(database, adviser, adviser_columns(last_name="Autre"), ANY_VERSION, a_request_context())

    with pytest.raises(PreconditionFailed) as stale:
        await upsert_adviser(database, adviser, adviser_columns(), Precondition(frozenset({1})), a_request_context())

    assert stale.value.version == 2


async def test_an_id_conum_is_not_given_to_a_second_adviser(database: Database) -> None:
    await an_adviser(database, conum_id=12)
    other = await an_adviser(database, conum_id=13)

    with pytest.raises(ConumIdTaken):
        await add_adviser(database, adviser_columns(conum_id=12), a_request_context())
    with pytest.raises(ConumIdTaken):
        await upsert_adviser(database, uuid4(), adviser_columns(conum_id=12), NO_PRECONDITION, a_request_context())
    with pytest.raises(ConumIdTaken):
        await upsert_adviser(database, other, adviser_columns(conum_id=12), ANY_VERSION, a_request_context())
    kept, _ = await upsert_adviser(database, other, adviser_columns(conum_id=13), ANY_VERSION, a_request_context())
    assert kept["version"] == 1


async def test_an_added_adviser_is_given_an_id_that_sorts_by_time(database: Database) -> None:
    first, second = [
        response_content(await add_adviser(database, adviser_columns(), a_request_context())) for _ in range(2)
    ]

    assert first["id"] < second["id"]


async def test_a_history_of_initial_training_made_known_admits_what_waits_for_it(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    refused = await register_in(database, adviser)

    await upsert_adviser(database, adviser, adviser_columns(), ANY_VERSION, a_request_context())

    assert (await stored_registration(database, refused))["status"] == "refused"
    (event,) = await database.many("SELECT type FROM outbox WHERE subject_version = 1 ORDER BY id DESC LIMIT 1")
    assert event["type"] == "registration.regularisable"


async def test_a_history_moved_has_sessions_to_come_decided_again_and_leaves_those_begun(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    begun = await register_in(database, adviser, PAST_DAY)
    to_come = await register_in(database, adviser, day("2027-02-02"))

    await upsert_adviser(
        database,
        adviser,
        adviser_columns(initial_training_entered_on=day("2026-06-01")),
        ANY_VERSION,
        a_request_context(),
    )

    assert (await stored_registration(database, begun))["unit"] == "civil_year:2026#1"
    assert (await stored_registration(database, to_come))["unit"] == "first_year#1"
    causes = [row["cause"] for row in await list_decisions(database, id_of(to_come))]
    assert causes == ["initial_training_changed", "request"]


async def test_a_history_withdrawn_refuses_what_rested_on_it(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    resting = await register_in(database, adviser)

    await upsert_adviser(
        database, adviser, adviser_columns(initial_training_entered_on=None), ANY_VERSION, a_request_context()
    )

    row = await stored_registration(database, resting)
    assert (row["status"], row["funding"], row["payer"], row["unit"]) == ("refused", None, None, None)


async def test_a_second_initial_training_is_refused_to_whoever_entered_one_here(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    first = await register_in(database, adviser, FIRST_DAY, INITIAL)
    second = await register_in(database, adviser, day("2026-10-06"), INITIAL)

    assert (first["status"], second["status"]) == ("accepted", "refused")
