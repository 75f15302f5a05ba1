"""Whoever reads what changed since the watermark of the reading before misses nothing, however late it is committed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from app.clock import utc_now
from app.embedded.cluster import running_cluster
from app.persistence.advisers import advisers
from app.persistence.advisers.advisers import ADVISERS
from app.persistence.engine.database import Database, Transaction, open_database
from app.persistence.engine.database_errors import InstantTooOld
from app.persistence.engine.pagination import Filter, PageQuery
from app.persistence.engine.transactions import change_watermark, opening
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.change_watermark import (
    MARGIN,
    WATERMARKED_TABLES,
    hold_instant,
    read_watermark,
)
from app.persistence.schema.tables.all_tables import metadata
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.preconditions import ANY_VERSION
from tests.cli.cli_process import new_folder
from tests.conftest import POSTGRES_SETTINGS, create_template
from tests.use_cases.use_case_builders import a_request_context, adviser_columns, an_adviser, an_idempotency_key

NOW = datetime(2025, 1, 15, 9, 30, tzinfo=UTC)  # past, by the clock of any database
LONG_AGO = NOW - timedelta(days=1)
SECOND = timedelta(seconds=1)


def trace(at: datetime) -> AuditEntry:
    return AuditEntry(None, "test", None, at)


async def somebody(database: Database) -> UUID:
    """An adviser of long ago."""
    adviser = await an_adviser(database)
    await database.one("UPDATE adviser SET updated_at = $1 WHERE id = $2", LONG_AGO - SECOND, adviser)
    return adviser


@asynccontextmanager
async def changing(database: Database, adviser: UUID, at: datetime) -> AsyncGenerator[Transaction]:
    """A transaction that has changed the adviser, and is not committed as long as the block lasts."""
    async with database.transaction(audit_entry=trace(at)) as tx:
        present = await ADVISERS.read(tx, adviser)
        assert present is not None
        await ADVISERS.update(tx, present, {"last_name": uuid4().hex}, at)
        yield tx


async def changed(database: Database, adviser: UUID, at: datetime) -> None:
    async with changing(database, adviser, at):
        pass


class WatermarkConsumer:
    """A consumer who keeps each adviser's version, and reads from its last watermark on."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.since = LONG_AGO
        self.versions: dict[str, int] = {}

    async def read(self, now: datetime = NOW) -> list[UUID]:
        """One reading; return whom it showed."""
        mark = await read_watermark(self.database, now, self.since)
        page = PageQuery(500, sort="updated_at", filters=[Filter("{t}.updated_at >= {}", self.since)])
        found = await advisers.list_page(self.database, page)
        assert not found.has_more
        self.versions |= {row["id"]: row["version"] for row in found.rows}
        self.since = mark
        return [UUID(row["id"]) for row in found.rows]


class NaiveConsumer(WatermarkConsumer):
    """What goes on from the last change that it saw."""

    async def read(self, now: datetime = NOW) -> list[UUID]:
        shown = await super().read(now)
        last = await self.database.one("SELECT updated_at FROM adviser WHERE id = $1", shown[-1])
        self.since = last["updated_at"] if last else NOW
        return shown


async def whoever_reads_while_another_is_late(database: Database, copy: WatermarkConsumer) -> tuple[list[UUID], UUID]:
    """What a second reading shows, and who was changed before the first one, and committed after it."""
    slow, quick = await somebody(database), await somebody(database)
    async with changing(database, slow, NOW - timedelta(minutes=5)):
        await changed(database, quick, NOW)
        await copy.read()
    return await copy.read(), slow


async def test_a_change_that_commits_late_is_in_the_next_reading(database: Database) -> None:
    found, late = await whoever_reads_while_another_is_late(database, WatermarkConsumer(database))

    assert late in found


async def test_red_run_whoever_goes_on_from_the_last_change_seen_misses_it(database: Database) -> None:
    found, late = await whoever_reads_while_another_is_late(database, NaiveConsumer(database))

    assert late not in found


async def test_red_run_without_the_lock_the_watermark_passes_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "hold_instant", hold_nothing)
    monkeypatch.setattr(
        change_watermark,
        "READ_HELD_INSTANTS",
        change_watermark.READ_HELD_INSTANTS.replace("RowExclusiveLock", "nothing of the kind"),
    )

    found, late = await whoever_reads_while_another_is_late(database, WatermarkConsumer(database))

    assert late not in found


async def test_a_change_that_waits_for_a_person_s_row_holds_its_instant_meanwhile(database: Database) -> None:
    adviser = await somebody(database)
    asked_at = NOW - timedelta(minutes=5)
    async with changing(database, adviser, NOW):
        waiting = asyncio.create_task(
            upsert_adviser(
                database,
                adviser,
                adviser_columns(),
                ANY_VERSION,
                a_request_context(now=asked_at, audit_entry=trace(asked_at)),
            )
        )
        async with asyncio.timeout(5):
            while await database.one("SELECT 1 FROM pg_locks WHERE NOT granted") is None:
                pass

        mark = await read_watermark(database, NOW, LONG_AGO)

    assert mark == asked_at
    await waiting


def hold_nothing(_: datetime) -> str:
    """Holds no instant."""
    return "true"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_copy_is_exact_in_the_end_whoever_commits_when(database: Database, seed: int) -> None:
    random, copy, done = Random(seed), WatermarkConsumer(database), asyncio.Event()  # noqa: S311  # a play, not a secret
    people = [await somebody(database) for _ in range(10)]
    clock = [NOW]

    def tick() -> datetime:
        clock[0] += timedelta(milliseconds=random.randrange(2_000))
        return clock[0]

    async def write() -> None:
        for _ in range(20):
            async with changing(database, random.choice(people), tick()):
                await asyncio.sleep(random.random() / 50)

    async def follow() -> None:
        while not done.is_set():
            await copy.read(tick())
            await asyncio.sleep(random.random() / 50)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write() for _ in range(6)))
    done.set()
    await following
    await copy.read(tick() + MARGIN)

    rows = await database.many("SELECT id, version FROM adviser")
    assert copy.versions == {str(row["id"]): row["version"] for row in rows}


async def test_the_watermark_stays_before_the_margin_of_both_clocks(database: Database) -> None:
    ahead, behind = utc_now() + timedelta(hours=1), utc_now() - timedelta(hours=1)
    before = utc_now() - MARGIN

    marks = [await read_watermark(database, now, LONG_AGO) for now in (ahead, behind)]

    assert before - SECOND <= marks[0] <= utc_now() - MARGIN
    assert marks[1] == (behind - MARGIN).replace(microsecond=0)


async def test_the_watermark_never_goes_back(database: Database) -> None:
    """Though instants are held in whole seconds."""
    before = await read_watermark(database, NOW, LONG_AGO)
    at_the_limit = before + timedelta(milliseconds=1)

    async with database.transaction(audit_entry=trace(at_the_limit)):
        assert await read_watermark(database, NOW + SECOND, LONG_AGO) == before


async def test_another_writer_s_instant_is_not_known_and_nothing_is_complete_meanwhile(
    database: Database, owner: Database
) -> None:
    """Somebody at a prompt, or a former version of the service."""
    adviser = await somebody(database)
    async with owner.transaction() as tx:
        await tx.run("UPDATE adviser SET updated_at = $1 WHERE id = $2", NOW - timedelta(days=1), adviser)

        assert await read_watermark(database, NOW, LONG_AGO) == LONG_AGO

    assert await read_watermark(database, NOW, LONG_AGO) == NOW - MARGIN


async def test_who_only_reads_or_locks_a_row_holds_nobody_up(database: Database) -> None:
    adviser = await somebody(database)
    async with database.transaction() as tx:
        await tx.one("SELECT 1 FROM adviser WHERE id = $1 FOR NO KEY UPDATE", adviser)

        assert await read_watermark(database, NOW, LONG_AGO) == NOW - MARGIN


async def test_another_database_of_the_server_holds_nobody_up(database: Database, cluster_url: str) -> None:
    other = open_database(cluster_url, pool_size=1, role=None)
    async with other.transaction() as tx:
        await tx.run(f"SELECT {hold_instant(LONG_AGO)}")

        assert await read_watermark(database, NOW, LONG_AGO) == NOW - MARGIN
    await other.close()


@pytest.fixture
def cluster_url(database_url: str) -> str:
    return f"{database_url.rpartition('/')[0]}/postgres"


async def test_a_transaction_that_begins_too_late_is_refused(database_url: str) -> None:
    timed = open_database(database_url, pool_size=1, has_real_clock=True)
    adviser = await somebody(timed)
    late, in_time = utc_now() - MARGIN, utc_now() - MARGIN + timedelta(seconds=20)

    for attempt in (None, an_idempotency_key()):
        with pytest.raises(InstantTooOld):
            await keep_adviser_at(timed, adviser, late, attempt)
        await keep_adviser_at(timed, adviser, in_time, attempt)
    await timed.close()


async def keep_adviser_at(database: Database, adviser: UUID, at: datetime, key: str | None) -> None:
    attempt = a_request_context(now=at, key=key).idempotency
    async with database.transaction(idempotency=attempt, audit_entry=trace(at)) as tx:
        tx.add_audit_subjects(adviser)


async def test_a_commit_that_waits_for_a_standby_holds_its_instant_until_it_is_seen() -> None:
    settings = POSTGRES_SETTINGS | {"synchronous_commit": "local", "synchronous_standby_names": "nobody"}
    with new_folder() as folder, running_cluster(folder / "data", settings=settings) as cluster:
        await asyncio.to_thread(create_template, cluster, "registrations")
        database = open_database(cluster.url("registrations"), pool_size=4)
        superuser = open_database(cluster.url("registrations"), pool_size=1, role=None)
        copy, adviser = WatermarkConsumer(database), await somebody(database)
        committing = asyncio.create_task(commit_when_replicated(database, adviser))
        async with asyncio.timeout(5):
            while await superuser.one("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'") is None:
                pass

        mark = await read_watermark(database, NOW, LONG_AGO)
        await copy.read()
        await superuser.one("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        await committing

        assert mark == NOW - timedelta(minutes=5)
        assert await copy.read() == [adviser]
        await superuser.close()
        await database.close()


async def commit_when_replicated(database: Database, adviser: UUID) -> None:
    async with changing(database, adviser, NOW - timedelta(minutes=5)) as tx:
        await tx.run("SET LOCAL synchronous_commit = on")


def test_every_table_that_is_listed_by_change_is_watched() -> None:
    tables = metadata.tables.values()

    assert {*WATERMARKED_TABLES} == {table.name for table in tables if {"version", "updated_at"} <= {*table.c.keys()}}
