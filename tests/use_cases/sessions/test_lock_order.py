"""Advisers are locked before sessions, and sessions in the order of their ids: nobody waits for each other.

The guard of this folder (lock_order_guard) watches all its tests; here it is seen to fire.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from uuid import UUID

import pytest

from app.persistence.advisers import advisers
from app.persistence.engine.database import Database, Transaction
from app.persistence.sessions import seats
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.sessions.move_to_session import move_to_session
from tests.fake_clock import MORNING
from tests.persistence.interleaved_transactions import count_deadlocks
from tests.persistence.postgres_errors import Deadlock, RaiseError
from tests.use_cases.sessions.session_builders import (
    a_published_session,
    assert_the_seats_are_true,
    register_to,
)
from tests.use_cases.use_case_builders import a_request_context, an_adviser_in_post, id_of

PAIRS = 10


async def lock(transaction: Transaction, session: UUID) -> None:
    await seats.lock(transaction, (session,))


async def hold(transaction: Transaction, session: UUID) -> None:
    await seats.hold(transaction, session, 1)


async def take(transaction: Transaction, session: UUID) -> None:
    row = await transaction.one("SELECT id FROM registration")
    assert row is not None
    await seats.leave(transaction, row["id"], MORNING)
    await seats.take(transaction, session, row["id"], MORNING, version=None)


@pytest.mark.parametrize("held", [lock, hold, take], ids=lambda held: held.__name__)
async def test_the_guard_fires_when_an_adviser_is_locked_after_a_session(
    database: Database, held: Callable[[Transaction, UUID], Awaitable[None]]
) -> None:
    session, adviser = await a_published_session(database), await an_adviser_in_post(database)
    await register_to(database, session)

    async def lock_in_the_wrong_order() -> None:
        async with database.transaction() as tx:
            await held(tx, session)
            await advisers.lock(tx, adviser)

    with pytest.raises(RaiseError, match="locked after a session"):
        await lock_in_the_wrong_order()


async def test_the_guard_lets_an_adviser_be_written_who_was_locked_before(database: Database) -> None:
    session, adviser = await a_published_session(database), await an_adviser_in_post(database)

    async with database.transaction() as tx:
        await advisers.lock(tx, adviser)
        await seats.lock(tx, (session,))
        await advisers.lock(tx, adviser)


async def cross(database: Database, pairs: int) -> list[BaseException | object]:
    """Move registrations from one session to the other and back, all at once."""
    first, second = await a_published_session(database, 1), await a_published_session(database, 2)
    there = [await register_to(database, first) for _ in range(pairs)]
    back = [await register_to(database, second) for _ in range(pairs)]
    moves = [(each, second) for each in there] + [(each, first) for each in back]
    return await asyncio.gather(
        *(
            move_to_session(database, id_of(each), to, ANY_VERSION, a_request_context(), regularisation=False)
            for each, to in moves
        ),
        return_exceptions=True,
    )


async def test_moves_between_two_sessions_do_not_wait_for_each_other(database: Database, database_url: str) -> None:
    moved = await cross(database, PAIRS)

    assert [each for each in moved if isinstance(each, BaseException)] == []
    await assert_the_seats_are_true(database)
    await database.close()
    assert await count_deadlocks(database_url) == 0


async def test_red_run_sessions_locked_as_they_come_are_a_deadlock(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session that is left first, then the one that is come to; each move stops between the two."""
    both, left = asyncio.Barrier(2), seats.leave

    async def no_lock(_: Transaction, __: Iterable[UUID]) -> None:
        """Leave it to the statements that leave and take."""

    async def leave(transaction: Transaction, registration: UUID, now: datetime) -> None:
        await left(transaction, registration, now)
        await both.wait()

    monkeypatch.setattr(seats, "lock", no_lock)
    monkeypatch.setattr(seats, "leave", leave)

    moved = await cross(database, 1)

    assert len([each for each in moved if isinstance(each, Deadlock)]) == 1
    await database.close()
    assert await count_deadlocks(database_url) == 1
