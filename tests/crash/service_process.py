"""The service in a process that is killed, and started again behind the same address."""

import os
import signal
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.api.identity.api_key_secrets import Pepper, generate_key
from app.persistence.administration.clients import Client, Role, add_client, add_key
from app.persistence.engine.database import Database
from tests.crash.fork_server import Nursery
from tests.crash.killing_proxy import Moment, Wire
from tests.fake_clock import MORNING
from tests.http_builders import registration_body
from tests.live_server import key

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing
LONG_AGO = MORNING - timedelta(days=30)  # the service has a clock of its own


async def a_platform(database: Database) -> str:
    """The key of a new client."""
    client, made = Client(uuid4(), Role.PLATFORM, None), generate_key()
    async with database.transaction() as tx:
        await add_client(tx, client, "La Coop", LONG_AGO)
        digest = Pepper((SECRET,)).digest(made.secret)
        await add_key(tx, made.id, client.id, digest, expires_at=None, now=LONG_AGO)
    return made.secret


@dataclass(frozen=True, slots=True)
class Demand:
    """A module more than the adviser has a right to, demanded with a key of its own."""

    adviser: UUID
    headers: dict[str, str] = field(default_factory=key)

    @property
    def body(self) -> dict[str, Any]:
        return registration_body(str(self.adviser), module_code="cybersecurite", starts_on="2026-10-06")


class Service:
    """One process at a time, `act`ing so; `url` is that of its database, through the wire."""

    def __init__(self, born: Nursery, url: str, wire: Wire, client: httpx.AsyncClient, act: str = "serve") -> None:
        self._born, self._wire, self._client, self._act = born, wire, client, act
        self._settings = {"database_url": url, "secret_key": SECRET, "drain_seconds": "0"}
        self._pid = 0

    async def start(self) -> None:
        self._pid = await self._born.start(self._act, settings=self._settings)

    async def stop(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        await self.gone()

    async def gone(self) -> None:
        """Return once it is dead, and the database has done with it."""
        assert await self._born.ended(self._pid) == -signal.SIGKILL
        await self._wire.silent()

    def dies_at(self, last: str, moment: Moment) -> None:
        self._wire.set(last, moment).set_result(self._pid)

    def listened_to(self) -> list[str]:
        """What it says from now on."""
        self._wire.set()
        return self._wire.said

    async def asked(self, demand: Demand) -> httpx.Response | None:
        """None when it died before it had answered."""
        try:
            return await self._client.post("/v1/registrations", json=demand.body, headers=demand.headers)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return None
