"""Everything at work, and everything dies: whatever was answered is there and told, and nothing else is."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from app.persistence.database import Database, open_database
from app.persistence.failures import UNREACHABLE
from app.persistence.migrations import migrate
from app.seed.catalogue import load_catalogue
from tests.cli.program import new_folder
from tests.clockwork import MORNING
from tests.crash.load import PAUSE_SECONDS, Load, load_on
from tests.crash.mortal_server import MortalServer, mortal_server
from tests.crash.nursery import PATIENCE_S, Nursery
from tests.crash.service import SECRET, a_platform
from tests.messages.post import Office, an_office, messages_of
from tests.outbox.posting import hurry, leases_end
from tests.outbox.receiver import Receiver, receiving
from tests.persistence.telling import everything
from tests.samples import CRASH_ROUNDS, CRASH_SEED

CLIENTS = 3
OF_EACH_KIND = max(2, CRASH_ROUNDS // 5)
OVER_QUOTA = "registration.over_quota"
UNSETTLED = "SELECT FROM delivery WHERE state IN ('due', 'in_flight')"
BETWEEN_DISASTERS = 5  # registrations, on an average


@dataclass(slots=True)
class City:
    """Two processes of the service, two workers, a database: any of them may die at any time."""

    born: Nursery
    server: MortalServer
    database: Database
    settings: dict[str, str]
    services: list[int]
    workers: list[int]

    async def new_service(self) -> int:
        return await self.born.start("serve", settings=self.settings)

    async def new_worker(self) -> int:
        return await self.born.start("work", settings={name.upper(): value for name, value in self.settings.items()})

    async def lose_the_database(self, _: Random) -> None:
        await self.server.die()
        self.server.come_back()
        async with asyncio.timeout(PATIENCE_S):
            while not await self._answers():
                pass

    async def _answers(self) -> bool:
        try:
            return await self.database.one("SELECT 1") is not None
        except UNREACHABLE:
            return False

    async def lose_a_service(self, random: Random) -> None:
        await self.born.kill(self.services.pop(random.randrange(2)))
        self.services.append(await self.new_service())

    async def lose_a_worker(self, random: Random) -> None:
        """What it had claimed is given up at once; so is what the other has under way."""
        await self.born.kill(self.workers.pop(random.randrange(2)))
        await leases_end(self.database)
        self.workers.append(await self.new_worker())

    async def suffer(self, load: Load, random: Random) -> None:
        """Disasters in a row, some of each kind."""
        disasters = [self.lose_the_database, self.lose_a_service, self.lose_a_worker] * OF_EACH_KIND
        random.shuffle(disasters)
        for disaster in disasters:
            await load.more(random.randint(1, 2 * BETWEEN_DISASTERS))
            await disaster(random)

    async def recover(self) -> None:
        """Return once everything that is known is delivered; what the dead had claimed is given up first."""
        while self.workers:
            await self.born.kill(self.workers.pop())
        await leases_end(self.database)
        await hurry(self.database)
        self.workers.append(await self.new_worker())
        async with asyncio.timeout(4 * PATIENCE_S):
            while await self.database.one(UNSETTLED) is not None:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def a_city(born: Nursery, server: MortalServer, database: Database, office: Office) -> AsyncGenerator[City]:
    settings = {
        "database_url": server.cluster.url("registrations"),
        "secret_key": SECRET,
        "drain_seconds": "0",
        "rate_limit_per_minute": "1000000",
        "smtp_url": f"smtp://127.0.0.1:{office.port}?starttls=false",
        "mail_from": "inscriptions@example.org",
        "webhook_allow_private_addresses": "true",
    }
    city = City(born, server, database, settings, [], [])
    try:
        city.services += [await city.new_service() for _ in range(2)]
        city.workers += [await city.new_worker() for _ in range(2)]
        yield city
    finally:
        for pid in (*city.services, *city.workers):
            await born.kill(pid)


async def filled(server: MortalServer) -> tuple[Database, str]:
    """A database with the catalogue, and the key of a client."""
    server.cluster.create_database("registrations")
    url = server.cluster.url("registrations")
    await asyncio.to_thread(migrate, url)
    database = open_database(url, pool_size=2)
    await load_catalogue(database, "support@example.org", MORNING)
    return database, await a_platform(database)


async def an_endpoint(load: Load, receiver: Receiver) -> str:
    """Its secret."""
    answer = await load.asked("POST", "/v1/webhook-endpoints", json={"url": receiver.url})
    secret: str = answer.json()["secret"]
    return secret


async def test_whatever_dies_all_that_was_answered_is_there_and_told(born: Nursery) -> None:
    with new_folder() as folder, mortal_server(folder / "var") as server:
        database, api_key = await filled(server)
        async with (
            receiving() as receiver,
            an_office() as office,
            a_city(born, server, database, office) as city,
            load_on(born.url, api_key) as load,
            asyncio.TaskGroup() as following,
        ):
            secret, over, is_read = await an_endpoint(load, receiver), asyncio.Event(), asyncio.Event()
            following.create_task(load.follow(is_read))
            async with asyncio.TaskGroup() as registering:
                for _ in range(CLIENTS):
                    registering.create_task(load.register(over))
                await city.suffer(load, Random(CRASH_SEED))  # noqa: S311  # a play, not a secret
                over.set()
            await city.recover()
            is_read.set()
        await everything_answered_is_there(database, load)
        await everything_there_is_told(database, load, receiver, secret)
        await each_crossing_is_written_once(database, office)
        await database.close()


async def everything_answered_is_there(database: Database, load: Load) -> None:
    """And nothing was done twice."""
    kept = await database.many("SELECT id::text, status, version FROM registration")
    answered = [(told["id"], told["status"], told["version"]) for told in load.answered.values()]
    assert sorted((row["id"], row["status"], row["version"]) for row in kept) == sorted(answered)
    assert Counter(status for _, status, _ in answered)["awaiting_choice"] == len(answered) * 2 / 3
    assert load.repeated.total() > 0


async def everything_there_is_told(database: Database, load: Load, receiver: Receiver, secret: str) -> None:
    """Once in the feed, at least once to the endpoint, and then in the same words."""
    told = [str(event) for event in await everything(database)]
    written = await database.many("SELECT event_id::text, subject_type, subject_id::text FROM outbox")
    assert sorted(told) == sorted(row["event_id"] for row in written)
    # Whoever is looked at between being known and being registered is reminded of a right: that is told, too.
    registered = sorted(row["subject_id"] for row in written if row["subject_type"] == "registration")
    assert registered == sorted(each["id"] for each in load.answered.values())
    assert load.seen == told
    assert {*receiver.ids} == {*told}
    assert len({(one.id, one.body) for one in receiver.received}) == len(told)
    assert all(one.verified(secret)["data"]["id"] == one.id for one in receiver.received)


async def each_crossing_is_written_once(database: Database, office: Office) -> None:
    """Every message is one, however often it was handed over."""
    messages = await messages_of(database)
    assert {*office.ids} == {f"<{row['id']}@example.org>" for row in messages}
    to_advisers = [row["decision_id"] for row in await messages_of(database, recipient="adviser", type=OVER_QUOTA)]
    crossings = await database.many("SELECT id FROM decision WHERE outcome = 'over_quota'")
    assert sorted(to_advisers) == sorted(row["id"] for row in crossings)
