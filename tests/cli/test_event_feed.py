"""The feed as operators meet it: the worker that places and forgets events, a restore, a service told to stop."""

import asyncio
import signal
import subprocess
from collections.abc import Generator
from datetime import timedelta
from time import monotonic

import httpx
import pytest

from app.clock import utc_now
from app.persistence.engine.database import Database, open_database
from app.persistence.outbox import assign_feed_positions
from app.persistence.outbox.event_feed import READ_HEADS
from app.persistence.schema.retention_periods import EVENTS_RETENTION
from tests.cli.cli_process import TIMEOUT_S, new_folder, run_command, serving_process, start_command
from tests.forks import DEV_NULL, ForkedProcess
from tests.persistence.outbox.event_builders import all_events, place_waiting_events, read_page, write_events

SECRET = "a-secret-for-tests-that-is-long-enough"  # noqa: S105  # opens nothing
Process = subprocess.Popen[bytes] | ForkedProcess


@pytest.fixture
def worker(database_url: str) -> Generator[Process]:
    """At work, or about to be."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET}
    started = start_command("worker", settings=settings, stdout=DEV_NULL, stderr=DEV_NULL)
    yield started
    started.kill()
    started.wait(TIMEOUT_S)


async def test_a_worker_places_events_until_it_is_told_to_stop(database: Database, worker: Process) -> None:
    expected = await write_events(database, 3)
    async with asyncio.timeout(TIMEOUT_S):
        while await assign_feed_positions.has_unsequenced_events(database):
            pass

    worker.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(worker.wait, TIMEOUT_S) == 0
    assert await all_events(database) == expected


@pytest.mark.usefixtures("kept_for_long")
async def test_a_worker_forgets_what_was_kept_long_enough(database: Database, worker: Process) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while (await read_page(database, None)).events:
            pass

    assert worker.poll() is None


@pytest.fixture
async def kept_for_long(database: Database) -> None:
    """Events placed more than ninety days ago, more than are forgotten at once."""
    await write_events(database, 6_000)
    await place_waiting_events(database)
    await database.one("UPDATE outbox SET sequenced_at = $1", utc_now() - EVENTS_RETENTION - timedelta(hours=1))


async def test_after_a_restore_an_operator_lets_the_cursors_expire(database: Database, database_url: str) -> None:
    before = (await read_page(database)).epoch

    done = run_command("feed", "new-epoch", DATABASE_URL=database_url, SECRET_KEY=SECRET)

    assert (done.returncode, done.stderr) == (0, "")
    assert (await read_page(database)).epoch != before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_whoever_waits_for_events_is_answered_when_the_service_is_told_to_stop(
    database_url: str, number: signal.Signals
) -> None:
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET}
    key = run_command("keys", "create", "La Coop", "platform", **settings).stdout.split()[-1]
    headers = {"Authorization": f"Bearer {key}", "Prefer": "wait=30"}
    with new_folder() as folder, serving_process(folder / "var", DRAIN_SECONDS="1", **settings) as program:
        async with httpx.AsyncClient(base_url=program.base_url, headers=headers, timeout=40) as client:
            waiting = asyncio.create_task(client.get("/v1/events", params={"after": "now"}))
            await wait_until_polled(database_url)
            started = monotonic()
            program.process.send_signal(number)
            answer = await waiting
        await asyncio.to_thread(program.process.wait, TIMEOUT_S)

    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert monotonic() - started < 10


async def wait_until_polled(database_url: str) -> None:
    """Return once the service looks for those who wait."""
    superuser = open_database(database_url, pool_size=1, role=None)
    looking = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query = $1"
    async with asyncio.timeout(TIMEOUT_S):
        while await superuser.one(looking, READ_HEADS) is None:
            pass
    await superuser.close()
