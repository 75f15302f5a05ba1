"""Events are delivered when they happen: a notification wakes each step up, without polling."""

import asyncio
from collections.abc import Generator

import pytest
from pydantic import SecretStr

from app.outbox import delivery_relay, sequencer_loop
from app.persistence.engine.database import Database
from app.settings import Settings
from app.worker import run_worker
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import LiveServer, serving
from tests.outbox.webhooks.webhook_builders import SECRETS, an_endpoint
from tests.outbox.webhooks.webhook_receiver import running_receiver


@pytest.fixture
def own_service(database_url: str) -> Generator[LiveServer]:
    with serving(database_url) as started:
        yield started


@pytest.fixture
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing wakes up except by a notification, or when one may have been missed."""
    for room in (sequencer_loop, delivery_relay):
        monkeypatch.setattr(room, "POLL_INTERVAL_SECONDS", 3600.0)


@pytest.mark.usefixtures("no_polling")
async def test_a_registration_is_delivered_at_once_by_a_worker_in_another_process(
    own_service: LiveServer, database: Database, database_url: str
) -> None:
    settings = Settings(secret_key=SecretStr(SECRETS[0]), webhook_allow_private_addresses=True)
    stop = asyncio.Event()
    async with running_receiver() as receiver:
        await an_endpoint(database, receiver.url, types=["registration.*"])
        working = asyncio.create_task(run_worker(database, database_url, settings, stop))
        with own_service.client("platform") as client:
            for count in (1, 2, 3):  # the first may be found when the worker begins to listen
                await asyncio.to_thread(lambda: register(client, an_adviser_in_post(client)).raise_for_status())
                await receiver.wait_for(count)
        stop.set()
        async with asyncio.timeout(10):
            await working
