"""A seat has one holder, however many ask at once; and each protection is seen to fail when it is taken away."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.persistence.engine.connection_pool import SERVICE_ROLE
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.sessions import seats
from app.use_cases.sessions.give_seats import give_next_seats
from app.use_cases.sessions.register_in_session import register_in_session
from tests import forks
from tests.fake_clock import MORNING
from tests.live_server import LiveServer, idempotency_headers
from tests.persistence.interleaved_transactions import (
    Gate,
    PausingDatabase,
    count_deadlocks,
    no_pause,
    wait_until_blocked_by,
)
from tests.persistence.postgres_errors import CheckViolation, UniqueViolation, constraint_of
from tests.use_cases.registrations.racing_process import PROCESSES
from tests.use_cases.sessions.session_builders import (
    TWELVE,
    a_published_session,
    a_session_registration,
    assert_the_seats_are_true,
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
    a_request_context,
    an_adviser_in_post,
    id_of,
    response_content,
)

AT_ONCE = 200
MODULE = "tests.use_cases.sessions.racing_session_process"
# The seat is counted first, and the session locked afterwards.
TAKE_WITHOUT_THE_LOCK = """WITH here AS (
    SELECT id, capacity, arrivals + 1 AS arrivals, confirmed_at,
        seats_taken + (seats_waiting = 0 AND seats_taken < capacity)::int AS seats_taken,
        seats_waiting + 1 - (seats_waiting = 0 AND seats_taken < capacity)::int AS seats_waiting
    FROM session WHERE id = $1 AND cancelled_at IS NULL AND ($4::int IS NULL OR version = $4)
), counted AS (
    UPDATE session SET arrivals = here.arrivals, seats_taken = here.seats_taken, seats_waiting = here.seats_waiting,
        updated_at = $3 FROM here WHERE session.id = here.id
)
INSERT INTO seat (registration_id, session_id, capacity, arrival, number)
SELECT $2, id, capacity, arrivals, CASE WHEN seats_waiting = 0 THEN seats_taken END FROM here
RETURNING NULL::bigint AS place, false AS is_confirmed"""


async def advisers_in_post(database: Database, count: int) -> list[UUID]:
    return [*await asyncio.gather(*(an_adviser_in_post(database) for _ in range(count)))]


async def ask(served: LiveServer, requests: list[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
    """All at once, as the training organisation whose sessions they are."""
    headers = {"Authorization": f"Bearer {served.keys['training_organisation']}"}
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=60, limits=limits) as client:
        return await asyncio.gather(
            *(
                client.request(method, path, json=body, headers=idempotency_headers() | {"If-Match": "*"})
                for method, path, body in requests
            )
        )


def registering(adviser: UUID, session: UUID) -> tuple[str, str, dict[str, Any]]:
    body = {"adviser_id": str(adviser), "session_id": str(session), "requested_on": "2026-04-01"}
    return "POST", "/v1/registrations", body


async def test_two_hundred_requests_at_once_for_twelve_seats_over_http(
    database: Database, own_service: LiveServer
) -> None:
    advisers, session = await advisers_in_post(database, AT_ONCE), await a_published_session(database)

    answers = await ask(own_service, [registering(adviser, session) for adviser in advisers])

    assert Counter(answer.status_code for answer in answers) == {201: AT_ONCE}
    places = Counter((answer.json()["seat"]["status"], answer.json()["seat"]["place"]) for answer in answers)
    expected: Counter[tuple[str, int | None]] = Counter({("seated", None): TWELVE})
    assert places == expected | Counter(("waiting", place) for place in range(1, AT_ONCE - TWELVE + 1))
    told = {answer.json()["seat"]["place"]: UUID(answer.json()["id"]) for answer in answers}
    assert await waiting(database, session) == [told[place] for place in range(1, AT_ONCE - TWELVE + 1)]
    await assert_the_seats_are_true(database)
    assert await count_deadlocks(own_service.database_url) == 0


async def test_cancellations_moves_and_other_seats_beside_two_hundred_requests_over_http(
    database: Database, own_service: LiveServer
) -> None:
    session, other = await a_published_session(database), await a_published_session(database, capacity=3)
    advisers = await advisers_in_post(database, AT_ONCE)
    first = [await register_to(database, session, adviser) for adviser in advisers[:30]]
    requests = [registering(adviser, session) for adviser in advisers[30:]]
    requests += [("POST", f"/v1/registrations/{each['id']}/cancellation", {}) for each in first[:10]]
    requests += [("PATCH", f"/v1/registrations/{each['id']}", {"session_id": str(other)}) for each in first[10:20]]
    await keep_the_platform(database)
    changes = [change_seats(database, session, capacity) for capacity in (20, 15, 30, 25)]
    giving = [give_next_seats(database, MORNING) for _ in range(8)]

    answers, changed = await asyncio.gather(
        ask(own_service, requests), asyncio.gather(*changes, *giving, return_exceptions=True)
    )

    assert Counter(answer.status_code for answer in answers) == {201: AT_ONCE - 30, 200: 20}
    assert {type(each).__name__ for each in changed} <= {"NoneType", "bool", "SeatsTaken"}
    await assert_the_seats_are_true(database)
    while await give_next_seats(database, MORNING):
        pass
    await assert_the_seats_are_true(database)
    row = await database.one("SELECT capacity, seats_taken, seats_waiting FROM session WHERE id = $1", session)
    assert row is not None
    assert row["seats_taken"] == row["capacity"]
    assert row["seats_waiting"] > 0
    assert len(await seated(database, other)) == 3
    assert await count_deadlocks(own_service.database_url) == 0


async def test_several_processes_at_once_never_overbook_nor_wait_for_each_other(
    database: Database, database_url: str, owner: Database
) -> None:
    await owner.one("CREATE TABLE racing_process ()")
    await owner.one(f"GRANT SELECT, INSERT ON racing_process TO {SERVICE_ROLE}")
    await keep_the_platform(database)
    for number in range(1, 4):
        await a_published_session(database, number, capacity=3)
    await advisers_in_post(database, 60)

    processes = [forks.start(MODULE, database_url, str(seed)) for seed in range(PROCESSES)]

    assert [process.wait(120) for process in processes] == [0] * PROCESSES
    await assert_the_seats_are_true(database)
    rows = await database.many("SELECT count(*) AS many FROM seat GROUP BY session_id")
    assert len(rows) == 3
    await database.close()
    assert await count_deadlocks(database_url) == 0


async def test_who_comes_second_waits_for_the_first_to_commit_and_comes_after(database: Database) -> None:
    session, gate = await a_published_session(database, capacity=1), Gate()
    advisers = await advisers_in_post(database, 2)
    first = asyncio.create_task(register_to(PausingDatabase(database, no_pause, gate.pause), session, advisers[0]))
    await gate.wait_until_reached()
    second = asyncio.create_task(register_to(database, session, advisers[1]))

    await wait_until_blocked_by(database, gate.pid)
    gate.open()

    assert [place_of(await each) for each in (first, second)] == [("seated", None), ("waiting", 1)]


async def test_who_gives_up_before_the_commit_takes_no_place(database: Database) -> None:
    session, gate = await a_published_session(database, capacity=1), Gate()
    advisers = await advisers_in_post(database, 2)
    first = asyncio.create_task(register_to(PausingDatabase(database, no_pause, gate.pause), session, advisers[0]))
    await gate.wait_until_reached()
    second = asyncio.create_task(register_to(database, session, advisers[1]))
    await wait_until_blocked_by(database, gate.pid)

    first.cancel()

    assert place_of(await second) == ("seated", None)
    await assert_the_seats_are_true(database)


async def test_a_registration_to_another_session_waits_for_nobody(database: Database) -> None:
    session, other, gate = await a_published_session(database), await a_published_session(database), Gate()
    advisers = await advisers_in_post(database, 2)
    first = asyncio.create_task(register_to(PausingDatabase(database, no_pause, gate.pause), session, advisers[0]))
    await gate.wait_until_reached()

    assert place_of(await register_to(database, other, advisers[1])) == ("seated", None)
    assert not first.done()
    gate.open()
    await first


@pytest.mark.parametrize("refused", [False, True], ids=["seated", "refused"])
async def test_a_session_that_is_moved_while_one_registers_is_read_again(database: Database, *, refused: bool) -> None:
    """The registration has the days that the session has once it is written."""
    session, gate = await a_published_session(database), Gate()
    await keep_the_platform(database)
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None if refused else FIRST_DAY)
    later = FIRST_DAY + timedelta(days=7)
    moving = asyncio.create_task(
        change_seats(PausingDatabase(database, no_pause, gate.pause), session, TWELVE, starts_on=later)
    )
    await gate.wait_until_reached()
    registering = asyncio.create_task(register_to(database, session, adviser))
    await wait_until_blocked_by(database, gate.pid)
    gate.open()
    await moving

    answer = await registering

    assert (answer["status"] == "refused") is refused
    assert answer["session_starts_on"] == str(later)
    await assert_the_seats_are_true(database)


async def two_for_one_seat(database: Database) -> tuple[UUID, Sequence[ReplayableResponse | BaseException]]:
    """The second reads while the first has taken the seat and not committed."""
    session, gate = await a_published_session(database, capacity=1), Gate()
    advisers = await advisers_in_post(database, 2)

    def registering(adviser: UUID, into: Database) -> asyncio.Task[ReplayableResponse]:
        return asyncio.create_task(
            register_in_session(into, a_session_registration(adviser, session), a_request_context())
        )

    first = registering(advisers[0], PausingDatabase(database, gate.pause))
    await gate.wait_until_reached()
    second = registering(advisers[1], database)
    await wait_until_blocked_by(database, gate.pid)
    gate.open()
    return session, await asyncio.gather(first, second, return_exceptions=True)


async def test_of_two_for_one_seat_the_second_waits(database: Database) -> None:
    session, answers = await two_for_one_seat(database)

    contents = [response_content(each) for each in answers if isinstance(each, ReplayableResponse)]
    assert [place_of(each) for each in contents] == [("seated", None), ("waiting", 1)]
    assert len(await seated(database, session)) == 1


async def test_red_run_without_the_lock_the_constraint_refuses_the_second_holder(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "TAKE", TAKE_WITHOUT_THE_LOCK)

    session, (first, second) = await two_for_one_seat(database)

    assert isinstance(first, ReplayableResponse)
    assert isinstance(second, UniqueViolation)
    assert constraint_of(second) == "uq_seat_number"
    assert len(await seated(database, session)) == 1


async def test_red_run_without_lock_and_constraint_the_session_is_overbooked(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "TAKE", TAKE_WITHOUT_THE_LOCK)
    await owner.one("ALTER TABLE seat DROP CONSTRAINT uq_seat_number")

    session, answers = await two_for_one_seat(database)

    assert {type(answer) for answer in answers} == {ReplayableResponse}
    assert len(await seated(database, session)) == 2
    with pytest.raises(AssertionError):
        await assert_the_seats_are_true(database)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE session SET capacity = 2", "ck_session_seats"),
        ("UPDATE session SET capacity = 2, seats_taken = 2", "ck_seat_number"),
        ("UPDATE session SET seats_taken = 4", "ck_session_seats"),
        ("UPDATE seat SET number = number + 1", "ck_seat_number"),
    ],
)
async def test_whatever_the_program_does_no_seat_is_beyond_those_there_are(
    database: Database, owner: Database, statement: str, constraint: str
) -> None:
    session = await a_published_session(database, capacity=3)
    for _ in range(3):
        await register_to(database, session)

    with pytest.raises(CheckViolation) as raised:
        await owner.one(statement)

    assert constraint_of(raised.value) == constraint


async def test_without_a_race_seats_are_left_and_given_as_ever(database: Database) -> None:
    session = await a_published_session(database, capacity=1)
    first, second = [await register_to(database, session) for _ in range(2)]
    await cancel_one(database, first)
    await give_next_seats(database, MORNING)

    assert await seated(database, session) == [id_of(second)]
