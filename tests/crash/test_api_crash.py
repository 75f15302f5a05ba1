"""The API killed at any statement of a request: repeated with the same key, the request is carried out once."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest

from app.persistence.engine.database import Database, open_database
from tests.crash.fork_server import TIMEOUT_S, ForkServer
from tests.crash.killing_proxy import KillMoment, statement_names, through_killing_proxy
from tests.crash.service_process import KillableService, OverQuotaRequest, new_key
from tests.databases import Databases
from tests.persistence.outbox.event_builders import all_events, place_waiting_events
from tests.samples import CRASH_ROUNDS

TRANSACTION, BATCH = "serve_without_batches", "serve"
STATEMENTS = {
    TRANSACTION: {
        "the look for the client": r"FROM api_key",
        "BEGIN and the adviser's lock": r"^BEGIN",
        "the adviser's file": r"^SELECT json_build_object",
        "the policies": r"^SELECT version, content FROM policy",
        "all that is written": r"INSERT INTO registration.*INSERT INTO idempotency",
        "the trace and COMMIT": r"INSERT INTO audit_log.*COMMIT$",
    },
    BATCH: {
        "the look for the client": r"FROM api_key",
        "the advisers' files": r"^SELECT asked.place",
        "the policies": r"^SELECT version, content FROM policy",
        "all that is written and committed": r"^WITH decided",
    },
}
ONLY_ONCE = {"the look for the client", "the policies"}  # in the life of a process
COMMITTED = {("the trace and COMMIT", KillMoment.HEARD), ("all that is written and committed", KillMoment.HEARD)}
either_way = pytest.mark.parametrize("crash_setup", STATEMENTS, indirect=True)

COUNT_ROWS = """SELECT
    (SELECT count(*) FROM registration WHERE adviser_id = $1 AND module_code = 'cybersecurite') AS registrations,
    (SELECT count(*) FROM decision WHERE adviser_id = $1 AND outcome = 'over_quota') AS decisions,
    (SELECT count(*) FROM outbox WHERE adviser_id = $1 AND type = 'registration.over_quota') AS events,
    (SELECT count(*) FROM idempotency WHERE key = $2) AS answers,
    (SELECT count(*) FROM audit_log WHERE action = 'registerAdviser' AND $1 = ANY(subject_ids)) AS traces"""


@dataclass(frozen=True, slots=True)
class CrashSetup:
    """Advisers at their quota, and a service whose database is behind the killing proxy."""

    database: Database
    service: KillableService
    demands: list[OverQuotaRequest]

    async def left(self, request: OverQuotaRequest) -> list[int]:
        """How many rows of each kind a request left: one each, or none."""
        row = await self.database.one(COUNT_ROWS, request.adviser, request.headers["Idempotency-Key"])
        assert row is not None
        return [*row.values()]


ALL, NOTHING = [1] * 5, [0] * 5


@pytest.fixture
async def crash_setup(
    databases: Databases, at_quota: str, forks: ForkServer, request: pytest.FixtureRequest
) -> AsyncGenerator[CrashSetup]:
    """With the real service, unless a test asks for a broken one."""
    act: str = getattr(request, "param", "serve")
    url = databases.copy(at_quota)
    database = open_database(url, pool_size=2)
    headers = {"Authorization": f"Bearer {await new_key(database)}"}
    demands = [OverQuotaRequest(row["id"]) for row in await database.many("SELECT id FROM adviser ORDER BY id")]
    client = httpx.AsyncClient(base_url=forks.url, headers=headers, timeout=TIMEOUT_S)
    async with through_killing_proxy(url) as (through, proxy), client:
        service = KillableService(forks, through, proxy, client, act)
        await service.start()
        yield CrashSetup(database, service, demands)
        await service.stop()
    await database.close()


@either_way
async def test_without_a_kill_its_statements_are_those_that_are_made_fatal(crash_setup: CrashSetup) -> None:
    statements = STATEMENTS[crash_setup.service.act]
    said = crash_setup.service.record_statements()

    answer = await crash_setup.service.send(crash_setup.demands[0])

    assert answer is not None
    assert (answer.status_code, answer.json()["status"]) == (201, "awaiting_choice")
    named = statement_names(
        said, {"beside requests": r"^LISTEN|^SELECT 1$|^SELECT 1 WHERE|^UPDATE api_key|^NOTIFY"} | statements
    )
    assert [name for name in named if name in statements] == [*statements]
    assert await crash_setup.left(crash_setup.demands[0]) == ALL


@pytest.mark.parametrize("moment", KillMoment)
@pytest.mark.parametrize(
    ("crash_setup", "statement"),
    [(way, statement) for way, statements in STATEMENTS.items() for statement in statements],
    indirect=["crash_setup"],
)
async def test_killed_at_any_statement_it_has_done_all_or_nothing_and_does_it_once(
    crash_setup: CrashSetup, statement: str, moment: KillMoment
) -> None:
    is_committed, statements = (statement, moment) in COMMITTED, STATEMENTS[crash_setup.service.act]
    assert len(crash_setup.demands) == CRASH_ROUNDS
    for request in crash_setup.demands:
        if statement in ONLY_ONCE:
            await crash_setup.service.stop()
            await crash_setup.service.start()
        crash_setup.service.die_at(statements[statement], moment)

        assert await crash_setup.service.send(request) is None
        await crash_setup.service.wait_until_dead()
        assert await crash_setup.left(request) == (ALL if is_committed else NOTHING)

        await crash_setup.service.start()
        again = await crash_setup.service.send(request)
        assert again is not None
        assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, is_committed)
        assert await crash_setup.left(request) == ALL
    await expect_each_told_once(crash_setup)


@either_way
async def test_killed_after_its_response_it_has_lost_nothing(crash_setup: CrashSetup) -> None:
    for request in crash_setup.demands:
        answer = await crash_setup.service.send(request)
        await crash_setup.service.stop()
        await crash_setup.service.start()

        again = await crash_setup.service.send(request)

        assert answer is not None
        assert again is not None
        assert (again.status_code, again.content) == (answer.status_code, answer.content)
        assert await crash_setup.left(request) == ALL
    await expect_each_told_once(crash_setup)


@pytest.mark.parametrize("crash_setup", ["serve_remembering_apart"], indirect=True)
async def test_red_run_a_response_stored_apart_reports_what_was_never_done(crash_setup: CrashSetup) -> None:
    request = crash_setup.demands[0]
    crash_setup.service.die_at(STATEMENTS[TRANSACTION]["the trace and COMMIT"], KillMoment.NOT_HEARD)
    assert await crash_setup.service.send(request) is None
    await crash_setup.service.wait_until_dead()
    await crash_setup.service.start()

    again = await crash_setup.service.send(request)

    assert again is not None
    assert again.status_code == 201
    assert await crash_setup.left(request) == [0, 0, 0, 1, 0]


async def expect_each_told_once(crash_setup: CrashSetup) -> None:
    """In the feed, and to the adviser; nothing else is announced."""
    before = await all_events(crash_setup.database)
    await place_waiting_events(crash_setup.database)
    events = (await all_events(crash_setup.database))[len(before) :]
    told = await crash_setup.database.many(
        "SELECT event_id, adviser_id FROM outbox WHERE type = 'registration.over_quota'"
    )
    assert sorted(events) == sorted(row["event_id"] for row in told)
    assert sorted(row["adviser_id"] for row in told) == sorted(request.adviser for request in crash_setup.demands)
    written = await crash_setup.database.many("SELECT event_id FROM delivery WHERE recipient = 'adviser'")
    assert sorted(row["event_id"] for row in written) == sorted(events)
