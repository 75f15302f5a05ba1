"""The application as it is built for a process: what runs beside the requests takes nothing of theirs."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from app import main
from app.api.identity.api_key_secrets import generate_key
from app.persistence.engine.database import POOL_SIZE, Database, open_database
from app.settings import Settings

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing


async def _status_beside_a_busy_worker(database_url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """What a request is answered while the worker of its process has every connection that it can get."""
    busy = asyncio.Event()

    async def work(database: Database, url: str, settings: Settings, stop: asyncio.Event) -> None:
        del url, settings
        async with AsyncExitStack() as held:
            try:
                for _ in range(POOL_SIZE):
                    await held.enter_async_context(database.transaction())
            except TimeoutError:
                pass
            busy.set()
            await stop.wait()

    monkeypatch.setattr("app.worker.run_worker", work)
    monkeypatch.setattr("app.persistence.engine.connection_pool.ACQUIRE_SECONDS", 0.1)
    monkeypatch.setattr("app.persistence.engine.database.MAX_WRITERS", POOL_SIZE)  # none is left to those who read
    settings = Settings.model_validate({"database_url": database_url, "secret_key": SECRET, "run_worker": True})
    app = main.build(settings)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        await busy.wait()
        headers = {"Authorization": f"Bearer {generate_key().secret}"}
        return (await client.get("/v1/modules", headers=headers)).status_code


async def test_a_worker_in_the_process_leaves_connections_to_requests(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _status_beside_a_busy_worker(database_url, monkeypatch) == 401  # nobody knows it


async def test_red_run_with_the_pool_of_the_requests_it_leaves_none(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[Database]()

    def one_for_all(url: str, **options: Any) -> Database:
        opened[:] = opened or [open_database(url, **options)]
        return opened[0]

    monkeypatch.setattr(main, "open_database", one_for_all)

    assert await _status_beside_a_busy_worker(database_url, monkeypatch) == 503
