"""More clients: another training organisation, revoked and expired keys, no key at all."""

import asyncio
from collections.abc import Generator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from app.api.identity.api_key_secrets import generate_key
from app.persistence.administration.api_keys import add_key, revoke_key
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.engine.database import open_database
from app.seed.published_catalogue import HISTYA
from tests.fake_clock import MORNING, FakeClock
from tests.live_server import PEPPER, LiveServer


async def _key(
    url: str, role: Role, organisation: UUID | None, *, expires_at: datetime | None = None, revoked: bool = False
) -> str:
    """The secret of a new key of a new client."""
    database, client, key = open_database(url, pool_size=1), Client(uuid4(), role, organisation), generate_key()
    async with database.transaction() as tx:
        await add_client(tx, client, "Un client de test", MORNING)
        await add_key(tx, key.id, client.id, PEPPER.digest(key.secret), expires_at=expires_at, now=MORNING)
        if revoked:
            await revoke_key(tx, key.id, MORNING)
    await database.close()
    return key.secret


@pytest.fixture
def clock(served: LiveServer) -> Generator[FakeClock]:
    """Set back after the test."""
    yield served.clock
    served.clock.now = MORNING


# Clients last the session: making one costs more than most of the requests it is made for.


@pytest.fixture(scope="session")
def platform(served: LiveServer) -> Generator[httpx.Client]:
    with served.client("platform") as client:
        yield client


@pytest.fixture(scope="session")
def organisation(served: LiveServer) -> Generator[httpx.Client]:
    """La Mednum."""
    with served.client("training_organisation") as client:
        yield client


@pytest.fixture(scope="session")
def admin(served: LiveServer) -> Generator[httpx.Client]:
    with served.client("admin") as client:
        yield client


@pytest.fixture(scope="session")
def histya_key(served: LiveServer) -> str:
    return asyncio.run(_key(served.database_url, Role.TRAINING_ORGANISATION, HISTYA))


@pytest.fixture(scope="session")
def histya(served: LiveServer, histya_key: str) -> Generator[httpx.Client]:
    """A training organisation that is not La Mednum."""
    with served.client_with(histya_key) as client:
        yield client


@pytest.fixture(scope="session")
def other_platform_key(served: LiveServer) -> str:
    return asyncio.run(_key(served.database_url, Role.PLATFORM, None))


@pytest.fixture(scope="session")
def other_platform(served: LiveServer, other_platform_key: str) -> Generator[httpx.Client]:
    """The same role as `platform`, another client."""
    with served.client_with(other_platform_key) as client:
        yield client


@pytest.fixture(scope="session")
def anonymous(served: LiveServer) -> Generator[httpx.Client]:
    with httpx.Client(base_url=served.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def revoked_key(served: LiveServer) -> str:
    return asyncio.run(_key(served.database_url, Role.ADMIN, None, revoked=True))


@pytest.fixture(scope="session")
def expired_key(served: LiveServer) -> str:
    yesterday = MORNING - timedelta(days=1)
    return asyncio.run(_key(served.database_url, Role.ADMIN, None, expires_at=yesterday))
