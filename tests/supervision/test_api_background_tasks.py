"""The background tasks of the API outlive every fault of the database, as the worker's do."""

import ast
import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from structlog.testing import capture_logs

from app import main
from app.api.http.application_state import ApplicationState
from app.api.http.long_polling import FeedLongPolls
from app.embedded.cluster import Cluster
from app.persistence.engine.database import Database, open_database
from app.persistence.outbox.assign_feed_positions import GLOBAL_FEED_ID
from app.persistence.outbox.event_feed import read_head
from app.settings import Settings
from tests.fake_clock import FakeClock
from tests.outbox.webhooks.webhook_builders import SECRETS
from tests.persistence.outbox.event_builders import write_events
from tests.supervision.database_faults import DATABASE_FAULTS, FaultyDatabase, running_faulty_database
from tests.supervision.pending_work import PENDING_WORK
from tests.supervision.polling import last_turn, wait_until, wait_until_all, wait_until_all_failed_twice

APP = Path(main.__file__).parent
OF_THE_API = {"hear_announcements_for_api", "watch_feed", "work"}


def test_every_background_task_of_the_program_is_tried_here() -> None:
    named = {
        node.args[0].value
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "BackgroundTask"
        and isinstance(node.args[0], ast.Constant)
    }

    assert named - PENDING_WORK.keys() == OF_THE_API


@pytest.fixture
async def target_database(cluster: Cluster, database_url: str) -> AsyncGenerator[FaultyDatabase]:
    async with running_faulty_database(cluster, database_url) as found:
        yield found


@pytest.mark.parametrize("adversity", DATABASE_FAULTS)
async def test_a_long_poll_of_the_feed_is_answered_once_the_fault_is_over(
    target_database: FaultyDatabase, adversity: str
) -> None:
    database = open_database(target_database.url, pool_size=2)
    watch, leaving = FeedLongPolls(database, FakeClock(), lambda: False), asyncio.Future[None]()
    await write_events(target_database.owner)
    async with DATABASE_FAULTS[adversity](target_database):
        waiting = asyncio.create_task(watch.wait_until_moved(GLOBAL_FEED_ID, 0, 30, leaving))
        if adversity != "plans outdated":
            await wait_until_all_failed_twice({"watch_feed"})
            assert not waiting.done()
    async with asyncio.timeout(30):
        assert await waiting
    await database.close()


def _ignore(_: ApplicationState, __: float) -> None:
    """Signals are ignored."""


@pytest.fixture
def application(target_database: FaultyDatabase, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """The API and a worker in one process, which installs no signal handler."""
    monkeypatch.setattr(main, "drain_on_sigterm", _ignore)
    return main.build(
        Settings(
            database_url=SecretStr(target_database.url),
            secret_key=SecretStr(SECRETS[0]),
            run_worker=True,
            drain_seconds=0,
        )
    )


async def test_the_api_is_notified_again_and_its_worker_works(
    target_database: FaultyDatabase, application: FastAPI
) -> None:
    heard = {"hear_announcements_for_api"}
    async with application.router.lifespan_context(application):
        await wait_until_all(heard, lambda name: last_turn(name) > 0)
        async with DATABASE_FAULTS["sessions ended"](target_database):
            await wait_until_all_failed_twice(heard | {"place_events"})
        await wait_until_all(heard, lambda name: last_turn(name) > 0)
        await write_events(target_database.owner)
        await until_placed(target_database.owner)


async def until_placed(database: Database) -> None:
    async with asyncio.timeout(30):
        while await read_head(database, GLOBAL_FEED_ID) == 0:
            pass


async def test_a_worker_that_cannot_start_is_started_again(
    application: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = list[None]()

    async def work(_: object, __: object, ___: object, stop: asyncio.Event) -> None:
        begun.append(None)
        if len(begun) == 1:
            raise OSError
        await stop.wait()

    monkeypatch.setattr("app.worker.run_worker", work)
    with capture_logs():
        async with application.router.lifespan_context(application):
            await wait_until(lambda: len(begun) == 2)
