"""The service killed at any statement of a request: asked again with the same key, it has done it once, and says so."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest

from app.persistence.database import Database, open_database
from tests.crash.nursery import PATIENCE_S, Nursery
from tests.crash.service import Demand, Service, a_platform
from tests.crash.wire import Moment, names, wired
from tests.databases import Databases
from tests.persistence.telling import everything, placed
from tests.samples import CRASH_ROUNDS

STATEMENTS = {
    "the look for the client": r"FROM api_key",
    "BEGIN and the adviser's lock": r"^BEGIN",
    "the adviser's file": r"^SELECT json_build_object",
    "the policies": r"^SELECT version, content FROM policy",
    "all that is written": r"INSERT INTO registration.*INSERT INTO idempotency",
    "the trace and COMMIT": r"INSERT INTO audit_log.*COMMIT$",
}
ONLY_ONCE = {"the look for the client", "the policies"}  # in the life of a process
COMMITTED = ("the trace and COMMIT", Moment.HEARD)

LEFT = """SELECT
    (SELECT count(*) FROM registration WHERE adviser_id = $1 AND module_code = 'cybersecurite') AS registrations,
    (SELECT count(*) FROM decision WHERE adviser_id = $1 AND outcome = 'over_quota') AS decisions,
    (SELECT count(*) FROM outbox WHERE adviser_id = $1 AND type = 'registration.over_quota') AS events,
    (SELECT count(*) FROM idempotency WHERE key = $2) AS answers,
    (SELECT count(*) FROM audit_log WHERE action = 'registerAdviser' AND $1 = ANY(subject_ids)) AS traces"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Advisers at their quota, and a service whose database is at the end of a wire."""

    database: Database
    service: Service
    demands: list[Demand]

    async def left(self, demand: Demand) -> list[int]:
        """How many of everything that one demand leaves: one each, or none."""
        row = await self.database.one(LEFT, demand.adviser, demand.headers["Idempotency-Key"])
        assert row is not None
        return [*row.values()]


ALL, NOTHING = [1] * 5, [0] * 5


@pytest.fixture
async def scene(
    databases: Databases, at_quota: str, born: Nursery, request: pytest.FixtureRequest
) -> AsyncGenerator[Scene]:
    """Its service is the genuine one unless a test asks for a broken one."""
    act: str = getattr(request, "param", "serve")
    url = databases.copy(at_quota)
    database = open_database(url, pool_size=2)
    headers = {"Authorization": f"Bearer {await a_platform(database)}"}
    demands = [Demand(row["id"]) for row in await database.many("SELECT id FROM adviser ORDER BY id")]
    client = httpx.AsyncClient(base_url=born.url, headers=headers, timeout=PATIENCE_S)
    async with wired(url) as (through, wire), client:
        service = Service(born, through, wire, client, act)
        await service.start()
        yield Scene(database, service, demands)
        await service.stop()
    await database.close()


async def test_left_alive_it_says_what_is_made_fatal_and_nothing_else(scene: Scene) -> None:
    said = scene.service.listened_to()

    answer = await scene.service.asked(scene.demands[0])

    assert answer is not None
    assert (answer.status_code, answer.json()["status"]) == (201, "awaiting_choice")
    named = names(said, {"beside requests": r"^LISTEN|^SELECT 1$|^SELECT 1 WHERE|^UPDATE api_key|^NOTIFY"} | STATEMENTS)
    assert [name for name in named if name in STATEMENTS] == [*STATEMENTS]
    assert await scene.left(scene.demands[0]) == ALL


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("statement", STATEMENTS)
async def test_killed_at_any_statement_it_has_done_all_or_nothing_and_does_it_once(
    scene: Scene, statement: str, moment: Moment
) -> None:
    is_committed = (statement, moment) == COMMITTED
    assert len(scene.demands) == CRASH_ROUNDS
    for demand in scene.demands:
        if statement in ONLY_ONCE:
            await scene.service.stop()
            await scene.service.start()
        scene.service.dies_at(STATEMENTS[statement], moment)

        assert await scene.service.asked(demand) is None
        await scene.service.gone()
        assert await scene.left(demand) == (ALL if is_committed else NOTHING)

        await scene.service.start()
        again = await scene.service.asked(demand)
        assert again is not None
        assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, is_committed)
        assert await scene.left(demand) == ALL
    await each_is_told_once(scene)


async def test_killed_once_it_has_answered_it_has_lost_nothing(scene: Scene) -> None:
    for demand in scene.demands:
        answer = await scene.service.asked(demand)
        await scene.service.stop()
        await scene.service.start()

        again = await scene.service.asked(demand)

        assert answer is not None
        assert again is not None
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        assert await scene.left(demand) == ALL
    await each_is_told_once(scene)


@pytest.mark.parametrize("scene", ["serve_remembering_apart"], indirect=True)
async def test_red_run_an_answer_remembered_apart_is_given_for_what_was_never_done(scene: Scene) -> None:
    demand = scene.demands[0]
    scene.service.dies_at(STATEMENTS["the trace and COMMIT"], Moment.NOT_HEARD)
    assert await scene.service.asked(demand) is None
    await scene.service.gone()
    await scene.service.start()

    again = await scene.service.asked(demand)

    assert again is not None
    assert again.status_code == 201
    assert await scene.left(demand) == [0, 0, 0, 1, 0]


async def each_is_told_once(scene: Scene) -> None:
    """In the feed, and to the adviser; and nothing else is told."""
    before = await everything(scene.database)
    await placed(scene.database)
    events = (await everything(scene.database))[len(before) :]
    told = await scene.database.many("SELECT event_id, adviser_id FROM outbox WHERE type = 'registration.over_quota'")
    assert sorted(events) == sorted(row["event_id"] for row in told)
    assert sorted(row["adviser_id"] for row in told) == sorted(demand.adviser for demand in scene.demands)
    written = await scene.database.many("SELECT event_id FROM delivery WHERE recipient = 'adviser'")
    assert sorted(row["event_id"] for row in written) == sorted(events)
