"""Hot sessions do not slow others: however many want seats of one, two at once hold a connection of the process."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.persistence.engine.database import MAX_WRITERS, Database
from app.use_cases.sessions.session_turns import TURNS_AT_ONCE, SessionTurns
from tests.persistence.interleaved_transactions import Gate, PausingDatabase, no_pause, wait_until_blocked_by
from tests.use_cases.registrations.batch_builders import a_batch_context, register_in_a_batch
from tests.use_cases.sessions.session_builders import a_published_session, assert_the_seats_are_true, register_to
from tests.use_cases.use_case_builders import a_new_registration, an_adviser_in_post, response_content

CROWD = MAX_WRITERS + 4


async def a_crowd_before_a_session(database: Database, turns: SessionTurns) -> tuple[Gate, list[asyncio.Task[object]]]:
    """As many as take every connection there is to write on want a seat; the first stands still with the session
    locked."""
    session, gate = await a_published_session(database), Gate()
    advisers = [await an_adviser_in_post(database) for _ in range(CROWD)]

    async def ask(into: Database, adviser: UUID) -> object:
        async with turns.of(session):
            return await register_to(into, session, adviser)

    first = asyncio.create_task(ask(PausingDatabase(database, no_pause, gate.pause), advisers[0]))
    await gate.wait_until_reached()
    others = [asyncio.create_task(ask(database, adviser)) for adviser in advisers[1:]]
    await wait_until_blocked_by(database, gate.pid)
    return gate, [first, *others]


async def test_a_registration_elsewhere_passes_a_crowd_before_one_session(database: Database) -> None:
    adviser, other = await an_adviser_in_post(database), await a_published_session(database)
    gate, crowd = await a_crowd_before_a_session(database, SessionTurns())

    async with asyncio.timeout(10):
        plain = response_content(await register_in_a_batch(database, a_new_registration(adviser), a_batch_context()))
        elsewhere = await register_to(database, other)

    assert {plain["status"], elsewhere["status"]} == {"accepted"}
    assert not any(task.done() for task in crowd)
    gate.open()
    await asyncio.gather(*crowd)
    await assert_the_seats_are_true(database)


async def test_red_run_without_turns_the_crowd_holds_every_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.use_cases.sessions.session_turns.TURNS_AT_ONCE", CROWD)
    adviser = await an_adviser_in_post(database)
    gate, crowd = await a_crowd_before_a_session(database, SessionTurns())

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await register_in_a_batch(database, a_new_registration(adviser), a_batch_context())

    gate.open()
    await asyncio.gather(*crowd)


async def test_turns_are_had_in_the_order_in_which_they_were_asked_for() -> None:
    turns, session, order = SessionTurns(), uuid4(), list[int]()

    async def take(number: int) -> None:
        async with turns.of(session):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(take(number) for number in range(20)))

    assert order == [*range(20)]


async def test_who_gives_up_leaves_the_turn_to_the_next() -> None:
    turns, session, stay = SessionTurns(), uuid4(), asyncio.Event()

    async def take() -> None:
        async with turns.of(session):
            await stay.wait()

    holding = [asyncio.create_task(take()) for _ in range(TURNS_AT_ONCE)]
    giving_up, next_one = asyncio.create_task(take()), asyncio.create_task(take())
    await asyncio.sleep(0)
    giving_up.cancel()
    holding[0].cancel()
    stay.set()

    await asyncio.gather(*holding, giving_up, next_one, return_exceptions=True)

    assert [task.cancelled() for task in (holding[0], giving_up, next_one)] == [True, True, False]
    assert not turns._turns  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # a session without anybody is forgotten
