"""The database that a command works on: that of the environment."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from app.persistence.engine.database import Database, open_database
from app.settings import database_url, settings_of_running_service

Result = TypeVar("Result")


def with_database(act: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Run one thing on the database of the environment."""
    settings = settings_of_running_service()
    url = database_url(settings)

    async def acted() -> Result:
        database = open_database(url, pool_size=2, secrets=settings.secrets, has_real_clock=True)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(acted())
