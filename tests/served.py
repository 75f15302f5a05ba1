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
from app.api.keys import Pepper
from app.api.rates import Limiter
from app.api.service import UNLIMITED, Service
from app.api.tokens import TokenReader
from app.persistence.database import open_database
from app.persistence.notices import Notices
from app.seed.keys import make_demonstration_keys
from app.serving import listening_socket, server_config
from app.supervision import Chore, supervise
from tests.clockwork import MORNING, Clockwork

PEPPER = Pepper(("a-secret-for-tests-that-is-long-enough",))
TRUST = ssl.create_default_context()  # read once: every client would read all certificates, and no answer costs as much
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """`keys` has one key for each role, and `training_organisation_id`; `service` lives in another thread, as do the
    `connections` that are open."""

    base_url: str
    database_url: str
    keys: dict[str, str]
    clock: Clockwork
    service: Service
    connections: set[Any]

    def client(self, role: str) -> httpx.Client:
        return self.client_with(self.keys[role])

    def client_with(self, secret: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=PATIENCE_S, verify=TRUST)


def key() -> dict[str, str]:
    """A new `Idempotency-Key`."""
    return {"Idempotency-Key": str(uuid4())}


async def _keys(url: str) -> dict[str, str]:
    database = open_database(url, pool_size=1, secrets=PEPPER.secrets)
    made = await make_demonstration_keys(database, PEPPER, MORNING)
    await database.close()
    return made


@contextmanager
def serving(database_url: str, *, per_minute: int = UNLIMITED, tokens: TokenReader | None = None) -> Generator[Served]:
    """Serve until the block ends; a client may ask so often a minute, and come with `tokens` if there are any."""
    keys = asyncio.run(_keys(database_url))
    listener, clock = listening_socket("127.0.0.1", 0), Clockwork()
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    service = Service(
        open_database(database_url, secrets=PEPPER.secrets), clock, PEPPER, base_url, Limiter(per_minute), tokens
    )
    service.bad_links = service.strangers.limiter = Limiter(UNLIMITED)
    server = uvicorn.Server(server_config(create_application(service)))

    async def run() -> None:
        notices, stop = Notices(database_url, service.recognised.ear, changed=service.database.changed), asyncio.Event()
        listening = asyncio.create_task(supervise([Chore("hear", notices.listen, grace=0)], stop))
        await server.serve([listener])
        stop.set()
        await listening
        await service.trail.close()
        await service.database.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    with httpx.Client(base_url=base_url, timeout=PATIENCE_S, verify=TRUST) as probe:
        while probe.get("/readyz").status_code != 200:
            pass
    yield Served(base_url, database_url, keys, clock, service, server.server_state.connections)
    server.should_exit = True
    thread.join(10)
