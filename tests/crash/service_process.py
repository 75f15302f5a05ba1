"""The service in a process that is killed, and started again at the same address."""

import os
import signal
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import httpx

from app.api.identity.api_key_secrets import Pepper, generate_key
from app.persistence.administration.api_keys import add_key
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.engine.database import Database
from tests.crash.fork_server import ForkServer
from tests.crash.killing_proxy import KillingProxy, KillMoment
from tests.fake_clock import MORNING
from tests.http_builders import registration_body
from tests.live_server import idempotency_headers

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing
LONG_AGO = MORNING - timedelta(days=30)  # the service has a clock of its own


async def new_key(database: Database, role: Role = Role.PLATFORM) -> str:
    """The key of a new client."""
    client, made = Client(uuid4(), role, None), generate_key()
    async with database.transaction() as tx:
        await add_client(tx, client, "La Coop", LONG_AGO)
        digest = Pepper((SECRET,)).digest(made.secret)
        await add_key(tx, made.id, client.id, digest, expires_at=None, now=LONG_AGO)
    return made.secret


class CrashRequest(Protocol):
    """What is sent again with its key when nobody answered."""

    @property
    def path(self) -> str: ...

    @property
    def headers(self) -> dict[str, str]: ...

    @property
    def body(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """An action on a registration, with an idempotency key of its own."""

    registration: UUID
    action: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=idempotency_headers)

    @property
    def path(self) -> str:
        return f"/v1/registrations/{self.registration}/{self.action}"


@dataclass(frozen=True, slots=True)
class OverQuotaRequest:
    """A registration more than the adviser has a right to, with an idempotency key of its own."""

    adviser: UUID
    headers: dict[str, str] = field(default_factory=idempotency_headers)

    @property
    def path(self) -> str:
        return "/v1/registrations"

    @property
    def body(self) -> dict[str, Any]:
        """Of a session to come or not, by the clock of the service."""
        return registration_body(
            str(self.adviser), module_code="cybersecurite", starts_on="2026-10-06", regularisation=True
        )


class KillableService:
    """One process at a time, for the act `act`; `url` is that of its database, through the proxy."""

    def __init__(
        self, forks: ForkServer, url: str, proxy: KillingProxy, client: httpx.AsyncClient, act: str = "serve"
    ) -> None:
        self._fork_server, self._proxy, self._client, self.act = forks, proxy, client, act
        self._settings = {"database_url": url, "secret_key": SECRET, "drain_seconds": "0"}
        self._pid = 0

    async def start(self) -> None:
        self._pid = await self._fork_server.start(self.act, settings=self._settings)

    async def stop(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        await self.wait_until_dead()

    async def wait_until_dead(self) -> None:
        """Return once it is dead, and the database is done with its statements."""
        assert await self._fork_server.wait_for_exit(self._pid) == -signal.SIGKILL
        await self._proxy.wait_until_idle()

    def die_at(self, last: str, moment: KillMoment) -> None:
        self._proxy.arm(last, moment).set_result(self._pid)

    def record_statements(self) -> list[str]:
        """Record its statements from now on."""
        self._proxy.arm()
        return self._proxy.statements

    async def send(self, request: CrashRequest) -> httpx.Response | None:
        """The response; None when it died before."""
        try:
            return await self._client.post(request.path, json=request.body, headers=request.headers)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            return None
