"""Connections are lent one at a time, never more than the pool's size, and only live ones."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack

import pytest

from app.persistence.engine import connection_pool as pools
from app.persistence.engine.connection_pool import ConnectionGeneration, ConnectionPool, PooledConnection
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS, DatabaseTrouble, SessionRefused, trouble_of
from tests.persistence.faulty_proxy import MALFORMED_MESSAGE, FaultyProxy, through_faulty_proxy

SIZE = 3
COUNT_BACKEND = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
END_BACKEND = "SELECT pg_terminate_backend($1)"


@pytest.fixture
async def pool(database_url: str) -> AsyncGenerator[ConnectionPool]:
    opened = ConnectionPool(database_url, SIZE)
    yield opened
    await opened.close()


async def _backend(lent: PooledConnection) -> int:
    return int(await lent.connection.fetchval("SELECT pg_backend_pid()"))


async def test_the_one_given_back_last_is_lent_first(pool: ConnectionPool) -> None:
    async with pool.acquire() as first, pool.acquire():
        pass
    async with pool.acquire() as again:
        assert again is first


async def test_whoever_waits_is_lent_the_next_one_free(pool: ConnectionPool) -> None:
    most = inside = 0
    together = asyncio.Barrier(SIZE)

    async def borrow() -> None:
        nonlocal most, inside
        async with pool.acquire() as lent:
            inside += 1
            most = max(most, inside)
            await together.wait()
            await _backend(lent)
            inside -= 1

    await asyncio.gather(*(borrow() for _ in range(20 * SIZE)))

    assert most == SIZE


async def test_whoever_waits_too_long_is_told(pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "ACQUIRE_SECONDS", 0.05)
    async with pool.acquire(), pool.acquire():
        async with pool.acquire():
            with pytest.raises(TimeoutError):
                async with pool.acquire():
                    pass
        async with pool.acquire() as lent:
            assert await _backend(lent)


async def test_one_that_the_server_ended_is_replaced(pool: ConnectionPool, database_url: str) -> None:
    owner = ConnectionPool(database_url, 1, role=None)
    async with pool.acquire() as lent:
        ended = await _backend(lent)
    lost = asyncio.Event()
    lent.connection.add_termination_listener(lambda _: lost.set())
    async with owner.acquire() as other:
        await other.connection.fetchval(END_BACKEND, ended)
    await owner.close()
    await lost.wait()

    async with pool.acquire() as replaced:
        assert await _backend(replaced) != ended


async def test_one_left_in_a_transaction_is_not_lent_again(pool: ConnectionPool) -> None:
    async with pool.acquire() as lent:
        await lent.connection.execute("BEGIN")
        left = await _backend(lent)

    async with pool.acquire() as next_one:
        assert await _backend(next_one) != left


async def test_one_that_comes_back_after_the_end_is_closed(pool: ConnectionPool) -> None:
    async with pool.acquire() as lent:
        await pool.close()
    assert lent.connection.is_closed()


async def test_a_refused_session_frees_its_place(database_url: str) -> None:
    refused = ConnectionPool(database_url, 1, role="nobody_of_that_name")

    for _ in range(3):
        with pytest.raises(SessionRefused):
            async with refused.acquire():
                pass


async def _opened(pool: ConnectionPool) -> list[int]:
    """The backends of as many sessions as there can be, all of them free again."""
    async with AsyncExitStack() as together:
        return [await _backend(await together.enter_async_context(pool.acquire())) for _ in range(SIZE)]


async def _ended(database_url: str, backend: int) -> None:
    owner = ConnectionPool(database_url, 1, role=None)
    async with owner.acquire() as lent:
        await lent.connection.fetchval(END_BACKEND, backend)
    await owner.close()


async def _lose_one(pool: ConnectionPool, database_url: str) -> None:
    """In the middle of a statement."""
    ending = set[asyncio.Task[None]]()

    async def read() -> None:
        async with pool.acquire() as lent:
            ending.add(asyncio.create_task(_ended(database_url, await _backend(lent))))
            await lent.connection.execute("SELECT pg_sleep(4)")

    with pytest.raises(UNAVAILABLE_ERRORS):
        await read()
    await asyncio.gather(*ending)


async def test_one_loss_makes_all_that_were_free_suspect(pool: ConnectionPool, database_url: str) -> None:
    before = await _opened(pool)

    await _lose_one(pool, database_url)

    assert not {*before} & {*await _opened(pool)}


async def test_and_those_lent_meanwhile_when_they_come_back(pool: ConnectionPool, database_url: str) -> None:
    async with pool.acquire() as kept:
        await _lose_one(pool, database_url)
        assert await _backend(kept)

    assert kept.connection.is_closed()


async def test_pools_of_one_database_share_what_they_learn(database_url: str) -> None:
    era = ConnectionGeneration()
    one, other = ConnectionPool(database_url, 1, generation=era), ConnectionPool(database_url, 1, generation=era)
    async with other.acquire() as lent:
        before = await _backend(lent)

    with pytest.raises(OSError, match="cut"):
        async with one.acquire():
            raise OSError("cut")

    async with other.acquire() as lent:
        assert await _backend(lent) != before
    await one.close()
    await other.close()


async def _failures(pool: ConnectionPool) -> int:
    """How many reads fail until each session there was has been met."""
    failed = 0
    for _ in range(SIZE + 1):
        try:
            async with pool.acquire() as lent:
                await _backend(lent)
        except UNAVAILABLE_ERRORS:
            failed += 1
    return failed


def _nothing_learnt(_: ConnectionGeneration, __: int) -> None:
    """The next session is lent as if nothing had happened."""


@pytest.mark.parametrize(("learns", "failures"), [(True, 1), (False, SIZE)], ids=["as it is", "red: no new era"])
async def test_frozen_connections_cost_one_request(
    database_url: str, monkeypatch: pytest.MonkeyPatch, *, learns: bool, failures: int
) -> None:
    monkeypatch.setattr(pools, "COMMAND_SECONDS", 0.2)
    monkeypatch.setattr(pools, "CLOSE_SECONDS", 0.1)
    proxy = FaultyProxy()
    async with through_faulty_proxy(database_url, proxy) as url:
        pool = ConnectionPool(url, SIZE)
        await _opened(pool)
        if not learns:
            monkeypatch.setattr(ConnectionGeneration, "advance", _nothing_learnt)
        proxy.freeze()

        assert await _failures(pool) == failures
        await pool.close()


async def _spoilt(pool: ConnectionPool, spoil: Callable[[], None]) -> int:
    """How many reads fail once the connection is spoilt between two of them; the last one must not."""
    async with pool.acquire() as lent:
        before = await _backend(lent)
    spoil()
    await asyncio.sleep(0.05)  # for what is said to arrive
    failed = await _failures(pool)
    async with pool.acquire() as lent:
        assert await _backend(lent) != before
    return failed


async def test_a_farewell_that_meets_a_statement_costs_one_request(database_url: str) -> None:
    """The driver is in no state to go on, and says so in ways of its own."""
    proxy = FaultyProxy()
    async with through_faulty_proxy(database_url, proxy) as url:
        pool = ConnectionPool(url, 1)
        assert await _spoilt(pool, proxy.announce_shutdown) == 1
        await pool.close()


async def test_a_driver_that_stumbles_over_what_it_reads_is_thrown_away(database_url: str) -> None:
    proxy = FaultyProxy()
    async with through_faulty_proxy(database_url, proxy) as url:
        pool = ConnectionPool(url, 1)
        async with pool.acquire() as lent:
            before = await _backend(lent)
        proxy.malformed_message = MALFORMED_MESSAGE

        with pytest.raises(AttributeError) as stumbled:
            async with pool.acquire() as lent:
                await lent.connection.execute("SELECT 1")

        assert trouble_of(stumbled.value) is DatabaseTrouble.AWAY
        async with pool.acquire() as lent:
            assert await _backend(lent) != before
        await pool.close()


async def test_a_read_that_was_given_up_ends_on_the_server_too(pool: ConnectionPool, database_url: str) -> None:
    running: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        async with pool.acquire() as lent:
            running.set_result(await _backend(lent))
            await lent.connection.execute("SELECT pg_sleep(4)")

    reading = asyncio.create_task(read())
    backend = await running
    owner = ConnectionPool(database_url, 1, role=None)
    async with owner.acquire() as lent:
        while not await lent.connection.fetchval(f"{COUNT_BACKEND} AND state = 'active'", backend):
            pass
        reading.cancel()
        async with asyncio.timeout(3):
            while await lent.connection.fetchval(COUNT_BACKEND, backend):  # noqa: ASYNC110  # the server rings no bell
                await asyncio.sleep(0.01)
    await owner.close()

    assert (await asyncio.gather(reading, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_closing_waits_for_no_frozen_server(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "CLOSE_SECONDS", 0.1)
    proxy = FaultyProxy()
    async with through_faulty_proxy(database_url, proxy) as url:
        pool = ConnectionPool(url, SIZE)
        await _opened(pool)
        proxy.freeze()

        async with asyncio.timeout(5):
            await pool.close()
