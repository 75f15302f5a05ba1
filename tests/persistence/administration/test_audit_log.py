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
from app.persistence.administration.audit_log import Line, Trail, list_page
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import NotReady
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, Page
from app.persistence.engine.transactions.audit_entries import Trace, first_id
from app.persistence.engine.transactions.idempotency import AlreadyAnswered, ConflictAnswered
from app.use_cases.advisers.upsert_adviser import keep_adviser
from app.use_cases.registrations.cancel_registration import cancel
from tests.fake_clock import MORNING
from tests.persistence.counting_proxy import Wire, counted
from tests.persistence.postgres_errors import InsufficientPrivilege, Raised, RestrictViolation
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    NOTHING_SAID,
    PLATFORM,
    a_key,
    adviser_columns,
    an_adviser_in_post,
    asking,
    day,
    id_of,
    registered,
)

READERS = 40


def a_trace(action: str = "registerAdviser", at: datetime = MORNING) -> Trace:
    return Trace(PLATFORM.id, action, uuid4(), at)


async def left_by(database: Database, trace: Trace) -> list[Row]:
    """The lines of one request."""
    return await database.many("SELECT * FROM audit_log WHERE request_id = $1", trace.request_id)


async def a_line(database: Database) -> None:
    await Trail(database).note(a_trace(), [])


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
    adviser, trace = await an_adviser_in_post(database), a_trace()

    registration = await registered(database, adviser, asked=asking(trace=trace))

    (line,) = await left_by(database, trace)
    assert (line["client_id"], line["action"], line["at"]) == (PLATFORM.id, "registerAdviser", MORNING)
    assert set(line["subject_ids"]) == {adviser, id_of(registration)}
    assert not line["refused"]


async def test_an_action_on_a_registration_names_its_adviser_too(database: Database) -> None:
    adviser, trace = await an_adviser_in_post(database), a_trace("cancelRegistration")
    registration = id_of(await registered(database, adviser))

    await cancel(database, registration, day("2026-06-15"), None, asking(trace=trace))

    (line,) = await left_by(database, trace)
    assert set(line["subject_ids"]) == {adviser, registration}


async def test_a_new_adviser_is_named(database: Database) -> None:
    adviser, trace = uuid4(), a_trace("putAdviser")

    await keep_adviser(database, adviser, adviser_columns(), NOTHING_SAID, asking(trace=trace))

    (line,) = await left_by(database, trace)
    assert line["subject_ids"] == [adviser]


async def test_a_change_undone_leaves_none(database: Database) -> None:
    trace = a_trace()

    async def fail() -> None:
        async with database.transaction(trace=trace) as tx:
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
    adviser, trace = await an_adviser_in_post(database), a_trace()

    with pytest.raises(Raised, match="at the commit"):
        await registered(database, adviser, asked=asking(trace=trace))

    assert await left_by(database, trace) == []


async def test_nor_a_conflict_nor_a_replay(database: Database) -> None:
    adviser, trace = await an_adviser_in_post(database), a_trace()
    key, other = a_key(), a_key()
    await registered(database, adviser, asked=asking(key=key))

    with pytest.raises(AlreadyAnswered):
        await registered(database, adviser, asked=asking(key=key, trace=trace))
    with pytest.raises(ConflictAnswered):
        await registered(database, adviser, asked=asking(key=other, trace=trace))
    with pytest.raises(Conflict):
        await registered(database, adviser, asked=asking(trace=trace))

    assert await left_by(database, trace) == []


async def test_a_trace_that_cannot_be_left_undoes_the_change(database: Database, owner: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await owner.one("REVOKE INSERT ON audit_log FROM registrations_service")

    with pytest.raises(InsufficientPrivilege):
        await registered(database, adviser, asked=asking(trace=a_trace()))

    assert await database.many("SELECT id FROM registration") == []
    await owner.one("GRANT INSERT ON audit_log TO registrations_service")
    assert (await registered(database, adviser, asked=asking(trace=a_trace())))["status"] == "accepted"


async def test_only_an_identifier_is_written_into_a_trace(database: Database) -> None:
    with pytest.raises(ValueError, match="DROP"):
        async with database.transaction(trace=a_trace("x'); DROP TABLE audit_log; --")):
            pass


@pytest.fixture
async def wired(database_url: str) -> AsyncGenerator[tuple[Database, Wire]]:
    async with counted(database_url) as (url, wire):
        opened = open_database(url, pool_size=1)
        yield opened, wire
        await opened.close()


async def test_a_trace_costs_no_round_trip(wired: tuple[Database, Wire]) -> None:
    database, wire = wired
    adviser = await an_adviser_in_post(database)
    await registered(database, adviser, asked=asking(key=a_key(), trace=a_trace()))
    before = wire.round_trips

    await registered(database, adviser, FIRST_DAY + timedelta(1), asked=asking(key=a_key(), trace=a_trace()))

    assert wire.round_trips - before == 4


async def test_readers_at_once_share_the_cost_of_their_lines(wired: tuple[Database, Wire]) -> None:
    database, wire = wired
    trail, traces = Trail(database), [a_trace("getAdviser") for _ in range(READERS)]
    await a_line(database)
    before = wire.round_trips

    await asyncio.gather(*(trail.note(trace, [uuid4()]) for trace in traces))

    assert wire.round_trips - before <= 2
    assert [len(await left_by(database, trace)) for trace in traces] == [1] * READERS


async def test_a_line_is_written_when_its_reader_goes_on(database: Database) -> None:
    trail, adviser = Trail(database), uuid4()

    async def read(trace: Trace) -> int:
        await trail.note(trace, [adviser, str(adviser)])
        return len(await left_by(database, trace))

    assert await asyncio.gather(*(read(a_trace()) for _ in range(READERS))) == [1] * READERS


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
    trail, traces = Trail(database), [a_trace() for _ in range(3)]

    outcomes = await blocked(owner, *(trail.note(trace, []) for trace in traces))

    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [None, None]
    assert [len(await left_by(database, trace)) for trace in traces] == [1, 1, 1]


async def test_readers_are_told_that_their_line_was_not_written(database: Database, owner: Database) -> None:
    trail = Trail(database)
    await owner.one("REVOKE INSERT ON audit_log FROM registrations_service")

    outcomes = await asyncio.gather(*(trail.note(a_trace(), []) for _ in range(3)), return_exceptions=True)
    await owner.one("GRANT INSERT ON audit_log TO registrations_service")

    assert [type(outcome) for outcome in outcomes] == [InsufficientPrivilege] * 3
    await trail.note(a_trace(), [])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATIENCE_SECONDS", "RETRY_SECONDS", "FAREWELL_SECONDS"):
        monkeypatch.setattr(audit_log, name, 0.05)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The requests whose lines are said in the log."""
    heard = list[Any]()

    def hear(line: Line) -> None:
        heard.append(line["request_id"])

    monkeypatch.setattr(audit_log, "_say", hear)
    return heard


@pytest.mark.usefixtures("impatient")
async def test_a_reader_is_answered_whose_line_is_said_meanwhile_and_written_later(
    database: Database, owner: Database, said: list[Any]
) -> None:
    trail, traces = Trail(database), [a_trace() for _ in range(3)]

    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        for trace in traces:
            await trail.note(trace, [])
        assert said == [trace.request_id for trace in traces]

    await trail.note(a_trace(), [])
    assert [len(await left_by(database, trace)) for trace in traces] == [1, 1, 1]


@pytest.mark.usefixtures("impatient")
async def test_what_cannot_be_written_by_the_end_is_said(database: Database, owner: Database, said: list[Any]) -> None:
    trail, trace = Trail(database), a_trace()

    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        leaving = asyncio.create_task(trail.note(trace, []))
        await asyncio.sleep(0)
        leaving.cancel()
        await trail.close()

    assert said == [trace.request_id]


async def test_what_is_owed_is_written_before_the_end(database: Database) -> None:
    trail, trace = Trail(database), a_trace()
    leaving = asyncio.create_task(trail.note(trace, []))
    await asyncio.sleep(0)
    leaving.cancel()

    await trail.close()

    assert len(await left_by(database, trace)) == 1


@pytest.mark.usefixtures("impatient", "said")
async def test_nobody_is_read_about_when_too_many_lines_are_owed(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "MOST_OWED", 2)
    trail = Trail(database)

    async with owner.transaction() as tx:
        await tx.run("LOCK TABLE audit_log")
        await trail.note(a_trace(), [])
        await trail.note(a_trace(), [])
        with pytest.raises(NotReady):
            await trail.note(a_trace(), [])

    await trail.close()
    await trail.note(a_trace(), [])


FORGOTTEN = ("ALTER TABLE audit_log DISABLE TRIGGER ALL", "DELETE FROM audit_log")
ENDED = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def test_a_standby_that_lacks_the_last_lines_gets_them_again(database: Database, owner: Database) -> None:
    """They were on the disk of the server that is gone; the process that answered still knows them."""
    trail, traces = Trail(database), [a_trace() for _ in range(5)]
    for trace in traces:
        await trail.note(trace, [])
    for statement in (*FORGOTTEN, ENDED):
        await owner.one(statement)
    assert await left_by(database, traces[0]) == []

    await trail.note(a_trace(), [])

    assert [len(await left_by(database, trace)) for trace in traces] == [1] * 5


async def test_a_line_that_is_there_already_stays_one(database: Database, owner: Database) -> None:
    trail, traces = Trail(database), [a_trace() for _ in range(5)]
    for trace in traces:
        await trail.note(trace, [])
        await owner.one(ENDED)

    assert [len(await left_by(owner, trace)) for trace in traces] == [1] * 5


async def test_the_log_is_walked_in_the_order_of_time_from_any_instant(database: Database) -> None:
    trail, hours = Trail(database), [MORNING + timedelta(hours=number) for number in range(6)]
    for at in reversed(hours):
        await trail.note(a_trace(at=at), [])

    everything = (await list_page(database, Page(limit=10))).rows
    later = (await list_page(database, Page(limit=10, filters=[Filter("{t}.id >= {}", first_id(hours[2]))]))).rows

    found = [datetime.fromisoformat(row["at"]) for row in everything]
    assert found == hours
    assert all(one["id"] < other["id"] for one, other in pairwise(everything))
    assert [datetime.fromisoformat(row["at"]) for row in later] == hours[2:]


async def test_the_command_line_is_no_client(database: Database) -> None:
    async with database.transaction(trace=Trace(None, "createApiKey", None, MORNING)) as tx:
        tx.concerns(UUID(int=5))

    (line,) = await database.many("SELECT client_id, request_id, subject_ids FROM audit_log")
    assert dict(line) == {"client_id": None, "request_id": None, "subject_ids": [UUID(int=5)]}
