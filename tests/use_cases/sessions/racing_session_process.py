"""One of several processes that register to the same sessions, leave, move, change the seats and give them.

python -m tests.use_cases.sessions.racing_session_process DATABASE_URL SEED
"""

import asyncio
import sys
from collections.abc import Coroutine
from random import Random
from typing import Any
from uuid import UUID

from app.domain.errors import Conflict
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.sessions.seats import SessionChangedMeanwhile
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.sessions.give_seats import give_next_seats
from app.use_cases.sessions.move_to_session import move_to_session
from app.use_cases.sessions.register_in_session import register_in_session
from tests.fake_clock import MORNING
from tests.live_server import PEPPER
from tests.use_cases.registrations.racing_process import both_are_here
from tests.use_cases.sessions.session_builders import a_session_registration, change_seats
from tests.use_cases.use_case_builders import a_request_context

DEEDS, AT_ONCE = 120, 16
# A conflict is an answer; the others say that somebody else was at it, or that all connections are lent.
ANSWERS: tuple[type[Exception], ...] = (Conflict, SessionChangedMeanwhile, *UNAVAILABLE_ERRORS)


class RacingDeeds:
    """Deeds drawn at random on what is there, by a process of its own seed."""

    def __init__(self, database: Database, seed: int, sessions: list[UUID], advisers: list[UUID]) -> None:
        self.database, self.sessions, self.advisers = database, sessions, advisers
        self.random = Random(seed)  # noqa: S311  # an order, not a secret

    async def one(self) -> Coroutine[Any, Any, Any]:
        rows = await self.database.many("SELECT id FROM registration WHERE status = 'accepted' ORDER BY random()")
        session, context = self.random.choice(self.sessions), a_request_context()
        draw = self.random.random()
        if draw < 0.5 or not rows:
            return register_in_session(
                self.database, a_session_registration(self.random.choice(self.advisers), session), context
            )
        if draw < 0.7:
            return cancel(self.database, rows[0]["id"], Cancellation(), context)
        if draw < 0.85:
            return move_to_session(self.database, rows[0]["id"], session, ANY_VERSION, context, regularisation=False)
        if draw < 0.92:
            return change_seats(self.database, session, self.random.randrange(1, 12))
        return give_next_seats(self.database, MORNING)


async def race(url: str, seed: int) -> None:
    database, turn = open_database(url, secrets=PEPPER.secrets), asyncio.Semaphore(AT_ONCE)
    sessions = [row["id"] for row in await database.many("SELECT id FROM session ORDER BY id")]
    advisers = [row["id"] for row in await database.many("SELECT id FROM adviser ORDER BY id")]
    deeds = RacingDeeds(database, seed, sessions, advisers)

    async def do() -> None:
        async with turn:
            try:
                await (await deeds.one())
            except ANSWERS:
                return

    await both_are_here(database)
    await asyncio.gather(*(do() for _ in range(DEEDS)))
    await database.close()


if __name__ == "__main__":
    asyncio.run(race(sys.argv[1], int(sys.argv[2])))
