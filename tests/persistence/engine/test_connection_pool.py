"""Connections are lent one at a time, never more than the pool's size, and only live ones."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack

import pytest

from app.persistence.engine import connection_pool as pools
from app.persistence.engine.connection_pool import Era, Lent, Pool
from app.persistence.engine.database_errors import UNREACHABLE, NotConnected, Unready, trouble_of
from tests.persistence.faulty_proxy import NONSENSE, Meddler, meddled

SIZE = 3
SEEN = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
END = "SELECT pg_terminate_backend($1)"


@pytest.fixture
async def pool(database_url: str) -> AsyncGenerator[Pool]:
    opened = Pool(database_url, SIZE)
    yield opened
    await opened.close()


async def _backend(lent: Lent) -> int:
    return int(await lent.connection.fetchval("SELECT pg_backend_pid()"))


async def test_the_one_given_back_last_is_lent_first(pool: Pool) -> None:
    async with pool.lend() as first, pool.lend():
        pass
    async with pool.lend() as again:
        assert again is first


async def test_whoever_waits_is_lent_the_next_one_free(pool: Pool) -> None:
    most = inside = 0
    together = asyncio.Barrier(SIZE)

    async def borrow() -> None:
        nonlocal most, inside
        async with pool.lend() as lent:
            inside += 1
            most = max(most, inside)
            await together.wait()
            await _backend(lent)
            inside -= 1

    await asyncio.gather(*(borrow() for _ in range(20 * SIZE)))

    assert most == SIZE


async def test_whoever_waits_too_long_is_told(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "WAIT_SECONDS", 0.05)
    async with pool.lend(), pool.lend():
        async with pool.lend():
            with pytest.raises(TimeoutError):
                async with pool.lend():
                    pass
        async with pool.lend() as lent:
            assert await _backend(lent)


async def test_one_that_the_server_ended_is_replaced(pool: Pool, database_url: str) -> None:
    owner = Pool(database_url, 1, role=None)
    async with pool.lend() as lent:
        ended = await _backend(lent)
    lost = asyncio.Event()
    lent.connection.add_termination_listener(lambda _: lost.set())
    async with owner.lend() as other:
        await other.connection.fetchval(END, ended)
    await owner.close()
    await lost.wait()

    async with pool.lend() as replaced:
        assert await _backend(replaced) != ended


async def test_one_left_in_a_transaction_is_not_lent_again(pool: Pool) -> None:
    async with pool.lend() as lent:
        await lent.connection.execute("BEGIN")
        left = await _backend(lent)

    async with pool.lend() as next_one:
        assert await _backend(next_one) != left


async def test_one_that_comes_back_after_the_end_is_closed(pool: Pool) -> None:
    async with pool.lend() as lent:
        await pool.close()
    assert lent.connection.is_closed()


async def test_a_refused_session_frees_its_place(database_url: str) -> None:
    refused = Pool(database_url, 1, role="nobody_of_that_name")

    for _ in range(3):
        with pytest.raises(NotConnected):
            async with refused.lend():
                pass


async def _opened(pool: Pool) -> list[int]:
    """The backends of as many sessions as there can be, all of them free again."""
    async with AsyncExitStack() as together:
        return [await _backend(await together.enter_async_context(pool.lend())) for _ in range(SIZE)]


async def _ended(database_url: str, backend: int) -> None:
    owner = Pool(database_url, 1, role=None)
    async with owner.lend() as lent:
        await lent.connection.fetchval(END, backend)
    await owner.close()


async def _lose_one(pool: Pool, database_url: str) -> None:
    """In the middle of a statement."""
    ending = set[asyncio.Task[None]]()

    async def read() -> None:
        async with pool.lend() as lent:
            ending.add(asyncio.create_task(_ended(database_url, await _backend(lent))))
            await lent.connection.execute("SELECT pg_sleep(4)")

    with pytest.raises(UNREACHABLE):
        await read()
    await asyncio.gather(*ending)


async def test_one_loss_makes_all_that_were_free_suspect(pool: Pool, database_url: str) -> None:
    before = await _opened(pool)

    await _lose_one(pool, database_url)

    assert not {*before} & {*await _opened(pool)}


async def test_and_those_lent_meanwhile_when_they_come_back(pool: Pool, database_url: str) -> None:
    async with pool.lend() as kept:
        await _lose_one(pool, database_url)
        assert await _backend(kept)

    assert kept.connection.is_closed()


async def test_pools_of_one_database_share_what_they_learn(database_url: str) -> None:
    era = Era()
    one, other = Pool(database_url, 1, era=era), Pool(database_url, 1, era=era)
    async with other.lend() as lent:
        before = await _backend(lent)

    with pytest.raises(OSError, match="cut"):
        async with one.lend():
            raise OSError("cut")

    async with other.lend() as lent:
        assert await _backend(lent) != before
    await one.close()
    await other.close()


async def _failures(pool: Pool) -> int:
    """How many reads fail until each session there was has been met."""
    failed = 0
    for _ in range(SIZE + 1):
        try:
            async with pool.lend() as lent:
                await _backend(lent)
        except UNREACHABLE:
            failed += 1
    return failed


def _nothing_learnt(_: Era, __: int) -> None:
    """The next session is lent as if nothing had happened."""


@pytest.mark.parametrize(("learns", "failures"), [(True, 1), (False, SIZE)], ids=["as it is", "red: no new era"])
async def test_frozen_connections_cost_one_request(
    database_url: str, monkeypatch: pytest.MonkeyPatch, *, learns: bool, failures: int
) -> None:
    monkeypatch.setattr(pools, "COMMAND_SECONDS", 0.2)
    monkeypatch.setattr(pools, "FAREWELL_SECONDS", 0.1)
    meddler = Meddler()
    async with meddled(database_url, meddler) as url:
        pool = Pool(url, SIZE)
        await _opened(pool)
        if not learns:
            monkeypatch.setattr(Era, "end", _nothing_learnt)
        meddler.freeze()

        assert await _failures(pool) == failures
        await pool.close()


async def _spoilt(pool: Pool, spoil: Callable[[], None]) -> int:
    """How many reads fail once the connection is spoilt between two of them; the last one must not."""
    async with pool.lend() as lent:
        before = await _backend(lent)
    spoil()
    await asyncio.sleep(0.05)  # for what is said to arrive
    failed = await _failures(pool)
    async with pool.lend() as lent:
        assert await _backend(lent) != before
    return failed


async def test_a_farewell_that_meets_a_statement_costs_one_request(database_url: str) -> None:
    """The driver is in no state to go on, and says so in ways of its own."""
    meddler = Meddler()
    async with meddled(database_url, meddler) as url:
        pool = Pool(url, 1)
        assert await _spoilt(pool, meddler.bid_farewell) == 1
        await pool.close()


async def test_a_driver_that_stumbles_over_what_it_reads_is_thrown_away(database_url: str) -> None:
    meddler = Meddler()
    async with meddled(database_url, meddler) as url:
        pool = Pool(url, 1)
        async with pool.lend() as lent:
            before = await _backend(lent)
        meddler.nonsense = NONSENSE

        with pytest.raises(AttributeError) as stumbled:
            async with pool.lend() as lent:
                await lent.connection.execute("SELECT 1")

        assert trouble_of(stumbled.value) is Unready.AWAY
        async with pool.lend() as lent:
            assert await _backend(lent) != before
        await pool.close()


async def test_a_read_that_was_given_up_ends_on_the_server_too(pool: Pool, database_url: str) -> None:
    running: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        async with pool.lend() as lent:
            running.set_result(await _backend(lent))
            await lent.connection.execute("SELECT pg_sleep(4)")

    reading = asyncio.create_task(read())
    backend = await running
    owner = Pool(database_url, 1, role=None)
    async with owner.lend() as lent:
        while not await lent.connection.fetchval(f"{SEEN} AND state = 'active'", backend):
            pass
        reading.cancel()
        async with asyncio.timeout(3):
            while await lent.connection.fetchval(SEEN, backend):  # noqa: ASYNC110  # the server rings no bell
                await asyncio.sleep(0.01)
    await owner.close()

    assert (await asyncio.gather(reading, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_closing_waits_for_no_frozen_server(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "FAREWELL_SECONDS", 0.1)
    meddler = Meddler()
    async with meddled(database_url, meddler) as url:
        pool = Pool(url, SIZE)
        await _opened(pool)
        meddler.freeze()

        async with asyncio.timeout(5):
            await pool.close()
