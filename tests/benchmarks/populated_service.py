"""The service on the dataset of the benchmarks, smaller."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from app.persistence.engine.database import open_database
from benchmarks.dataset import statements
from tests.databases import Databases
from tests.live_server import LiveServer, serving


@contextmanager
def serving_dataset(databases: Databases, template: str, advisers: int, *changes: str) -> Generator[LiveServer]:
    """With so many advisers, and what these statements change of them."""
    url = databases.copy(template)
    asyncio.run(_populate(url, *statements(advisers)[1:], *changes))
    with serving(url) as started:
        yield started


async def _populate(url: str, *sql: str) -> None:
    owner = open_database(url, pool_size=1, role=None)
    for statement in sql:
        await owner.one(statement)
    await owner.close()
