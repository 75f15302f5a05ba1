"""Imports asked for over HTTP are carried out once, whoever dies meanwhile, and forgotten."""

import asyncio
import signal
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from app.imports.jobs import carry_out_imports, carry_out_next
from app.imports.run import parse
from app.persistence import imports, rejects
from app.persistence.clients import Client, Role
from app.persistence.database import Database, Reader
from app.persistence.driver import Row
from app.persistence.imports import MOST_ATTEMPTS, Counts, ImportKind, Job, forget_old_imports
from app.persistence.traces import Trace
from app.use_cases.ask_for_import import ask_for_import
from tests.clockwork import MORNING
from tests.forks import start
from tests.imports import doomed
from tests.imports.doomed import AFTER, WITHIN
from tests.imports.sheets import ADVISERS, advisers, an_adviser, separated
from tests.use_cases.acting import asking

ADMIN = Client(UUID(int=7_003), Role.ADMIN, None)
PARSE = "app.imports.jobs.parse"
LINES = 250
# One of the last lines says the same as another, one is wrong.
FILE = separated(
    ADVISERS,
    *(an_adviser(number) for number in range(1, LINES - 1)),
    an_adviser(LINES - 2),
    an_adviser(LINES, code="20"),
)
DONE = {"status": "done", "read": LINES, "imported": LINES - 2, "unchanged": 1, "rejected": 1}


async def asked(database: Database, content: bytes = FILE, *, dry_run: bool = False, client: Client = ADMIN) -> UUID:
    trace = Trace(client.id, "importFile", uuid4(), MORNING)
    answer = await ask_for_import(
        database, ImportKind.ADVISERS, content, asking(client=client, trace=trace), dry_run=dry_run
    )
    return UUID(orjson.loads(answer.body)["id"])


async def worked(database: Database, stop: asyncio.Event | None = None) -> bool:
    return await carry_out_next(database, lambda: MORNING, stop or asyncio.Event())


async def claimed(database: Database) -> Job | None:
    """As by a worker that dies then."""
    async with database.transaction() as tx:
        return await imports.claim(tx, {})


async def found(database: Database, job: UUID) -> Row:
    row = await imports.read(database, job)
    assert row is not None
    return row


async def state(database: Database, job: UUID) -> dict[str, Any]:
    row = await found(database, job)
    return {name: row[name] for name in DONE}


async def lapse(database: Database) -> None:
    """The leases of those who died end."""
    await database.one("UPDATE import_job SET lease_until = now() - interval '1 s' WHERE claim IS NOT NULL")


async def test_an_import_is_carried_out_and_its_file_goes(database: Database) -> None:
    job = await asked(database)
    waiting = await state(database, job)

    assert await worked(database)

    assert waiting == {"status": "waiting", "read": 0, "imported": 0, "unchanged": 0, "rejected": 0}
    assert await state(database, job) == DONE
    assert len(await advisers(database)) == LINES - 2
    assert "code de département" in (await rejects.read_file(database, job) or "")
    (kept,) = await database.many("SELECT content, claim FROM import_job")
    assert [*kept.values()] == [None, None]
    assert not await worked(database)


async def test_whoever_asked_is_named_by_the_audit_log(database: Database) -> None:
    await asked(database)
    await worked(database)

    lines = await database.many("SELECT action, client_id, request_id FROM audit_log")

    assert Counter(line["action"] for line in lines) == {"importFile": 1, "importAdvisers": 3}
    assert {line["client_id"] for line in lines} == {ADMIN.id}
    assert len({line["request_id"] for line in lines}) == 1


async def test_a_dry_run_counts_and_writes_nothing(database: Database) -> None:
    job = await asked(database, dry_run=True)

    await worked(database)

    assert await state(database, job) == DONE
    assert await advisers(database) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty-file"), (b"\xd0\xcf\x11\xe0", "old-workbook"), (b"Salaire\n1800", "unknown-columns")],
)
async def test_a_file_that_can_t_be_read_says_why(database: Database, content: bytes, code: str) -> None:
    job = await asked(database, content)

    await worked(database)

    row = await found(database, job)
    failure = orjson.loads(row["failure"])
    assert (row["status"], failure["code"]) == ("failed", code)
    assert failure["fr"] != failure["en"]


async def test_a_heading_may_be_anything(database: Database) -> None:
    job = await asked(database, f"Nom;{'x' * 5_000};a\x00b\nA;;".encode())

    await worked(database)

    row = await found(database, job)
    assert (row["status"], row["ignored_columns"]) == ("done", ["x" * 100, "a\ufffdb"])


async def test_a_column_that_seems_to_matter_is_told_apart(database: Database) -> None:
    job = await asked(database, b"Nom;Salaire;Courriel du maire\nA;1800;\n")
    waiting = await found(database, job)

    await worked(database)

    row = await found(database, job)
    assert waiting["suspect_columns"] == []
    assert row["suspect_columns"] == ["Courriel du maire"]
    assert row["ignored_columns"] == ["Courriel du maire", "Salaire"]


def killed(url: str, moment: str, last: int) -> int:
    return start(doomed.__name__, url, moment, str(last)).wait(60)


@pytest.mark.parametrize(("moment", "last", "kept"), [(WITHIN, 2, 100), (AFTER, 3, 200)])
async def test_killed_in_the_middle_it_is_finished_by_another_and_counted_once(
    database: Database, database_url: str, moment: str, last: int, kept: int
) -> None:
    job = await asked(database)

    status = await asyncio.to_thread(killed, database_url, moment, last)
    left = await state(database, job)
    found_by_the_next = await worked(database)
    await lapse(database)
    await worked(database)

    assert status == -signal.SIGKILL
    assert (left["status"], left["imported"]) == ("running", kept)
    assert not found_by_the_next
    assert await state(database, job) == DONE
    assert len(await advisers(database)) == LINES - 2


async def test_a_file_that_kills_every_worker_is_given_up(database: Database) -> None:
    job = await asked(database)
    for _ in range(MOST_ATTEMPTS):
        assert await claimed(database) is not None
        await lapse(database)

    assert not await worked(database)

    row = await found(database, job)
    assert (row["status"], orjson.loads(row["failure"])["code"]) == ("failed", "interrupted")


OTHER = Client(UUID(int=7_004), Role.ADMIN, None)


async def test_clients_take_turns_however_much_one_of_them_left(database: Database) -> None:
    first = [await asked(database, b"Nom") for _ in range(3)]
    second = [await asked(database, b"Nom", client=OTHER) for _ in range(2)]
    while await worked(database):
        pass

    rows = await database.many("SELECT id FROM import_job ORDER BY finished_at")

    assert [row["id"] for row in rows] == [first[0], second[0], first[1], second[1], first[2]]


async def test_a_client_has_one_import_at_a_time(database: Database) -> None:
    mine, _ = await asked(database), await asked(database)
    theirs = await asked(database, client=OTHER)

    taken = await asyncio.gather(*(claimed(database) for _ in range(5)))

    assert {job.id for job in taken if job is not None} == {mine, theirs}


async def test_red_run_without_a_turn_to_claim_it_has_several(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look before either has committed."""
    monkeypatch.setattr(imports, "CLAIMING", "SELECT 1")
    await asked(database)
    await asked(database)
    async with database.transaction() as one, database.transaction() as another:
        taken = [await imports.claim(one, {}), await imports.claim(another, {})]

    assert None not in taken


async def test_one_that_was_lost_holds_its_client_back_no_longer_than_its_lease(database: Database) -> None:
    lost, _ = await asked(database), await asked(database)
    await claimed(database)
    assert await claimed(database) is None
    await lapse(database)

    again = await claimed(database)

    assert again is not None
    assert again.id == lost


async def test_who_comes_back_late_commits_nothing_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    job, note, noted = await asked(database), imports.note, 0

    async def overtaken(reader: Reader, held: Job, imported: int = 0, counts: Counts | None = None) -> None:
        nonlocal noted
        noted += 1
        if noted == 3:  # the first hundred are committed; before the second
            await lapse(database)
            await claimed(database)
        await note(reader, held, imported, counts)

    monkeypatch.setattr(imports, "note", overtaken)

    assert await worked(database)

    assert (await state(database, job))["status"] == "running"
    assert len(await advisers(database)) == 100


async def test_told_to_stop_it_leaves_the_rest_to_another(database: Database) -> None:
    job, stop = await asked(database), asyncio.Event()
    stop.set()

    await worked(database, stop)
    left = await state(database, job)
    await worked(database)

    assert left["status"] == "waiting"
    assert await state(database, job) == DONE


async def test_an_import_that_stumbles_fails_and_the_next_has_its_turn(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await asked(database), await asked(database)

    def stumbling(*_: object) -> Any:
        monkeypatch.setattr(PARSE, parse)
        raise ZeroDivisionError

    monkeypatch.setattr(PARSE, stumbling)

    await worked(database)
    await worked(database)

    assert [(await state(database, job))["status"] for job in (first, second)] == ["failed", "done"]


async def test_the_worker_carries_out_what_is_asked_while_it_runs(database: Database) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(carry_out_imports(database, lambda: MORNING, stop))
        job = await asked(database)
        async with asyncio.timeout(20):
            while (await state(database, job))["status"] != "done":
                pass
        stop.set()

    assert await state(database, job) == DONE


async def test_what_was_asked_for_is_forgotten_after_a_week(database: Database) -> None:
    old, under_way, new = await asked(database), await asked(database), await asked(database)
    await database.one("UPDATE import_job SET created_at = now() - interval '6 days' WHERE id = $1", new)
    await database.one(
        "UPDATE import_job SET status = 'running', claim = gen_random_uuid(), lease_until = now() WHERE id = $1",
        under_way,
    )

    assert await forget_old_imports(database) == 1

    assert [await imports.read(database, job) is None for job in (old, under_way, new)] == [True, False, False]
