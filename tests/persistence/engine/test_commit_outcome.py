"""The connection is lost at COMMIT: the stored answer says whether the work was done, and nothing is done twice."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.persistence.engine.database import Database, NothingWritten, OutcomeUnknown, open_database
from app.persistence.engine.transactions.idempotency import AlreadyAnswered
from app.use_cases.registrations.register_adviser import register
from tests.persistence.commit_cutting_proxy import Cut, Scissors, cuttable
from tests.use_cases.use_case_builders import a_demand, a_key, an_adviser_in_post, asking

ROUNDS = 20


@pytest.fixture
async def wired(database_url: str) -> AsyncGenerator[tuple[Database, Scissors]]:
    async with cuttable(database_url) as (url, scissors):
        opened = open_database(url, pool_size=4)
        yield opened, scissors
        await opened.close()


async def _registrations(database: Database) -> int:
    row = await database.one("SELECT count(*) AS number FROM registration")
    return int(row["number"]) if row else 0


async def test_a_commit_that_was_done_is_answered_with_what_it_stored(
    wired: tuple[Database, Scissors], database: Database
) -> None:
    through, scissors = wired
    for number in range(ROUNDS):
        adviser = await an_adviser_in_post(database)
        demand, asked = a_demand(adviser), asking(key=a_key())
        scissors.cut, scissors.times = Cut.BEFORE_IT_IS_ANSWERED, 1

        with pytest.raises(AlreadyAnswered) as settled:
            await register(through, demand, asked)

        assert settled.value.answer.status == 200
        assert await _registrations(database) == number + 1
    assert scissors.times == 0


async def test_a_commit_that_was_not_heard_wrote_nothing_and_may_be_repeated(
    wired: tuple[Database, Scissors], database: Database
) -> None:
    through, scissors = wired
    adviser = await an_adviser_in_post(database)
    demand, asked = a_demand(adviser), asking(key=a_key())
    scissors.cut, scissors.times = Cut.BEFORE_IT_IS_HEARD, 1

    with pytest.raises(NothingWritten):
        await register(through, demand, asked)
    assert await _registrations(database) == 0
    again = await register(through, demand, asked)

    assert again.status == 200
    assert not again.replayed
    assert await _registrations(database) == 1


async def test_a_database_that_stays_away_leaves_the_outcome_unknown(
    wired: tuple[Database, Scissors], database: Database
) -> None:
    through, scissors = wired
    adviser = await an_adviser_in_post(database)
    demand, asked = a_demand(adviser), asking(key=a_key())
    await through.one("SELECT 1")  # connected while it can be
    scissors.cut, scissors.times, scissors.away = Cut.BEFORE_IT_IS_ANSWERED, 1, True

    with pytest.raises(OutcomeUnknown):
        await register(through, demand, asked)
    scissors.away = False
    with pytest.raises(AlreadyAnswered):
        await register(through, demand, asked)

    assert await _registrations(database) == 1


async def test_a_write_without_a_key_does_not_know_and_says_so(
    wired: tuple[Database, Scissors], database: Database
) -> None:
    through, scissors = wired
    adviser = await an_adviser_in_post(database)
    scissors.cut, scissors.times = Cut.BEFORE_IT_IS_ANSWERED, 1

    with pytest.raises(OutcomeUnknown):
        await register(through, a_demand(adviser), asking())


async def test_when_every_connection_is_lost_each_request_is_still_settled(
    wired: tuple[Database, Scissors], database: Database
) -> None:
    through, scissors = wired
    demands = [a_demand(await an_adviser_in_post(database)) for _ in range(4)]
    scissors.cut, scissors.times = Cut.BEFORE_IT_IS_ANSWERED, len(demands)

    outcomes = await asyncio.gather(
        *(register(through, demand, asking(key=a_key())) for demand in demands), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [AlreadyAnswered] * len(demands)
    assert await _registrations(database) == len(demands)
