"""What happens is delivered when it happens: nobody waits until somebody looks."""

import asyncio
from collections.abc import Generator

import pytest
from pydantic import SecretStr

from app.outbox import delivery_relay, sequencer_loop
from app.persistence.engine.database import Database
from app.settings import Settings
from app.worker import work
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import Served, serving
from tests.outbox.webhooks.webhook_builders import SECRETS, an_endpoint
from tests.outbox.webhooks.webhook_receiver import receiving


@pytest.fixture
def lonely(database_url: str) -> Generator[Served]:
    with serving(database_url) as started:
        yield started


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """But when something was announced, or may have been."""
    for room in (sequencer_loop, delivery_relay):
        monkeypatch.setattr(room, "LOOK_EVERY_SECONDS", 3600.0)


@pytest.mark.usefixtures("nobody_looks")
async def test_a_registration_is_delivered_at_once_by_a_worker_in_another_process(
    lonely: Served, database: Database, database_url: str
) -> None:
    settings = Settings(secret_key=SecretStr(SECRETS[0]), webhook_allow_private_addresses=True)
    stop = asyncio.Event()
    async with receiving() as receiver:
        await an_endpoint(database, receiver.url, types=["registration.*"])
        working = asyncio.create_task(work(database, database_url, settings, stop))
        with lonely.client("platform") as client:
            for count in (1, 2, 3):  # the first may be found when the worker begins to listen
                await asyncio.to_thread(lambda: register(client, an_adviser_in_post(client)).raise_for_status())
                await receiver.has(count)
        stop.set()
        async with asyncio.timeout(10):
            await working
