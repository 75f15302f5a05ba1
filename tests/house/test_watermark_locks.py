"""Every transaction that changes a list locks the instant of its change, so that no watermark passes it."""

import ast
import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from asyncpg import RaiseError

from app.api.openapi.examples.request_examples import EXAMPLES
from app.imports.import_jobs import run_next_import
from app.persistence.administration.import_kind import ImportKind
from app.persistence.advisers.advisers import ADVISERS
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.change_watermark import LOCK_CLASS, LOCK_EPOCH, WATERMARKED_TABLES
from app.use_cases.administration.request_import import SentFile, request_import
from app.use_cases.advisers.anonymise_adviser import InactivityRound
from tests.api.openapi.contract_requests import new_key, operations
from tests.fake_clock import MORNING
from tests.imports import sample_files
from tests.imports.test_import_jobs import ADMIN
from tests.live_server import PEPPER, LiveServer
from tests.persistence.engine.test_change_watermark import trace
from tests.use_cases.use_case_builders import a_request_context

APP = Path(__file__).parents[2] / "app"
YEARS_LATER = MORNING + timedelta(days=4_000)
# Refuses a change at an instant that its transaction has not locked.
CHECK_FUNCTION = f"""CREATE FUNCTION check_instant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
        AND classid = {LOCK_CLASS} AND objid::bigint <= extract(epoch FROM NEW.updated_at - '{LOCK_EPOCH.isoformat()}'))
    THEN RAISE '% changes at an instant that is not held', TG_TABLE_NAME; END IF;
    RETURN NEW;
END $$"""  # noqa: S608  # our own words
INSERT_TRIGGER = "CREATE TRIGGER added BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION check_instant()"
UPDATE_TRIGGER = """CREATE TRIGGER changed BEFORE UPDATE ON {} FOR EACH ROW
WHEN (OLD.updated_at IS DISTINCT FROM NEW.updated_at) EXECUTE FUNCTION check_instant()"""


@pytest.fixture
async def service_that_checks_instants(served_demonstration: LiveServer) -> AsyncGenerator[Database]:
    """The demonstration, on tables that refuse a change whose instant is not locked."""
    owner = open_database(served_demonstration.database_url, pool_size=1, role=None)
    await owner.one(CHECK_FUNCTION)
    for table in WATERMARKED_TABLES:
        await owner.one(INSERT_TRIGGER.format(table))
        await owner.one(UPDATE_TRIGGER.format(table))
    await owner.close()
    database = open_database(served_demonstration.database_url, pool_size=2, secrets=PEPPER.secrets)
    yield database
    await database.close()


async def test_every_operation_an_import_and_what_is_forgotten_by_age_hold_the_instants_of_their_changes(
    served_demonstration: LiveServer, service_that_checks_instants: Database
) -> None:
    with served_demonstration.client("admin") as admin:
        await asyncio.to_thread(every_operation, admin)
    await every_line_of_an_import(service_that_checks_instants)

    assert await InactivityRound(service_that_checks_instants, 1).anonymise_next(YEARS_LATER)


def every_operation(admin: httpx.Client) -> None:
    by_id = {operation.id: operation for operation in operations()}
    for operation in (by_id[name] for name in EXAMPLES):
        for body in operation.bodies().values():
            answer = operation.send(admin, body, new_key())
            assert answer.status_code in operation.successes, (operation.id, answer.text)


async def every_line_of_an_import(database: Database) -> None:
    content = sample_files.csv_bytes(
        sample_files.ADVISERS, *(sample_files.an_adviser(number) for number in range(1, 4))
    )
    context = a_request_context(client=ADMIN, audit_entry=trace(MORNING))
    await request_import(database, SentFile(ImportKind.ADVISERS, content), context)
    while await run_next_import(database, lambda: MORNING, asyncio.Event()):
        pass
    assert await database.many("SELECT 1 FROM import_job WHERE status = 'done' AND imported = 3")


def test_every_entrance_that_changes_something_refuses_instants_that_are_too_old() -> None:
    """But for the demonstration, whose events happened long before anybody followed the lists."""
    calls = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in sorted(APP.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "open_database"
    ]

    timed = [name for name, keywords in calls if "has_real_clock" in keywords]
    assert timed == ["worker.py", "database.py", *["main.py"] * 2]
    assert [name for name, keywords in calls if "has_real_clock" not in keywords] == ["openapi.py", "demonstration.py"]


@pytest.mark.parametrize("held", [None, YEARS_LATER])
async def test_red_run_a_change_at_an_instant_that_is_not_held_is_refused_there(
    service_that_checks_instants: Database, held: datetime | None
) -> None:
    """No instant is locked, or a later one."""
    with pytest.raises(RaiseError):
        await change_somebody(service_that_checks_instants, trace(held) if held else None)


async def change_somebody(database: Database, held: AuditEntry | None) -> None:
    async with database.transaction(audit_entry=held) as tx:
        person = await tx.one("SELECT * FROM adviser LIMIT 1")
        assert person is not None
        await ADVISERS.update(tx, person, {"last_name": "Autrement"}, MORNING)
