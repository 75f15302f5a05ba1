"""Whatever the database does to them, the chores of the worker are at work again once it is over."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from time import time

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app import worker
from app.embedded.cluster import Cluster
from app.imports import jobs
from app.outbox import relay, reminder, sequencer
from app.outbox.relay import Relay
from app.persistence import notices
from app.persistence.database import Database, open_database
from app.settings import Settings
from app.supervision import Chore, Pauses
from app.worker import chores, work
from tests.databases import Databases, name_of
from tests.outbox.posting import SECRETS
from tests.outbox.receiver import Received, Receiver, Reply, receiving
from tests.persistence.telling import told
from tests.supervision.adversities import ADVERSITIES, Place, place
from tests.supervision.errands import ERRANDS, prepare_all, undone
from tests.supervision.waiting import PATIENCE_S, all_fail_twice, last_turn, until, until_all

SETTINGS = Settings(secret_key=SecretStr(SECRETS[0]), webhook_allow_private_addresses=True)
QUICK = Pauses(first=0.02, most=0.1)
TO_THE_RECEIVER = "UPDATE webhook_endpoint SET url = $1 WHERE status = 'active'"
LISTENS = {"hear_announcements"}  # it writes nothing, and reads no table
READ_FIRST = LISTENS | {"place_events", "anonymise_advisers"}  # these write only when there is something to do
NOT_WRITING = ("read-only", "disk full", "out of memory")


@asynccontextmanager
async def working(url: str) -> AsyncGenerator["asyncio.Task[None]"]:
    """A worker, until the block ends; it ends well."""
    stop, database = asyncio.Event(), open_database(url, pool_size=6, secrets=SECRETS)
    running = asyncio.create_task(work(database, url, SETTINGS, stop, QUICK))
    try:
        yield running
        stop.set()
        async with asyncio.timeout(PATIENCE_S):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.fixture(scope="module")
async def errands(databases: Databases, template: str) -> str:
    """The name of a database where each chore has something to do, that nobody is connected to."""
    url = databases.copy(template)
    database = open_database(url, pool_size=2, role=None)
    await prepare_all(database)
    assert await undone(database) == ERRANDS.keys()
    await database.close()
    return name_of(url)


@pytest.fixture
async def here(cluster: Cluster, databases: Databases, errands: str) -> AsyncGenerator[Place]:
    async with place(cluster, databases.copy(errands)) as found:
        yield found


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chore rests for long."""
    for room in (sequencer, relay, jobs):
        monkeypatch.setattr(room, "LOOK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(relay, "REAP_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(relay, "SETTLE_AGAIN_AFTER", (0.05,) * 200)
    monkeypatch.setattr(reminder, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(worker, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(notices, "PULSE_SECONDS", 0.5)


async def all_done(here: Place, but: Collection[str] = ()) -> None:
    left: set[str] = set()
    for _ in range(PATIENCE_S * 20):
        left = await undone(here.owner) - {*but}
        if not left:
            return
        await asyncio.sleep(0.05)
    assert left == set()


def test_each_chore_of_the_worker_has_something_to_do_here(database: Database, database_url: str) -> None:
    event = asyncio.Event()
    known = chores(database, database_url, SETTINGS, Relay(database, {}), event, event)

    assert {chore.name for chore in known} == ERRANDS.keys()


@pytest.mark.parametrize("adversity", ["sessions ended", "driver broken", *NOT_WRITING])
async def test_a_worker_born_into_it_does_all_its_work_once_it_is_over(
    here: Place, receiver: Receiver, adversity: str
) -> None:
    harmed = ERRANDS.keys() - (LISTENS if adversity in NOT_WRITING else set())
    await here.owner.one(TO_THE_RECEIVER, receiver.url)
    with capture_logs() as logged:
        async with AsyncExitStack() as suffered:
            await suffered.enter_async_context(ADVERSITIES[adversity](here))
            async with working(here.url):
                await all_fail_twice(harmed)
                await suffered.aclose()
                await all_done(here)

    assert {line.get("chore") for line in logged if line.get("exc_info")} >= harmed
    assert len(receiver.ids) == len(set(receiver.ids)) > 0


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("adversity", ADVERSITIES)
async def test_a_worker_it_befalls_goes_on_when_it_is_over(here: Place, receiver: Receiver, adversity: str) -> None:
    unharmed = dict.fromkeys(NOT_WRITING, READ_FIRST) | {"schema gone": LISTENS, "plans outdated": {*ERRANDS}}
    await here.owner.one(TO_THE_RECEIVER, receiver.url)
    async with working(here.url):
        await all_done(here)
        async with ADVERSITIES[adversity](here):
            await all_fail_twice(ERRANDS.keys() - unharmed.get(adversity, set()))
        over = time()
        await until_all(ERRANDS.keys(), lambda name: last_turn(name) > over)
        await told(here.owner, 3)
        await all_done(here)


@pytest.mark.usefixtures("fast")
async def test_a_delivery_under_way_outlives_claims_that_fail(here: Place, receiver: Receiver) -> None:
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Received) -> Reply:
        under_way.set()
        await go_on.wait()
        return Reply()

    receiver.answer = slowly
    await here.owner.one(TO_THE_RECEIVER, receiver.url)
    async with working(here.url):
        await under_way.wait()
        async with ADVERSITIES["disk full"](here):
            await all_fail_twice({"relay"})
        go_on.set()
        await all_done(here, but={"carry_out_imports"})  # one that was interrupted waits for its lease to end

    assert len(receiver.ids) == len(set(receiver.ids)) > 0


async def test_one_kind_of_forgetting_that_fails_for_ever_starves_no_other(here: Place, receiver: Receiver) -> None:
    await here.owner.one(TO_THE_RECEIVER, receiver.url)
    await here.owner.one("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$")
    await here.owner.one("CREATE TRIGGER keep BEFORE DELETE ON import_job EXECUTE FUNCTION keep()")
    async with working(here.url):
        await all_done(here, {"forget_imports"})
        await all_fail_twice({"forget_imports"})


async def test_unsupervised_the_first_failure_ends_them_all(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the supervisor is there for."""

    async def together(chores: Iterable[Chore], _: asyncio.Event, __: Pauses) -> None:
        async with asyncio.TaskGroup() as group:
            for chore in chores:
                group.create_task(chore.run(lambda: None))

    monkeypatch.setattr(worker, "supervise", together)
    async with ADVERSITIES["read-only"](here):
        with pytest.raises(ExceptionGroup):
            async with working(here.url) as running, asyncio.timeout(PATIENCE_S):
                await running
    assert await undone(here.owner) >= {"place_events", "relay", "carry_out_imports"}


async def test_a_schema_that_is_too_old_is_waited_for(
    here: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.owner.one(TO_THE_RECEIVER, receiver.url)
    monkeypatch.setattr(worker, "SCHEMA_EVERY_SECONDS", 0.02)
    newest = await here.owner.one("SELECT version_num FROM alembic_version")
    await here.owner.one("UPDATE alembic_version SET version_num = '0001'")
    with capture_logs() as logged:
        async with working(here.url):
            await until(lambda: len(logged) >= 3)
            assert await undone(here.owner) == ERRANDS.keys()
            await here.owner.one("UPDATE alembic_version SET version_num = $1", newest and newest["version_num"])
            await all_done(here)

    assert "python -m app migrate" in logged[0]["event"]
