"""The service behind a real socket, in a thread with an event loop of its own."""

import asyncio
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from app.api.application import create_application
from app.api.http.application_state import UNLIMITED, ApplicationState
from app.api.http.limits.rate_limiter import RateLimiter
from app.api.identity.api_key_secrets import Pepper
from app.api.identity.authentication import CredentialAuthenticator
from app.api.identity.token_verifier import TokenVerifier
from app.cli.serving import listening_socket, server_config
from app.persistence.engine.database import open_database
from app.persistence.engine.listen_notify import NotificationConnection
from app.seed.demonstration_clients import make_demonstration_keys
from app.supervisor import BackgroundTask, supervise
from tests.fake_clock import MORNING, FakeClock

PEPPER = Pepper(("a-secret-for-tests-that-is-long-enough",))
TLS_CONTEXT = ssl.create_default_context()  # made once: every client would read all certificates
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class LiveServer:
    """`keys` has one key for each role, and `training_organisation_id`; `service` lives in another thread, as do the
    `connections` that are open."""

    base_url: str
    database_url: str
    keys: dict[str, str]
    clock: FakeClock
    service: ApplicationState
    authenticator: CredentialAuthenticator
    connections: set[Any]

    def client(self, role: str) -> httpx.Client:
        return self.client_with(self.keys[role])

    def client_with(self, secret: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=TIMEOUT_S, verify=TLS_CONTEXT)


def idempotency_headers() -> dict[str, str]:
    """A new `Idempotency-Key`."""
    return {"Idempotency-Key": str(uuid4())}


async def _keys(url: str) -> dict[str, str]:
    database = open_database(url, pool_size=1, secrets=PEPPER.secrets)
    made = await make_demonstration_keys(database, PEPPER, MORNING)
    await database.close()
    return made


@contextmanager
def serving(
    database_url: str, *, per_minute: int = UNLIMITED, tokens: TokenVerifier | None = None
) -> Generator[LiveServer]:
    """Serve until the block ends; a client may ask so often a minute, and come with `tokens` if there are any."""
    keys = asyncio.run(_keys(database_url))
    socket, clock = listening_socket("127.0.0.1", 0), FakeClock()
    base_url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    database = open_database(database_url, secrets=PEPPER.secrets)
    authenticator = CredentialAuthenticator(database, PEPPER, tokens)
    service = ApplicationState(database, clock, PEPPER.secrets, base_url, authenticator, RateLimiter(per_minute))
    service.bad_link_limiter = authenticator.unknown_credentials.limiter = RateLimiter(UNLIMITED)
    server = uvicorn.Server(server_config(create_application(service)))

    async def run() -> None:
        listener = authenticator.credential_cache.listener
        notifications = NotificationConnection(database_url, listener, changed=database.changed)
        stop = asyncio.Event()
        listening = asyncio.create_task(supervise([BackgroundTask("hear", notifications.listen, grace=0)], stop))
        await server.serve([socket])
        stop.set()
        await listening
        await service.audit_log.close()
        await database.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    with httpx.Client(base_url=base_url, timeout=TIMEOUT_S, verify=TLS_CONTEXT) as probe:
        while probe.get("/readyz").status_code != 200:
            pass
    yield LiveServer(base_url, database_url, keys, clock, service, authenticator, server.server_state.connections)
    server.should_exit = True
    thread.join(10)
