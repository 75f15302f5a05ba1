"""Imports requested over HTTP are carried out once, whatever crashes meanwhile, and deleted in time."""

import asyncio
import signal
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from app.imports.file_parsing import parse_file
from app.imports.import_jobs import run_import_queue, run_next_import
from app.persistence.administration import imports, rejected_import_lines
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.administration.import_kind import ImportKind, LineCounts
from app.persistence.administration.imports import MAX_ATTEMPTS, ClaimedImport, delete_expired_imports
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.use_cases.administration.request_import import SentFile, request_import
from tests.fake_clock import MORNING
from tests.forks import start
from tests.imports import killable_worker
from tests.imports.killable_worker import AFTER, WITHIN
from tests.imports.sample_files import ADVISERS, an_adviser, csv_bytes, stored_advisers
from tests.use_cases.use_case_builders import a_request_context

ADMIN = Client(UUID(int=7_003), Role.ADMIN, None)
PARSE = "app.imports.import_jobs.parse_file"
LINES = 250
# One of the last lines says the same as another, one is wrong.
FILE = csv_bytes(
    ADVISERS,
    *(an_adviser(number) for number in range(1, LINES - 1)),
    an_adviser(LINES - 2),
    an_adviser(LINES, code="20"),
)
DONE = {"status": "done", "read": LINES, "imported": LINES - 2, "unchanged": 1, "rejected": 1}


async def requested_import(
    database: Database,
    content: bytes = FILE,
    *,
    dry_run: bool = False,
    is_ndjson: bool = False,
    client: Client = ADMIN,
) -> UUID:
    trace = AuditEntry(client.id, "importFile", uuid4(), MORNING)
    answer = await request_import(
        database,
        SentFile(ImportKind.ADVISERS, content, dry_run, is_ndjson),
        a_request_context(client=client, audit_entry=trace),
    )
    return UUID(orjson.loads(answer.body)["id"])


async def run_imports(database: Database, stop: asyncio.Event | None = None) -> bool:
    return await run_next_import(database, lambda: MORNING, stop or asyncio.Event())


async def claimed(database: Database) -> ClaimedImport | None:
    """As by a worker that dies then."""
    async with database.transaction() as tx:
        return await imports.claim(tx, {})


async def read_import(database: Database, job: UUID) -> Row:
    row = await imports.read(database, job)
    assert row is not None
    return row


async def state(database: Database, job: UUID) -> dict[str, Any]:
    row = await read_import(database, job)
    return {name: row[name] for name in DONE}


async def expire_leases(database: Database) -> None:
    """The leases of those who died end."""
    await database.one("UPDATE import_job SET lease_until = now() - interval '1 s' WHERE claim IS NOT NULL")


async def test_an_import_is_carried_out_and_its_file_goes(database: Database) -> None:
    job = await requested_import(database)
    waiting = await state(database, job)

    assert await run_imports(database)

    assert waiting == {"status": "waiting", "read": 0, "imported": 0, "unchanged": 0, "rejected": 0}
    assert await state(database, job) == DONE
    assert len(await stored_advisers(database)) == LINES - 2
    assert "code de département" in (await rejected_import_lines.read_file(database, job) or "")
    (kept,) = await database.many("SELECT content, claim FROM import_job")
    assert [*kept.values()] == [None, None]
    assert not await run_imports(database)


async def test_whoever_asked_is_named_by_the_audit_log(database: Database) -> None:
    await requested_import(database)
    await run_imports(database)

    lines = await database.many("SELECT action, client_id, request_id FROM audit_log")

    assert Counter(line["action"] for line in lines) == {"importFile": 1, "importAdvisers": 3}
    assert {line["client_id"] for line in lines} == {ADMIN.id}
    assert len({line["request_id"] for line in lines}) == 1


async def test_a_dry_run_counts_and_writes_nothing(database: Database) -> None:
    job = await requested_import(database, dry_run=True)

    await run_imports(database)

    assert await state(database, job) == DONE
    assert await stored_advisers(database) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty-file"), (b"\xd0\xcf\x11\xe0", "old-workbook"), (b"Salaire\n1800", "unknown-columns")],
)
async def test_a_file_that_can_t_be_read_says_why(database: Database, content: bytes, code: str) -> None:
    job = await requested_import(database, content)

    await run_imports(database)

    row = await read_import(database, job)
    failure = orjson.loads(row["failure"])
    assert (row["status"], failure["code"]) == ("failed", code)
    assert failure["fr"] != failure["en"]


async def test_a_heading_may_be_anything(database: Database) -> None:
    job = await requested_import(database, f"Nom;{'x' * 5_000};a\x00b\nA;;".encode())

    await run_imports(database)

    row = await read_import(database, job)
    assert (row["status"], row["ignored_columns"]) == ("done", ["x" * 100, "a\ufffdb"])


async def test_a_column_that_seems_to_matter_is_told_apart(database: Database) -> None:
    job = await requested_import(database, b"Nom;Salaire;Courriel du maire\nA;1800;\n")
    waiting = await read_import(database, job)

    await run_imports(database)

    row = await read_import(database, job)
    assert waiting["suspect_columns"] == []
    assert row["suspect_columns"] == ["Courriel du maire"]
    assert row["ignored_columns"] == ["Courriel du maire", "Salaire"]


def killed_import(url: str, moment: str, last: int) -> int:
    return start(killable_worker.__name__, url, moment, str(last)).wait(60)


@pytest.mark.parametrize(("moment", "last", "kept"), [(WITHIN, 2, 100), (AFTER, 3, 200)])
async def test_a_killed_import_is_finished_by_another_worker_and_counted_once(
    database: Database, database_url: str, moment: str, last: int, kept: int
) -> None:
    job = await requested_import(database)

    status = await asyncio.to_thread(killed_import, database_url, moment, last)
    left = await state(database, job)
    found_by_the_next = await run_imports(database)
    await expire_leases(database)
    await run_imports(database)

    assert status == -signal.SIGKILL
    assert (left["status"], left["imported"]) == ("running", kept)
    assert not found_by_the_next
    assert await state(database, job) == DONE
    assert len(await stored_advisers(database)) == LINES - 2


async def test_a_file_that_kills_every_worker_is_given_up(database: Database) -> None:
    job = await requested_import(database)
    for _ in range(MAX_ATTEMPTS):
        assert await claimed(database) is not None
        await expire_leases(database)

    assert not await run_imports(database)

    row = await read_import(database, job)
    assert (row["status"], orjson.loads(row["failure"])["code"]) == ("failed", "interrupted")


OTHER = Client(UUID(int=7_004), Role.ADMIN, None)


async def test_clients_take_turns_however_much_one_of_them_left(database: Database) -> None:
    first = [await requested_import(database, b"Nom") for _ in range(3)]
    second = [await requested_import(database, b"Nom", client=OTHER) for _ in range(2)]
    while await run_imports(database):
        pass

    rows = await database.many("SELECT id FROM import_job ORDER BY finished_at")

    assert [row["id"] for row in rows] == [first[0], second[0], first[1], second[1], first[2]]


async def test_a_client_has_one_import_at_a_time(database: Database) -> None:
    mine, _ = await requested_import(database), await requested_import(database)
    theirs = await requested_import(database, client=OTHER)

    taken = await asyncio.gather(*(claimed(database) for _ in range(5)))

    assert {job.id for job in taken if job is not None} == {mine, theirs}


async def test_red_run_without_the_lock_of_the_claims_a_client_has_several_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look before either has committed."""
    monkeypatch.setattr(imports, "LOCK_CLAIMING", "SELECT 1")
    await requested_import(database)
    await requested_import(database)
    async with database.transaction() as one, database.transaction() as another:
        taken = [await imports.claim(one, {}), await imports.claim(another, {})]

    assert None not in taken


async def test_a_lost_import_holds_its_client_back_no_longer_than_its_lease(database: Database) -> None:
    lost, _ = await requested_import(database), await requested_import(database)
    await claimed(database)
    assert await claimed(database) is None
    await expire_leases(database)

    again = await claimed(database)

    assert again is not None
    assert again.id == lost


async def test_a_worker_that_lost_its_claim_commits_nothing_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, record_progress, recorded = await requested_import(database), imports.record_progress, 0

    async def with_another_worker_first(
        reader: Reader, held: ClaimedImport, imported: int = 0, counts: LineCounts | None = None
    ) -> None:
        nonlocal recorded
        recorded += 1
        if recorded == 3:  # the first hundred are committed; before the second
            await expire_leases(database)
            await claimed(database)
        await record_progress(reader, held, imported, counts)

    monkeypatch.setattr(imports, "record_progress", with_another_worker_first)

    assert await run_imports(database)

    assert (await state(database, job))["status"] == "running"
    assert len(await stored_advisers(database)) == 100


async def test_a_worker_that_has_to_stop_leaves_the_rest_to_another(database: Database) -> None:
    job, stop = await requested_import(database), asyncio.Event()
    stop.set()

    await run_imports(database, stop)
    left = await state(database, job)
    await run_imports(database)

    assert left["status"] == "waiting"
    assert await state(database, job) == DONE


async def test_an_import_that_raises_fails_and_the_next_has_its_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await requested_import(database), await requested_import(database)

    def raising(*_: object, is_ndjson: bool) -> Any:
        assert not is_ndjson
        monkeypatch.setattr(PARSE, parse_file)
        raise ZeroDivisionError

    monkeypatch.setattr(PARSE, raising)

    await run_imports(database)
    await run_imports(database)

    assert [(await state(database, job))["status"] for job in (first, second)] == ["failed", "done"]


async def test_the_worker_carries_out_what_is_asked_while_it_runs(database: Database) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_import_queue(database, lambda: MORNING, stop))
        job = await requested_import(database)
        async with asyncio.timeout(20):
            while (await state(database, job))["status"] != "done":
                pass
        stop.set()

    assert await state(database, job) == DONE


async def test_what_was_asked_for_is_forgotten_after_a_week(database: Database) -> None:
    old, under_way, new = (
        await requested_import(database),
        await requested_import(database),
        await requested_import(database),
    )
    await database.one("UPDATE import_job SET created_at = now() - interval '6 days' WHERE id = $1", new)
    await database.one(
        "UPDATE import_job SET status = 'running', claim = gen_random_uuid(), lease_until = now() WHERE id = $1",
        under_way,
    )

    assert await delete_expired_imports(database) == 1

    assert [await imports.read(database, job) is None for job in (old, under_way, new)] == [True, False, False]
