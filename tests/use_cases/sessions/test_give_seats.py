"""Seats that become free go to the first who wait; whoever waits in vain is cancelled on the first day (5ter)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.persistence.engine.database import Database, open_database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.sessions import seats
from app.use_cases.advisers.anonymise_adviser import anonymise
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.sessions.change_session import confirm_session
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain, give_next_seats
from tests.fake_clock import MORNING
from tests.live_server import PEPPER
from tests.persistence.interleaved_transactions import Gate, PausingDatabase, count_deadlocks
from tests.use_cases.sessions.session_builders import (
    a_published_session,
    assert_the_seats_are_true,
    call_off,
    cancel_one,
    change_seats,
    keep_the_platform,
    place_of,
    register_to,
    seated,
    waiting,
)
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    MODULE,
    PLATFORM,
    a_request_context,
    an_adviser_in_post,
    id_of,
    register_in,
    stored_registration,
)

ON_THE_FIRST_DAY = datetime(2026, 9, 8, 0, 1, tzinfo=UTC)
A_WEEK_LATER = ON_THE_FIRST_DAY + timedelta(days=7)


async def told_of(database: Database, registration: dict[str, Any]) -> list[str]:
    """The types of its events, in the order in which they were written."""
    rows = await database.many("SELECT type FROM outbox WHERE subject_id = $1 ORDER BY id", id_of(registration))
    return [row["type"] for row in rows]


async def one_seat_and(database: Database, waiting: int, **others: Any) -> tuple[UUID, list[dict[str, Any]]]:
    """A session of one seat, which the first of the registrations has; the others wait."""
    session = await a_published_session(database, capacity=1, **others)
    return session, [await register_to(database, session) for _ in range(1 + waiting)]


async def everything_given(database: Database) -> None:
    while await give_next_seats(database, MORNING):
        pass


async def test_a_seat_that_becomes_free_goes_to_the_first_who_waits(database: Database) -> None:
    session, (leaving, first, second) = await one_seat_and(database, 2)
    await cancel_one(database, leaving)

    assert await give_next_seats(database, MORNING)

    assert (await seated(database, session), await waiting(database, session)) == ([id_of(first)], [id_of(second)])
    assert await told_of(database, first) == ["registration.accepted", "registration.seat_given"]
    assert await told_of(database, second) == ["registration.accepted"]
    assert not await give_next_seats(database, MORNING)
    await assert_the_seats_are_true(database)


async def test_nobody_overtakes_who_waits_between_the_leaving_and_the_giving(database: Database) -> None:
    session, (leaving, first) = await one_seat_and(database, 1)
    await cancel_one(database, leaving)

    newcomer = await register_to(database, session)

    assert place_of(newcomer) == ("waiting", 2)
    await everything_given(database)
    assert await seated(database, session) == [id_of(first)]
    await assert_the_seats_are_true(database)


async def test_more_seats_go_to_as_many_as_wait_in_their_order(database: Database) -> None:
    session, registrations = await one_seat_and(database, 4)
    await change_seats(database, session, 3)

    assert await give_next_seats(database, MORNING)

    assert await seated(database, session) == [id_of(each) for each in registrations[:3]]
    assert await waiting(database, session) == [id_of(each) for each in registrations[3:]]
    await assert_the_seats_are_true(database)


async def test_a_seat_of_a_confirmed_session_convenes_whoever_gets_it(database: Database) -> None:
    session, (leaving, first) = await one_seat_and(database, 1)
    await keep_the_platform(database)
    await confirm_session(database, session, a_request_context())
    await cancel_one(database, leaving)

    await everything_given(database)

    assert await told_of(database, first) == [
        "registration.accepted",
        "registration.seat_given",
        "session.confirmed",
    ]


async def test_a_seat_of_a_confirmed_session_that_has_begun_convenes_nobody(database: Database) -> None:
    session = await a_published_session(database, starts_on=MORNING.date())
    await keep_the_platform(database)
    await confirm_session(database, session, a_request_context())

    registration = await register_to(database, session, regularisation=True)

    assert (place_of(registration), await told_of(database, registration)) == (
        ("seated", None),
        ["registration.accepted"],
    )


async def test_a_cancelled_session_gives_no_seat(database: Database) -> None:
    session, (leaving, _) = await one_seat_and(database, 1)
    await cancel_one(database, leaving)
    await call_off(database, session)

    assert not await give_next_seats(database, MORNING)
    assert await seated(database, session) == []


async def test_two_workers_at_once_give_one_seat_once(database: Database, database_url: str) -> None:
    session, (leaving, *others) = await one_seat_and(database, 3)
    await cancel_one(database, leaving)
    workers = [open_database(database_url, pool_size=4, secrets=PEPPER.secrets) for _ in range(4)]

    given = await asyncio.gather(*(give_next_seats(worker, MORNING) for worker in workers))

    assert given.count(True) == 1
    assert await seated(database, session) == [id_of(others[0])]
    assert await told_of(database, others[0]) == ["registration.accepted", "registration.seat_given"]
    await assert_the_seats_are_true(database)
    for worker in workers:
        await worker.close()
    assert await count_deadlocks(database_url) == 0


async def test_who_leaves_the_queue_while_a_seat_is_given_lets_it_go_to_the_next(database: Database) -> None:
    session, (leaving, first, second) = await one_seat_and(database, 2)
    await cancel_one(database, leaving)
    gate = Gate()
    cancelling = asyncio.create_task(cancel_one(PausingDatabase(database, gate.pause), first))
    await gate.wait_until_reached()
    giving = asyncio.create_task(give_next_seats(database, MORNING))
    await asyncio.sleep(0.05)
    gate.open()
    await cancelling

    assert not await giving
    await everything_given(database)
    assert await seated(database, session) == [id_of(second)]
    await assert_the_seats_are_true(database)


@pytest.mark.parametrize("now", [ON_THE_FIRST_DAY, A_WEEK_LATER], ids=["in time", "a week late"])
async def test_who_still_waits_on_the_first_day_is_cancelled_and_the_right_given_back(
    database: Database, now: datetime
) -> None:
    """The day of the deed is the first day of the session, however late the worker comes."""
    session, adviser = await a_published_session(database, capacity=1), await an_adviser_in_post(database)
    first = await register_to(database, session)
    in_vain = await register_to(database, session, adviser)
    earlier = await register_in(database, adviser, FIRST_DAY - timedelta(days=1))
    same_day = await register_in(database, adviser, FIRST_DAY, module="cybersecurite")

    assert await cancel_waiting_in_vain(database, now)

    row = await stored_registration(database, in_vain)
    assert (row["status"], row["motive"], row["cancelled_on"], row["unit"]) == ("cancelled", "no_seat", FIRST_DAY, None)
    assert (await stored_registration(database, earlier))["status"] == "awaiting_choice"
    promoted = await stored_registration(database, same_day)
    assert (promoted["status"], promoted["unit"]) == ("accepted", "civil_year:2026#1")
    assert (await stored_registration(database, first))["status"] == "accepted"
    cancelled = await database.one(
        "SELECT data FROM outbox WHERE type = 'registration.cancelled' AND subject_id = $1", id_of(in_vain)
    )
    assert cancelled is not None
    assert '"no_seat"' in str(cancelled["data"])
    assert not await cancel_waiting_in_vain(database, now)
    await assert_the_seats_are_true(database)


async def test_nobody_is_cancelled_for_want_of_a_seat_before_the_first_day(database: Database) -> None:
    await one_seat_and(database, 1)

    assert not await cancel_waiting_in_vain(database, ON_THE_FIRST_DAY - timedelta(days=1))


async def test_a_seat_that_is_free_on_the_first_day_is_given_to_nobody(database: Database) -> None:
    session, (leaving, _) = await one_seat_and(database, 1)
    await cancel_one(database, leaving)

    assert not await give_next_seats(database, ON_THE_FIRST_DAY)
    assert await cancel_waiting_in_vain(database, ON_THE_FIRST_DAY)
    assert await waiting(database, session) == []


async def test_who_was_given_a_seat_meanwhile_is_not_cancelled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, (leaving, first) = await one_seat_and(database, 1)
    found = await seats.waiting_in_vain(database, FIRST_DAY, 10)
    await cancel_one(database, leaving)
    await everything_given(database)

    async def as_found_before(*_: object) -> Any:
        return found

    monkeypatch.setattr(seats, "waiting_in_vain", as_found_before)
    await cancel_waiting_in_vain(database, ON_THE_FIRST_DAY)

    assert (await stored_registration(database, first))["status"] == "accepted"
    assert await seated(database, session) == [id_of(first)]


async def forget(database: Database, registration: dict[str, Any], now: datetime = MORNING) -> None:
    """Anonymise its adviser."""
    entry = AuditEntry(PLATFORM.id, "anonymiseAdviser", None, now)
    await anonymise(database, UUID(registration["adviser_id"]), ANY_VERSION, now, entry)


async def test_who_is_anonymised_leaves_their_seat_to_the_next(database: Database) -> None:
    session, (forgotten, first) = await one_seat_and(database, 1)

    await forget(database, forgotten)
    await everything_given(database)

    assert await seated(database, session) == [id_of(first)]
    row = await stored_registration(database, forgotten)
    assert (row["status"], row["version"] > forgotten["version"]) == ("accepted", True)
    await assert_the_seats_are_true(database)


async def test_nobody_waits_behind_who_was_anonymised(database: Database) -> None:
    session, (leaving, forgotten, second) = await one_seat_and(database, 2)

    await forget(database, forgotten)
    await cancel_one(database, leaving)
    await everything_given(database)

    assert await seated(database, session) == [id_of(second)]
    await assert_the_seats_are_true(database)


@pytest.mark.parametrize("first_day", [MORNING.date(), date(2026, 5, 12)], ids=["begins today", "is over"])
async def test_who_is_anonymised_keeps_the_seat_of_a_session_that_has_begun(
    database: Database, first_day: date
) -> None:
    session = await a_published_session(database, starts_on=first_day)
    registration = await register_to(database, session, regularisation=True)

    await forget(database, registration)

    assert await seated(database, session) == [id_of(registration)]


async def test_who_is_anonymised_leaves_several_sessions_at_once(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    sessions = [
        await a_published_session(database, number, module_code=module)
        for number, module in ((2, MODULE), (1, "cafe-ia"))
    ]
    registrations = [await register_to(database, session, adviser) for session in sessions]
    assert {place_of(each) for each in registrations} == {("seated", None)}

    await forget(database, registrations[0])

    assert [await seated(database, session) for session in sessions] == [[], []]
    await assert_the_seats_are_true(database)
