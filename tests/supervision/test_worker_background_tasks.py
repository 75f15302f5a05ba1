"""Whatever fault the database has, the tasks of the worker work again once it is over."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from time import time

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app import worker
from app.embedded.cluster import Cluster
from app.imports import import_jobs
from app.outbox import delivery_relay, reminder_loop, sequencer_loop, session_loop
from app.outbox.delivery_relay import OutboxRelay
from app.persistence.administration import imports
from app.persistence.engine import listen_notify
from app.persistence.engine.database import Database, open_database
from app.settings import Settings
from app.supervisor import BackgroundTask, Backoff
from app.worker import background_tasks, run_worker
from tests.databases import Databases, name_of
from tests.outbox.webhooks.webhook_builders import SECRETS
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Receiver, Reply, running_receiver
from tests.persistence.outbox.event_builders import write_events
from tests.supervision.database_faults import DATABASE_FAULTS, FaultyDatabase, running_faulty_database
from tests.supervision.pending_work import PENDING_WORK, prepare_all, unfinished_tasks
from tests.supervision.polling import TIMEOUT_S, last_turn, wait_until, wait_until_all, wait_until_all_failed_twice

SETTINGS = Settings(secret_key=SecretStr(SECRETS[0]), webhook_allow_private_addresses=True)
QUICK = Backoff(initial=0.02, maximum=0.1)
SET_RECEIVER_URL = "UPDATE webhook_endpoint SET url = $1 WHERE status = 'active'"
LISTENS = {"hear_announcements"}  # it writes nothing, and reads no table
READ_FIRST = LISTENS | {
    "place_events",
    "anonymise_advisers",
    "keep_counts",
    "look_after_sessions",
}  # these write only when there is something to do
NOT_WRITING = ("read-only", "disk full", "out of memory")


@asynccontextmanager
async def running_worker(url: str) -> AsyncGenerator["asyncio.Task[None]"]:
    """A worker that runs until the block ends, and then stops in order."""
    stop, database = asyncio.Event(), open_database(url, pool_size=6, secrets=SECRETS)
    running = asyncio.create_task(run_worker(database, url, SETTINGS, stop, QUICK))
    try:
        yield running
        stop.set()
        async with asyncio.timeout(TIMEOUT_S):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with running_receiver() as started:
        yield started


@pytest.fixture(scope="module")
async def pending_work_template(databases: Databases, template: str) -> str:
    """The name of a database where each task has work to do, without connections."""
    url = databases.copy(template)
    database = open_database(url, pool_size=2, role=None)
    await prepare_all(database)
    assert await unfinished_tasks(database) == PENDING_WORK.keys()
    await database.close()
    return name_of(url)


@pytest.fixture
async def target_database(
    cluster: Cluster, databases: Databases, pending_work_template: str
) -> AsyncGenerator[FaultyDatabase]:
    async with running_faulty_database(cluster, databases.copy(pending_work_template)) as found:
        yield found


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tasks pause briefly."""
    for room in (sequencer_loop, session_loop, delivery_relay, import_jobs):
        monkeypatch.setattr(room, "POLL_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(delivery_relay, "RECLAIM_SECONDS", 0.05)
    monkeypatch.setattr(delivery_relay, "SETTLE_RETRY_SECONDS", (0.05,) * 200)
    monkeypatch.setattr(reminder_loop, "POLL_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(worker, "RETENTION_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(worker, "COUNTING_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(listen_notify, "KEEPALIVE_SECONDS", 0.5)


@pytest.fixture(autouse=True)
def short_import_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import claimed just before the sessions end is taken up again while a test waits."""
    monkeypatch.setattr(imports, "LEASE", timedelta(seconds=1))


async def wait_until_all_done(target_database: FaultyDatabase, but: Collection[str] = ()) -> None:
    left: set[str] = set()
    for _ in range(TIMEOUT_S * 20):
        left = await unfinished_tasks(target_database.owner) - {*but}
        if not left:
            return
        await asyncio.sleep(0.05)
    assert left == set()


def test_each_task_of_the_worker_has_work_to_do_here(database: Database, database_url: str) -> None:
    event = asyncio.Event()
    known = background_tasks(database, database_url, SETTINGS, OutboxRelay(database, {}), event, event)

    assert {task.name for task in known} == PENDING_WORK.keys()


@pytest.mark.parametrize("adversity", ["sessions ended", "driver broken", *NOT_WRITING])
async def test_a_worker_started_during_a_fault_does_all_its_work_once_it_is_over(
    target_database: FaultyDatabase, receiver: Receiver, adversity: str
) -> None:
    harmed = PENDING_WORK.keys() - (LISTENS if adversity in NOT_WRITING else set())
    await target_database.owner.one(SET_RECEIVER_URL, receiver.url)
    with capture_logs() as logged:
        async with AsyncExitStack() as suffered:
            await suffered.enter_async_context(DATABASE_FAULTS[adversity](target_database))
            async with running_worker(target_database.url):
                await wait_until_all_failed_twice(harmed)
                await suffered.aclose()
                await wait_until_all_done(target_database)

    assert {line.get("chore") for line in logged if line.get("exc_info")} >= harmed
    assert len(receiver.ids) == len(set(receiver.ids)) > 0


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("adversity", DATABASE_FAULTS)
async def test_a_running_worker_goes_on_once_a_fault_is_over(
    target_database: FaultyDatabase, receiver: Receiver, adversity: str
) -> None:
    unharmed = dict.fromkeys(NOT_WRITING, READ_FIRST) | {"schema gone": LISTENS, "plans outdated": {*PENDING_WORK}}
    await target_database.owner.one(SET_RECEIVER_URL, receiver.url)
    async with running_worker(target_database.url):
        await wait_until_all_done(target_database)
        async with DATABASE_FAULTS[adversity](target_database):
            await wait_until_all_failed_twice(PENDING_WORK.keys() - unharmed.get(adversity, set()))
        over = time()
        await wait_until_all(PENDING_WORK.keys(), lambda name: last_turn(name) > over)
        await write_events(target_database.owner, 3)
        await wait_until_all_done(target_database)


@pytest.mark.usefixtures("short_pauses")
async def test_a_delivery_in_flight_outlives_claims_that_fail(
    target_database: FaultyDatabase, receiver: Receiver
) -> None:
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: ReceivedRequest) -> Reply:
        under_way.set()
        await go_on.wait()
        return Reply()

    receiver.answer = slowly
    await target_database.owner.one(SET_RECEIVER_URL, receiver.url)
    async with running_worker(target_database.url):
        await under_way.wait()
        async with DATABASE_FAULTS["disk full"](target_database):
            await wait_until_all_failed_twice({"relay"})
        go_on.set()
        await wait_until_all_done(
            target_database, but={"carry_out_imports"}
        )  # one that was interrupted waits for its lease to end

    assert len(receiver.ids) == len(set(receiver.ids)) > 0


async def test_a_retention_task_that_fails_for_ever_starves_no_other(
    target_database: FaultyDatabase, receiver: Receiver
) -> None:
    await target_database.owner.one(SET_RECEIVER_URL, receiver.url)
    await target_database.owner.one(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$"
    )
    await target_database.owner.one("CREATE TRIGGER keep BEFORE DELETE ON import_job EXECUTE FUNCTION keep()")
    async with running_worker(target_database.url):
        await wait_until_all_done(target_database, {"forget_imports"})
        await wait_until_all_failed_twice({"forget_imports"})


async def test_unsupervised_the_first_failure_ends_them_all(
    target_database: FaultyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason for the supervisor."""

    async def together(tasks: Iterable[BackgroundTask], _: asyncio.Event, __: Backoff) -> None:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task.run(lambda: None))

    monkeypatch.setattr(worker, "supervise", together)
    async with DATABASE_FAULTS["read-only"](target_database):
        with pytest.raises(ExceptionGroup):
            async with running_worker(target_database.url) as running, asyncio.timeout(TIMEOUT_S):
                await running
    assert await unfinished_tasks(target_database.owner) >= {"place_events", "relay", "carry_out_imports"}


async def test_a_schema_that_is_too_old_is_waited_for(
    target_database: FaultyDatabase, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await target_database.owner.one(SET_RECEIVER_URL, receiver.url)
    monkeypatch.setattr(worker, "SCHEMA_POLL_SECONDS", 0.02)
    newest = await target_database.owner.one("SELECT version_num FROM alembic_version")
    await target_database.owner.one("UPDATE alembic_version SET version_num = '0001'")
    with capture_logs() as logged:
        async with running_worker(target_database.url):
            await wait_until(lambda: len(logged) >= 3)
            assert await unfinished_tasks(target_database.owner) == PENDING_WORK.keys()
            await target_database.owner.one(
                "UPDATE alembic_version SET version_num = $1", newest and newest["version_num"]
            )
            await wait_until_all_done(target_database)

    assert "python -m app migrate" in logged[0]["event"]
