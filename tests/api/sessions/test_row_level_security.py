"""What the role of training organisations reads of sessions, whatever the routes forget."""

from collections.abc import AsyncGenerator
from uuid import UUID

import httpx
import pytest

from app.persistence.engine.database import Database, open_database
from app.persistence.engine.readers import LookupReader
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.http_builders import an_adviser_in_post
from tests.live_server import LiveServer
from tests.session_builders import a_session, register_in_session


@pytest.fixture
async def database(served: LiveServer) -> AsyncGenerator[Database]:
    opened = open_database(served.database_url, pool_size=2)
    yield opened
    await opened.close()


async def test_an_organisation_reads_every_session_and_its_own_seats_only(
    admin: httpx.Client, organisation: httpx.Client, database: Database
) -> None:
    session = UUID(a_session(organisation))
    registration = UUID(register_in_session(admin, an_adviser_in_post(admin), str(session))["id"])

    async def seen(reader: LookupReader, sql: str, key: UUID) -> bool:
        return await reader.one(sql, key) is not None

    of_session = "SELECT FROM session WHERE id = $1"
    of_seat = "SELECT FROM seat WHERE registration_id = $1"
    own, other = database.for_tenant(LA_MEDNUM), database.for_tenant(HISTYA)
    assert [await seen(reader, of_session, session) for reader in (own, other)] == [True, True]
    assert [await seen(reader, of_seat, registration) for reader in (own, other)] == [True, False]
