"""The API killed at any statement of a correction or a derogation: what is kept beside the registration is kept with
it, once, or not at all."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx
import pytest

from app.domain.facts.registration_terms import Attendance
from app.persistence.administration.client_role import Role
from app.persistence.engine.database import Database, open_database
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from tests.crash.fork_server import TIMEOUT_S, ForkServer
from tests.crash.killing_proxy import KillMoment, statement_names, through_killing_proxy
from tests.crash.service_process import ActionRequest, KillableService, new_key
from tests.databases import Databases
from tests.samples import CRASH_ROUNDS
from tests.use_cases.use_case_builders import PAST_DAY, a_request_context, an_adviser_in_post, id_of, register_in


@dataclass(frozen=True, slots=True)
class CrashAction:
    """`statements` are those of one request, each by the one regular expression that matches it; `decisions` are
    those that it takes."""

    prepare: Callable[[Database], Awaitable[ActionRequest]]
    statements: dict[str, str]
    decisions: int


async def a_correction(database: Database) -> ActionRequest:
    registration = id_of(await register_in(database, await an_adviser_in_post(database), PAST_DAY))
    await mark_attendance(database, registration, AttendanceReport(Attendance.COMPLETED), a_request_context())
    body = {"outcome": "absent_justified", "motive": "medical_certificate", "note": "Reçu après coup"}
    return ActionRequest(registration, "attendance", body)


async def a_derogation(database: Database) -> ActionRequest:
    adviser = await an_adviser_in_post(database)
    registration = id_of(await register_in(database, adviser, PAST_DAY, "aidants-connect"))
    body = {"waived": ["accreditation_missing"], "funding": "state", "motive": "Habilitation en cours"}
    return ActionRequest(registration, "derogation", body)


OPENING = {"BEGIN and the adviser's lock": r"^BEGIN", "the adviser's file": r"^SELECT json_build_object"}
ENDING = {
    "all that is written": r"INSERT INTO registration.*INSERT INTO idempotency",
    "the trace and COMMIT": r"INSERT INTO audit_log.*COMMIT$",
}
LATEST = {"the latest report": r"FROM attendance_record"}
REPORT, WHY = {"the report": r"^INSERT INTO attendance_record"}, {"why": r"^INSERT INTO derogation"}
ACTIONS = {
    "correction": CrashAction(a_correction, OPENING | LATEST | REPORT | ENDING, 0),
    "derogation": CrashAction(a_derogation, OPENING | WHY | ENDING, 1),
}
BESIDE_REQUESTS = (
    r"^LISTEN|^SELECT 1$|^SELECT 1 WHERE|^UPDATE api_key|^NOTIFY|FROM api_key|^SELECT version, content FROM policy"
)

COUNT_ROWS = """SELECT
    (SELECT version::int FROM registration WHERE id = $1),
    (SELECT count(*) FROM decision WHERE registration_id = $1),
    (SELECT count(*) FROM outbox WHERE subject_id = $1),
    (SELECT count(*) FROM attendance_record WHERE registration_id = $1)
        + (SELECT count(*) FROM derogation WHERE registration_id = $1),
    (SELECT count(*) FROM idempotency WHERE key = $2),
    (SELECT count(*) FROM audit_log WHERE $1 = ANY(subject_ids))"""


@dataclass(frozen=True, slots=True)
class CrashSetup:
    action: CrashAction
    database: Database
    service: KillableService
    requests: Sequence[ActionRequest]

    async def left(self, request: ActionRequest) -> list[int]:
        row = await self.database.one(COUNT_ROWS, request.registration, request.headers["Idempotency-Key"])
        assert row is not None
        return [*row.values()]


@pytest.fixture
async def crash_setup(
    databases: Databases, template: str, forks: ForkServer, request: pytest.FixtureRequest
) -> AsyncGenerator[CrashSetup]:
    action, url = ACTIONS[request.param], databases.copy(template)
    database = open_database(url, pool_size=2)
    requests = [await action.prepare(database) for _ in range(CRASH_ROUNDS)]
    headers = {"Authorization": f"Bearer {await new_key(database, Role.ADMIN)}"}
    client = httpx.AsyncClient(base_url=forks.url, headers=headers, timeout=TIMEOUT_S)
    async with through_killing_proxy(url) as (through, proxy), client:
        service = KillableService(forks, through, proxy, client)
        await service.start()
        yield CrashSetup(action, database, service, requests)
        await service.stop()
    await database.close()


@pytest.mark.parametrize("crash_setup", ACTIONS, indirect=True)
async def test_without_a_kill_its_statements_are_those_that_are_made_fatal(crash_setup: CrashSetup) -> None:
    request, statements = crash_setup.requests[0], crash_setup.action.statements
    said = crash_setup.service.record_statements()

    answer = await crash_setup.service.send(request)

    assert answer is not None
    assert answer.status_code == 200
    named = statement_names(said, {"beside requests": BESIDE_REQUESTS} | statements)
    assert [name for name in named if name in statements] == [*statements]


@pytest.mark.parametrize("moment", KillMoment)
@pytest.mark.parametrize(
    ("crash_setup", "statement"),
    [(name, statement) for name, action in ACTIONS.items() for statement in action.statements],
    indirect=["crash_setup"],
)
async def test_killed_at_any_statement_it_has_done_all_or_nothing_and_does_it_once(
    crash_setup: CrashSetup, statement: str, moment: KillMoment
) -> None:
    is_committed = statement == "the trace and COMMIT" and moment is KillMoment.HEARD
    for request in crash_setup.requests:
        before = await crash_setup.left(request)
        crash_setup.service.die_at(crash_setup.action.statements[statement], moment)
        assert await crash_setup.service.send(request) is None
        await crash_setup.service.wait_until_dead()
        left = await crash_setup.left(request)

        await crash_setup.service.start()
        again = await crash_setup.service.send(request)

        after = await crash_setup.left(request)
        assert again is not None
        assert (again.status_code, "Idempotent-Replayed" in again.headers) == (200, is_committed)
        assert left == (after if is_committed else before)
        gained = [now - then for now, then in zip(after, before, strict=True)]
        assert gained == [1, crash_setup.action.decisions, 1, 1, 1, 1]
