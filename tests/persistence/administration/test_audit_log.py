"""The audit log: each change adds to it in its own transaction, each read before it is answered where that can be;
nobody changes it, and no line is lost."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.domain.errors import Conflict
from app.persistence.administration import audit_log
from app.persistence.administration.audit_log import AuditLogWriter, AuditRow, list_page
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import DatabaseUnavailable
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, PageQuery
from app.persistence.engine.transactions.audit_entries import AuditEntry, lowest_id_at
from app.persistence.engine.transactions.idempotency import AlreadyCompleted, ConflictStored
from app.use_cases.advisers.upsert_adviser import upsert_adviser
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from tests.fake_clock import MORNING
from tests.persistence.counting_proxy import CountingProxy, through_counting_proxy
from tests.persistence.postgres_errors import InsufficientPrivilege, RaiseError, RestrictViolation
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    NO_PRECONDITION,
    PLATFORM,
    a_request_context,
    adviser_columns,
    an_adviser_in_post,
    an_idempotency_key,
    id_of,
    register_in,
)

READERS = 40


def an_audit_entry(action: str = "registerAdviser", at: datetime = MORNING) -> AuditEntry:
    return AuditEntry(PLATFORM.id, action, uuid4(), at)


async def left_by(database: Database, trace: AuditEntry) -> list[Row]:
    """The lines of one request."""
    return await database.many("SELECT * FROM audit_log WHERE request_id = $1", trace.request_id)


async def a_line(database: Database) -> None:
    await AuditLogWriter(database).write(an_audit_entry(), [])


CHANGES = ["UPDATE audit_log SET action = 'nothing'", "DELETE FROM audit_log", "TRUNCATE audit_log"]


@pytest.mark.parametrize("change", CHANGES)
async def test_the_service_has_no_right_to_change_it(database: Database, change: str) -> None:
    await a_line(database)

    with pytest.raises(InsufficientPrivilege):
        await database.one(change)


@pytest.mark.parametrize("change", CHANGES)
async def test_its_owner_is_stopped_too(database: Database, owner: Database, change: str) -> None:
    await a_line(database)

    with pytest.raises(RestrictViolation, match="append-only"):
        await owner.one(change)

    assert len(await database.many("SELECT id FROM audit_log")) == 1


async def test_a_change_leaves_its_trace(database: Database) -> None:
    adviser, trace = await an_adviser_in_post(database), an_audit_entry()

    registration = await register_in(database, adviser, context=a_request_context(audit_entry=trace))

    (line,) = await left_by(database, trace)
    assert (line["client_id"], line["action"], line["at"]) == (PLATFORM.id, "registerAdviser", MORNING)
    assert set(line["subject_ids"]) == {adviser, id_of(registration)}
    assert not line["refused"]


async def test_an_action_on_a_registration_names_its_adviser_too(database: Database) -> None:
    adviser, trace = await an_adviser_in_post(database), an_audit_entry("cancelRegistration")
    registration = id_of(await register_in(database, adviser))

    await cancel(database, registration, Cancellation(), a_request_context(audit_entry=trace))

    (line,) = await left_by(database, trace)
    assert set(line["subject_ids"]) == {adviser, registration}


async def test_a_new_adviser_is_named(database: Database) -> None:
    adviser, trace = uuid4(), an_audit_entry("putAdviser")

    await upsert_adviser(database, adviser, adviser_columns(), NO_PRECONDITION, a_request_context(audit_entry=trace))

    (line,) = await left_by(database, trace)
    assert line["subject_ids"] == [adviser]


async def test_a_change_undone_leaves_none(database: Database) -> None:
    trace = an_audit_entry()

    async def fail() -> None:
        async with database.transaction(audit_entry=trace) as tx:
            await tx.run("UPDATE module SET title = 'Autrement'")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await left_by(database, trace) == []


async def test_nor_does_a_commit_that_fails(database: Database, owner: Database) -> None:
    await owner.one("""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'at the commit'; END $$""")
    await owner.one("""CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()""")
    adviser, trace = await an_adviser_in_post(database), an_audit_entry()

    with pytest.raises(RaiseError, match="at the commit"):
        await register_in(database, adviser, context=a_request_context(audit_entry=trace))

    assert await left_by(database, trace) == []


async def test_nor_a_conflict_nor_a_replay(database: Database) -> None:
    adviser, trace = await an_adviser_in_post(database), an_audit_entry()
    key, other = an_idempotency_key(), an_idempotency_key()
    await register_in(database, adviser, context=a_request_context(key=key))

    with pytest.raises(AlreadyCompleted):
        await register_in(database, adviser, context=a_request_context(key=key, audit_entry=trace))
    with pytest.raises(ConflictStored):
        await register_in(database, adviser, context=a_request_context(key=other, audit_entry=trace))
    with pytest.raises(Conflict):
        await register_in(database, adviser, context=a_request_context(audit_entry=trace))

    assert await left_by(database, trace) == []


async def test_a_trace_that_cannot_be_left_undoes_the_change(database: Database, owner: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await owner.one("REVOKE INSERT ON audit_log FROM registrations_service")

    with pytest.raises(InsufficientPrivilege):
        await register_in(database, adviser, context=a_request_context(audit_entry=an_audit_entry()))

    assert await database.many("SELECT id FROM registration") == []
    await owner.one("GRANT INSERT ON audit_log TO registrations_service")
    assert (await register_in(database, adviser, context=a_request_context(audit_entry=an_audit_entry())))[
        "status"
    ] == "accepted"


async def test_only_an_identifier_is_written_into_a_trace(database: Database) -> None:
    with pytest.raises(ValueError, match="DROP"):
        async with database.transaction(audit_entry=an_audit_entry("x'); DROP TABLE audit_log; --")):
            pass


@pytest.fixture
async def proxied(database_url: str) -> AsyncGenerator[tuple[Database, CountingProxy]]:
    async with through_counting_proxy(database_url) as (url, proxy):
        opened = open_database(url, pool_size=1)
        yield opened, proxy
        await opened.close()


async def test_a_trace_costs_no_round_trip(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    adviser = await an_adviser_in_post(database)
    await register_in(
        database, adviser, context=a_request_context(key=an_idempotency_key(), audit_entry=an_audit_entry())
    )
    before = proxy.round_trips

    await register_in(
        database,
        adviser,
        FIRST_DAY + timedelta(1),
        context=a_request_context(key=an_idempotency_key(), audit_entry=an_audit_entry()),
    )

    assert proxy.round_trips - before == 4


async def test_readers_at_once_share_the_cost_of_their_lines(proxied: tuple[Database, CountingProxy]) -> None:
    database, proxy = proxied
    audit_log_writer, traces = AuditLogWriter(database), [an_audit_entry("getAdviser") for _ in range(READERS)]
    await a_line(database)
    before = proxy.round_trips

    await asyncio.gather(*(audit_log_writer.write(trace, [uuid4()]) for trace in traces))

    assert proxy.round_trips - before <= 2
    assert [len(await left_by(database, trace)) for trace in traces] == [1] * READERS


async def test_a_line_is_written_when_its_reader_goes_on(database: Database) -> None:
    audit_log_writer, adviser = AuditLogWriter(database), uuid4()

    async def read(trace: AuditEntry) -> int:
        await audit_log_writer.write(trace, [adviser, str(adviser)])
        return len(await left_by(database, trace))

    assert await asyncio.gather(*(read(an_audit_entry()) for _ in range(READERS))) == [1] * READERS


async def blocked(owner: Database, *notes: Any) -> list[Any]:
    """What becomes of the notes when the table is locked until all of them wait; the first one is cancelled."""
    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        tasks = [asyncio.create_task(note) for note in notes]
        while not await tx.many("SELECT FROM pg_locks WHERE NOT granted AND relation = 'audit_log'::regclass"):
            pass
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_reader_who_leaves_takes_nobody_s_line_along(database: Database, owner: Database) -> None:
    audit_log_writer, traces = AuditLogWriter(database), [an_audit_entry() for _ in range(3)]

    outcomes = await blocked(owner, *(audit_log_writer.write(trace, []) for trace in traces))

    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [None, None]
    assert [len(await left_by(database, trace)) for trace in traces] == [1, 1, 1]


async def test_readers_are_told_that_their_line_was_not_written(database: Database, owner: Database) -> None:
    audit_log_writer = AuditLogWriter(database)
    await owner.one("REVOKE INSERT ON audit_log FROM registrations_service")

    outcomes = await asyncio.gather(
        *(audit_log_writer.write(an_audit_entry(), []) for _ in range(3)), return_exceptions=True
    )
    await owner.one("GRANT INSERT ON audit_log TO registrations_service")

    assert [type(outcome) for outcome in outcomes] == [InsufficientPrivilege] * 3
    await audit_log_writer.write(an_audit_entry(), [])


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WRITE_WAIT_SECONDS", "RETRY_SECONDS", "CLOSE_SECONDS"):
        monkeypatch.setattr(audit_log, name, 0.05)


@pytest.fixture
def logged_request_ids(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The requests whose lines are said in the log."""
    heard = list[Any]()

    def hear(line: AuditRow) -> None:
        heard.append(line["request_id"])

    monkeypatch.setattr(audit_log, "_log_unwritten", hear)
    return heard


@pytest.mark.usefixtures("short_timeouts")
async def test_a_reader_is_answered_whose_line_is_said_meanwhile_and_written_later(
    database: Database, owner: Database, logged_request_ids: list[Any]
) -> None:
    audit_log_writer, traces = AuditLogWriter(database), [an_audit_entry() for _ in range(3)]

    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        for trace in traces:
            await audit_log_writer.write(trace, [])
        assert logged_request_ids == [trace.request_id for trace in traces]

    await audit_log_writer.write(an_audit_entry(), [])
    assert [len(await left_by(database, trace)) for trace in traces] == [1, 1, 1]


@pytest.mark.usefixtures("short_timeouts")
async def test_what_cannot_be_written_by_the_end_is_said(
    database: Database, owner: Database, logged_request_ids: list[Any]
) -> None:
    audit_log_writer, trace = AuditLogWriter(database), an_audit_entry()

    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        leaving = asyncio.create_task(audit_log_writer.write(trace, []))
        await asyncio.sleep(0)
        leaving.cancel()
        await audit_log_writer.close()

    assert logged_request_ids == [trace.request_id]


async def test_what_is_owed_is_written_before_the_end(database: Database) -> None:
    audit_log_writer, trace = AuditLogWriter(database), an_audit_entry()
    leaving = asyncio.create_task(audit_log_writer.write(trace, []))
    await asyncio.sleep(0)
    leaving.cancel()

    await audit_log_writer.close()

    assert len(await left_by(database, trace)) == 1


@pytest.mark.usefixtures("short_timeouts", "logged_request_ids")
async def test_nobody_is_read_about_when_too_many_lines_are_owed(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "MAX_PENDING", 2)
    audit_log_writer = AuditLogWriter(database)

    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        await audit_log_writer.write(an_audit_entry(), [])
        await audit_log_writer.write(an_audit_entry(), [])
        with pytest.raises(DatabaseUnavailable):
            await audit_log_writer.write(an_audit_entry(), [])

    await audit_log_writer.close()
    await audit_log_writer.write(an_audit_entry(), [])


FORGOTTEN = ("ALTER TABLE audit_log DISABLE TRIGGER ALL", "DELETE FROM audit_log")
ENDED = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def test_a_standby_that_lacks_the_last_lines_gets_them_again(database: Database, owner: Database) -> None:
    """They were on the disk of the server that is gone; the process that answered still knows them."""
    audit_log_writer, traces = AuditLogWriter(database), [an_audit_entry() for _ in range(5)]
    for trace in traces:
        await audit_log_writer.write(trace, [])
    for statement in (*FORGOTTEN, ENDED):
        await owner.one(statement)
    assert await left_by(database, traces[0]) == []

    await audit_log_writer.write(an_audit_entry(), [])

    assert [len(await left_by(database, trace)) for trace in traces] == [1] * 5


async def test_a_line_that_is_there_already_stays_one(database: Database, owner: Database) -> None:
    audit_log_writer, traces = AuditLogWriter(database), [an_audit_entry() for _ in range(5)]
    for trace in traces:
        await audit_log_writer.write(trace, [])
        await owner.one(ENDED)

    assert [len(await left_by(owner, trace)) for trace in traces] == [1] * 5


async def test_the_log_is_walked_in_the_order_of_time_from_any_instant(database: Database) -> None:
    audit_log_writer, hours = AuditLogWriter(database), [MORNING + timedelta(hours=number) for number in range(6)]
    for at in reversed(hours):
        await audit_log_writer.write(an_audit_entry(at=at), [])

    everything = (await list_page(database, PageQuery(limit=10))).rows
    later = (
        await list_page(database, PageQuery(limit=10, filters=[Filter("{t}.id >= {}", lowest_id_at(hours[2]))]))
    ).rows

    found = [datetime.fromisoformat(row["at"]) for row in everything]
    assert found == hours
    assert all(one["id"] < other["id"] for one, other in pairwise(everything))
    assert [datetime.fromisoformat(row["at"]) for row in later] == hours[2:]


async def test_the_command_line_is_no_client(database: Database) -> None:
    async with database.transaction(audit_entry=AuditEntry(None, "createApiKey", None, MORNING)) as tx:
        tx.add_audit_subjects(UUID(int=5))

    (line,) = await database.many("SELECT client_id, request_id, subject_ids FROM audit_log")
    assert dict(line) == {"client_id": None, "request_id": None, "subject_ids": [UUID(int=5)]}
