"""Connections are lent one at a time, never more than the pool's size, and only live ones."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.persistence import pool as pools
from app.persistence.failures import NotConnected
from app.persistence.pool import Lent, Pool

SIZE = 3
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
