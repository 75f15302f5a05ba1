"""The demonstration, loaded once for the tests that read it."""

from collections.abc import AsyncGenerator

import pytest

from app.persistence.engine.database import Database, open_database
from app.seed.demonstration import MAX_CONCURRENT_PEOPLE, load_demonstration
from tests.databases import Databases
from tests.fake_clock import MORNING


@pytest.fixture(scope="session")
async def loaded(databases: Databases, template: str) -> AsyncGenerator[Database]:
    """The demonstration, loaded through as few connections as at the first start. To be read only."""
    database = open_database(databases.copy(template), pool_size=MAX_CONCURRENT_PEOPLE)
    await load_demonstration(database, MORNING)
    yield database
    await database.close()
