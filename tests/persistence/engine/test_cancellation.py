"""A request given up at any moment leaves no open transaction and loses no connection."""

import asyncio
from contextlib import AsyncExitStack
from random import Random

from app.persistence.engine.database import Database, open_database
from app.use_cases.registrations.register_adviser import register
from tests.persistence.open_transactions import wait_until_idle
from tests.use_cases.use_case_builders import (
    a_new_registration,
    a_request_context,
    an_adviser_in_post,
    an_idempotency_key,
)

POOL = 8


async def test_five_hundred_cancelled_registrations_leave_nothing_open(
    database: Database, owner: Database, database_url: str
) -> None:
    chance = Random(20_261_122)  # noqa: S311  # the same moments in every run
    pooled = open_database(database_url, pool_size=POOL)
    advisers = [await an_adviser_in_post(database) for _ in range(20)]

    async def given_up(number: int) -> bool:
        attempt = register(
            pooled,
            a_new_registration(advisers[number % len(advisers)]),
            a_request_context(key=an_idempotency_key()),
        )
        try:
            async with asyncio.timeout(chance.uniform(0, 0.02)):
                await attempt
        except TimeoutError:
            return True
        except Exception:  # noqa: BLE001  # it was quicker, and its registration was there already
            return False
        return False

    rounds = range(0, 500, POOL)
    outcomes = [await asyncio.gather(*(given_up(start + each) for each in range(POOL))) for start in rounds]

    assert sum(map(sum, outcomes)) > 100
    await wait_until_idle(owner)
    async with AsyncExitStack() as together:
        held = [await together.enter_async_context(pooled.transaction()) for _ in range(POOL)]
        backends = {(await transaction.one("SELECT pg_backend_pid() AS pid") or {})["pid"] for transaction in held}
    assert len(backends) == POOL
    await pooled.close()
