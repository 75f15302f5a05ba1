"""What a worker would do, when a test says so."""

import asyncio
from collections.abc import Callable

import pytest

from app.persistence.engine.database import open_database
from tests.fake_clock import FakeClock
from tests.live_server import PEPPER, LiveServer
from tests.use_cases.sessions.deed_builders import carry_out


async def _carry_out(url: str, clock: FakeClock) -> None:
    database = open_database(url, pool_size=2, secrets=PEPPER.secrets)
    await carry_out(database, clock.now)
    await database.close()


@pytest.fixture
def let_deeds_be_done(served: LiveServer) -> Callable[[], None]:
    """Carries out all that was asked of sessions."""
    return lambda: asyncio.run(_carry_out(served.database_url, served.clock))
