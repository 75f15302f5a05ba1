"""A server told that commits wait for a standby which does not exist."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it publishes no types

from app.embedded.cluster import Cluster


async def _commit_waits(url: str) -> bool:
    """Whether a commit of nothing does."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(0.2):
            await connection.execute("SELECT pg_logical_emit_message(true, '', '')")
    except TimeoutError:
        return True
    finally:
        connection.terminate()
    return False


async def _configure(cluster: Cluster, statement: str, *, waits: bool) -> None:
    url = cluster.url("postgres")
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    async with asyncio.timeout(20):
        while await _commit_waits(url) is not waits:  # noqa: ASYNC110  # the server rings no bell
            await asyncio.sleep(0.02)


async def stop_confirming_commits(cluster: Cluster) -> None:
    """From now on no commit of the server is confirmed."""
    await _configure(cluster, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", waits=True)


async def confirm_commits_again(cluster: Cluster) -> None:
    """Those that wait are, and those to come."""
    await _configure(cluster, "ALTER SYSTEM RESET synchronous_standby_names", waits=False)


@contextmanager
def unconfirmed_commits(cluster: Cluster) -> Generator[None]:
    """No commit of the server is confirmed until the block ends; where no event loop runs."""
    try:
        asyncio.run(stop_confirming_commits(cluster))
        yield
    finally:
        asyncio.run(confirm_commits_again(cluster))
