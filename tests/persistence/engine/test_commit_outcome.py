"""The connection is lost at COMMIT: the stored answer says whether the work was done, and nothing is done twice."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.persistence.engine.database import Database, open_database
from app.persistence.engine.transactions.idempotency import AlreadyCompleted
from app.persistence.engine.transactions.transaction_errors import CommitLost, CommitOutcomeUnknown
from app.use_cases.registrations.register_adviser import register
from tests.persistence.commit_cutting_proxy import CommitCutter, CutMoment, through_commit_cutter
from tests.use_cases.registrations.batch_builders import EITHER_WAY, Register, register_in_a_batch
from tests.use_cases.use_case_builders import (
    a_new_registration,
    a_request_context,
    an_adviser_in_post,
    an_idempotency_key,
)

ROUNDS = 20
either_way = pytest.mark.parametrize("way", EITHER_WAY, ids=lambda way: way.__name__)


@pytest.fixture
async def proxied(database_url: str) -> AsyncGenerator[tuple[Database, CommitCutter]]:
    async with through_commit_cutter(database_url) as (url, cutter):
        opened = open_database(url, pool_size=4)
        yield opened, cutter
        await opened.close()


async def _registrations(database: Database) -> int:
    row = await database.one("SELECT count(*) AS number FROM registration")
    return int(row["number"]) if row else 0


@either_way
async def test_a_commit_that_was_done_is_answered_with_what_it_stored(
    proxied: tuple[Database, CommitCutter], database: Database, way: Register
) -> None:
    through, cutter = proxied
    for number in range(ROUNDS):
        adviser = await an_adviser_in_post(database)
        command, asked = a_new_registration(adviser), a_request_context(key=an_idempotency_key())
        cutter.moment, cutter.times = CutMoment.BEFORE_IT_IS_ANSWERED, 1

        with pytest.raises(AlreadyCompleted) as settled:
            await way(through, command, asked)

        assert settled.value.response.status == 200
        assert await _registrations(database) == number + 1
    assert cutter.times == 0


async def test_a_commit_that_was_not_heard_wrote_nothing_and_may_be_repeated(
    proxied: tuple[Database, CommitCutter], database: Database
) -> None:
    through, cutter = proxied
    adviser = await an_adviser_in_post(database)
    command, asked = a_new_registration(adviser), a_request_context(key=an_idempotency_key())
    cutter.moment, cutter.times = CutMoment.BEFORE_IT_IS_HEARD, 1

    with pytest.raises(CommitLost):
        await register(through, command, asked)
    assert await _registrations(database) == 0
    again = await register(through, command, asked)

    assert again.status == 200
    assert not again.replayed
    assert await _registrations(database) == 1


async def test_a_batch_that_was_not_heard_is_carried_out_one_by_one(
    proxied: tuple[Database, CommitCutter], database: Database
) -> None:
    through, cutter = proxied
    demands = [a_new_registration(await an_adviser_in_post(database)) for _ in range(4)]
    cutter.moment, cutter.times = CutMoment.BEFORE_IT_IS_HEARD, 1

    answers = await asyncio.gather(
        *(register_in_a_batch(through, each, a_request_context(key=an_idempotency_key())) for each in demands)
    )

    assert [(answer.status, answer.replayed) for answer in answers] == [(200, False)] * len(demands)
    assert await _registrations(database) == len(demands)
    assert cutter.times == 0


@either_way
async def test_a_database_that_stays_away_leaves_the_outcome_unknown(
    proxied: tuple[Database, CommitCutter], database: Database, way: Register
) -> None:
    through, cutter = proxied
    adviser = await an_adviser_in_post(database)
    command, asked = a_new_registration(adviser), a_request_context(key=an_idempotency_key())
    await through.one("SELECT 1")  # connected while it can be
    cutter.moment, cutter.times, cutter.refuses_connections = CutMoment.BEFORE_IT_IS_ANSWERED, 1, True

    with pytest.raises(CommitOutcomeUnknown):
        await way(through, command, asked)
    cutter.refuses_connections = False
    with pytest.raises(AlreadyCompleted):
        await way(through, command, asked)

    assert await _registrations(database) == 1


async def test_a_write_without_a_key_does_not_know_and_says_so(
    proxied: tuple[Database, CommitCutter], database: Database
) -> None:
    through, cutter = proxied
    adviser = await an_adviser_in_post(database)
    cutter.moment, cutter.times = CutMoment.BEFORE_IT_IS_ANSWERED, 1

    with pytest.raises(CommitOutcomeUnknown):
        await register(through, a_new_registration(adviser), a_request_context())


@either_way
async def test_when_every_connection_is_lost_each_request_is_still_settled(
    proxied: tuple[Database, CommitCutter], database: Database, way: Register
) -> None:
    through, cutter = proxied
    demands = [a_new_registration(await an_adviser_in_post(database)) for _ in range(4)]
    cutter.moment, cutter.times = CutMoment.BEFORE_IT_IS_ANSWERED, len(demands)

    outcomes = await asyncio.gather(
        *(way(through, command, a_request_context(key=an_idempotency_key())) for command in demands),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [AlreadyCompleted] * len(demands)
    assert await _registrations(database) == len(demands)
