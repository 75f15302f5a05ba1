"""The whole system under load, with crashes of every part: all that was answered is stored and announced, nothing
else."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.schema.migrations import migrate
from app.seed.published_catalogue import load_catalogue
from tests.cli.cli_process import new_folder
from tests.crash.client_load import PAUSE_SECONDS, ClientLoad, load_on
from tests.crash.crashing_postgres import CrashingPostgres, crashing_postgres
from tests.crash.fork_server import TIMEOUT_S, ForkServer
from tests.crash.service_process import SECRET, new_key
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import SmtpServer, messages_of, running_smtp_server
from tests.outbox.webhooks.webhook_builders import expire_leases, make_everything_due
from tests.outbox.webhooks.webhook_receiver import Receiver, running_receiver
from tests.persistence.outbox.event_builders import all_events
from tests.samples import CRASH_ROUNDS, CRASH_SEED

CLIENTS = 3
OF_EACH_KIND = max(2, CRASH_ROUNDS // 5)
OVER_QUOTA = "registration.over_quota"
UNSETTLED = "SELECT FROM delivery WHERE state IN ('due', 'in_flight')"
BETWEEN_DISASTERS = 5  # registrations, on an average


@dataclass(slots=True)
class RunningSystem:
    """Two API processes, two workers, a database: any of them may crash at any time."""

    forks: ForkServer
    server: CrashingPostgres
    database: Database
    settings: dict[str, str]
    services: list[int]
    workers: list[int]

    async def new_service(self) -> int:
        return await self.forks.start("serve", settings=self.settings)

    async def new_worker(self) -> int:
        return await self.forks.start("work", settings={name.upper(): value for name, value in self.settings.items()})

    async def lose_the_database(self, _: Random) -> None:
        await self.server.crash()
        self.server.restart()
        async with asyncio.timeout(TIMEOUT_S):
            while not await self._answers():
                pass

    async def _answers(self) -> bool:
        try:
            return await self.database.one("SELECT 1") is not None
        except UNAVAILABLE_ERRORS:
            return False

    async def lose_a_service(self, random: Random) -> None:
        await self.forks.kill(self.services.pop(random.randrange(2)))
        self.services.append(await self.new_service())

    async def lose_a_worker(self, random: Random) -> None:
        """Its claims expire at once; so do those of the other one."""
        await self.forks.kill(self.workers.pop(random.randrange(2)))
        await expire_leases(self.database)
        self.workers.append(await self.new_worker())

    async def cause_disaster(self, load: ClientLoad, random: Random) -> None:
        """Disasters in a row, some of each kind."""
        disasters = [self.lose_the_database, self.lose_a_service, self.lose_a_worker] * OF_EACH_KIND
        random.shuffle(disasters)
        for disaster in disasters:
            await load.wait_for_more(random.randint(1, 2 * BETWEEN_DISASTERS))
            await disaster(random)

    async def recover(self) -> None:
        """Return once everything is delivered; the claims of the dead expire first."""
        while self.workers:
            await self.forks.kill(self.workers.pop())
        await expire_leases(self.database)
        await make_everything_due(self.database)
        self.workers.append(await self.new_worker())
        async with asyncio.timeout(4 * TIMEOUT_S):
            while await self.database.one(UNSETTLED) is not None:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def running_system(
    forks: ForkServer, server: CrashingPostgres, database: Database, smtp_server: SmtpServer
) -> AsyncGenerator[RunningSystem]:
    settings = {
        "database_url": server.cluster.url("registrations"),
        "secret_key": SECRET,
        "drain_seconds": "0",
        "rate_limit_per_minute": "1000000",
        "smtp_url": f"smtp://127.0.0.1:{smtp_server.port}?starttls=false",
        "mail_from": "inscriptions@example.org",
        "webhook_allow_private_addresses": "true",
    }
    system = RunningSystem(forks, server, database, settings, [], [])
    try:
        system.services += [await system.new_service() for _ in range(2)]
        system.workers += [await system.new_worker() for _ in range(2)]
        yield system
    finally:
        for pid in (*system.services, *system.workers):
            await forks.kill(pid)


async def new_client_database(server: CrashingPostgres) -> tuple[Database, str]:
    """A database with the catalogue, and the key of a client."""
    server.cluster.create_database("registrations")
    url = server.cluster.url("registrations")
    await asyncio.to_thread(migrate, url)
    database = open_database(url, pool_size=2)
    await load_catalogue(database, "support@example.org", MORNING)
    return database, await new_key(database)


async def an_endpoint(load: ClientLoad, receiver: Receiver) -> str:
    """Add an endpoint; return its secret."""
    answer = await load.request_until_answered("POST", "/v1/webhook-endpoints", json={"url": receiver.url})
    secret: str = answer.json()["secret"]
    return secret


async def test_whatever_dies_all_that_was_answered_is_there_and_told(forks: ForkServer) -> None:
    with new_folder() as folder, crashing_postgres(folder / "var") as server:
        database, api_key = await new_client_database(server)
        async with (
            running_receiver() as receiver,
            running_smtp_server() as smtp_server,
            running_system(forks, server, database, smtp_server) as system,
            load_on(forks.url, api_key) as load,
            asyncio.TaskGroup() as following,
        ):
            secret, over, is_read = await an_endpoint(load, receiver), asyncio.Event(), asyncio.Event()
            following.create_task(load.follow(is_read))
            async with asyncio.TaskGroup() as registering:
                for _ in range(CLIENTS):
                    registering.create_task(load.register(over))
                await system.cause_disaster(load, Random(CRASH_SEED))  # noqa: S311  # a play, not a secret
                over.set()
            await system.recover()
            is_read.set()
        await expect_everything_answered_stored(database, load)
        await expect_everything_stored_told(database, load, receiver, secret)
        await expect_each_crossing_emailed_once(database, smtp_server)
        await database.close()


async def expect_everything_answered_stored(database: Database, load: ClientLoad) -> None:
    """And nothing twice."""
    kept = await database.many("SELECT id::text, status, version FROM registration")
    answered = [(told["id"], told["status"], told["version"]) for told in load.answered.values()]
    assert sorted((row["id"], row["status"], row["version"]) for row in kept) == sorted(answered)
    assert Counter(status for _, status, _ in answered)["awaiting_choice"] == len(answered) * 2 / 3
    assert load.retries.total() > 0


async def expect_everything_stored_told(database: Database, load: ClientLoad, receiver: Receiver, secret: str) -> None:
    """Once in the feed, at least once to the endpoint, and then with the same content."""
    told = [str(event) for event in await all_events(database)]
    written = await database.many("SELECT event_id::text, subject_type, subject_id::text FROM outbox")
    assert sorted(told) == sorted(row["event_id"] for row in written)
    # Whoever is looked at between being known and being registered is reminded of a right: that is told, too.
    registered = sorted(row["subject_id"] for row in written if row["subject_type"] == "registration")
    assert registered == sorted(each["id"] for each in load.answered.values())
    assert load.seen == told
    assert {*receiver.ids} == {*told}
    assert len({(one.id, one.body) for one in receiver.received}) == len(told)
    assert all(one.verified(secret)["data"]["id"] == one.id for one in receiver.received)


async def expect_each_crossing_emailed_once(database: Database, smtp_server: SmtpServer) -> None:
    """One Message-ID each, however often it was sent."""
    messages = await messages_of(database)
    assert {*smtp_server.ids} == {f"<{row['id']}@example.org>" for row in messages}
    to_advisers = [row["decision_id"] for row in await messages_of(database, recipient="adviser", type=OVER_QUOTA)]
    crossings = await database.many("SELECT id FROM decision WHERE outcome = 'over_quota'")
    assert sorted(to_advisers) == sorted(row["id"] for row in crossings)
