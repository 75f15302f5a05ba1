"""The second wall: the database shows a training organisation its own, even to a query that forgets to ask for it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.support_request import Requester, SupportRequestKind
from app.persistence.engine.connection_pool import TRAINING_ORGANISATION_ROLE, ConnectionPool, PooledConnection
from app.persistence.engine.database import Database, Reader, open_database
from app.persistence.engine.reads.tenant_reader import TenantReader
from app.persistence.schema.tables.all_tables import metadata
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.registrations.register_adviser import register
from app.use_cases.support.open_support_request import NewSupportRequest, open_support_request
from tests.persistence.counting_proxy import CountingProxy, through_counting_proxy
from tests.persistence.postgres_errors import InsufficientPrivilege, PostgresError
from tests.use_cases.use_case_builders import (
    MEDNUM,
    PLATFORM,
    a_new_registration,
    a_request_context,
    an_adviser_in_post,
    day,
)

STRANGER = UUID(int=404)
EVERY_REGISTRATION = "SELECT training_organisation_id FROM registration"

# What an organisation may read, by table: every row, or those that are its own.
EVERYBODY_S = {"module", "training_organisation", "qualification", "feed_epoch", "session", "session_deed"}
ITS_OWN = {
    "registration", "decision", "adviser", "certification", "outbox", "feed", "feed_entry", "seat", "import_job",
    "import_reject", "webhook_endpoint", "lane", "delivery", "delivery_attempt", "support_request",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Situation:
    """An adviser registered with La Mednum, one with Histya, one with nobody; each has a certification."""

    of_mednum: UUID
    of_histya: UUID
    of_nobody: UUID


async def _situation(database: Database) -> Situation:
    advisers = [await an_adviser_in_post(database) for _ in range(3)]
    for adviser, organisation in zip(advisers, (LA_MEDNUM, HISTYA), strict=False):
        await register(
            database,
            replace(a_new_registration(adviser), training_organisation_id=organisation),
            a_request_context(),
        )
    for adviser in advisers:
        result = ExamResult(adviser, "pix", CertificationOutcome.OBTAINED, day("2024-09-12"), None, None)
        await record_result(database, result, a_request_context())
    return Situation(*advisers)


@pytest.fixture
async def situation(database: Database) -> Situation:
    return await _situation(database)


async def seen(reader: Reader, forgetful: str) -> list[Any]:
    """The only column of every row."""
    return [next(iter(row.values())) for row in await reader.many(forgetful)]


async def test_a_query_that_forgets_its_filter_sees_registrations_of_the_viewer_only(
    database: Database, situation: Situation
) -> None:
    mednum, histya = database.for_tenant(LA_MEDNUM), database.for_tenant(HISTYA)
    advisers = "SELECT adviser_id FROM registration"

    assert await seen(mednum, advisers) == [situation.of_mednum]
    assert await seen(histya, advisers) == [situation.of_histya]
    assert await seen(database.for_tenant(STRANGER), advisers) == []


@pytest.mark.parametrize(
    "forgetful",
    ["SELECT adviser_id FROM decision", "SELECT id FROM adviser", "SELECT adviser_id FROM certification"],
)
async def test_and_of_what_its_registrations_concern_only(
    database: Database, situation: Situation, forgetful: str
) -> None:
    assert await seen(database.for_tenant(LA_MEDNUM), forgetful) == [situation.of_mednum]
    assert await seen(database.for_tenant(HISTYA), forgetful) == [situation.of_histya]
    assert await seen(database.for_tenant(STRANGER), forgetful) == []
    assert len(await seen(database.for_tenant(None), forgetful)) >= 2


async def test_a_result_that_it_recorded_is_its_own(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    result = ExamResult(adviser, "pix", CertificationOutcome.OBTAINED, day("2024-09-12"), None, LA_MEDNUM)
    await record_result(database, result, a_request_context())

    results = "SELECT adviser_id FROM certification"

    assert await seen(database.for_tenant(LA_MEDNUM), results) == [adviser]
    assert await seen(database.for_tenant(HISTYA), results) == []


async def test_a_support_request_is_its_own_when_it_opened_it(database: Database, situation: Situation) -> None:
    """Whatever it is about: the text may tell of somebody's health."""
    found = await database.one("SELECT id FROM registration WHERE adviser_id = $1", situation.of_mednum)
    assert found is not None
    contestation = SupportRequestKind.CONTESTATION
    for client, opener in ((MEDNUM, Requester.TRAINING_ORGANISATION), (PLATFORM, Requester.PLATFORM)):
        wanted = NewSupportRequest(situation.of_mednum, contestation, "Un texte.", registration_id=found["id"])
        await open_support_request(database, wanted, opener, a_request_context(client=client))

    openers = "SELECT opened_by FROM support_request"

    assert await seen(database.for_tenant(LA_MEDNUM), openers) == ["training_organisation"]
    assert await seen(database.for_tenant(HISTYA), openers) == await seen(database.for_tenant(STRANGER), openers) == []
    assert await seen(database, f"{openers} ORDER BY opened_by") == ["platform", "training_organisation"]


@pytest.mark.parametrize("forgetful", ["SELECT id FROM adviser", "SELECT adviser_id FROM certification"])
async def test_whose_registrations_it_cancelled_it_sees_no_more(
    database: Database, owner: Database, situation: Situation, forgetful: str
) -> None:
    """Red with the policies of before."""
    mednum = database.for_tenant(LA_MEDNUM)
    assert await seen(mednum, forgetful) == [situation.of_mednum]

    await owner.one("UPDATE registration SET status = 'cancelled', funding = NULL, payer = NULL, unit = NULL")

    assert await seen(mednum, forgetful) == []
    assert await seen(mednum, "SELECT adviser_id FROM registration") == [situation.of_mednum]
    for table, column in (("adviser", "id"), ("certification", "adviser_id")):
        registered = f"EXISTS (SELECT FROM registration r WHERE r.adviser_id = {table}.{column})"
        await owner.one(f"ALTER POLICY viewer ON {table} USING ({registered})")
    assert await seen(mednum, forgetful) == [situation.of_mednum]


async def test_the_e_mail_of_its_advisers_is_not_for_it(database: Database, situation: Situation) -> None:
    mednum = database.for_tenant(LA_MEDNUM)

    for statement in ("SELECT email FROM adviser", "SELECT * FROM adviser"):
        with pytest.raises(InsufficientPrivilege):
            await mednum.many(statement)

    assert await seen(mednum, "SELECT last_name FROM adviser") == ["Exemple"]
    assert situation.of_mednum in await seen(mednum, "SELECT id FROM adviser")


@pytest.mark.parametrize("table", sorted(metadata.tables))
async def test_every_table_is_its_own_everybody_s_or_closed_to_it(database: Database, table: str) -> None:
    row = await database.one(
        """SELECT has_any_column_privilege($1, c.oid, 'SELECT') AS readable, c.relrowsecurity AS limited,
            has_any_column_privilege($1, c.oid, 'INSERT, UPDATE') OR has_table_privilege($1, c.oid, 'DELETE, TRUNCATE')
                AS writable
        FROM pg_class c WHERE c.oid = $2::text::regclass""",
        TRAINING_ORGANISATION_ROLE,
        table,
    )

    assert row is not None
    assert row["readable"] == (table in ITS_OWN | EVERYBODY_S)
    assert row["limited"] == (table in ITS_OWN)
    assert not row["writable"]


async def test_what_is_closed_to_it_is_refused(database: Database) -> None:
    with pytest.raises(InsufficientPrivilege):
        await database.for_tenant(LA_MEDNUM).many("SELECT * FROM contract")


async def test_red_run_without_the_wall_a_query_that_forgets_its_filter_sees_everything(
    database: Database, owner: Database, situation: Situation
) -> None:
    await owner.one("ALTER POLICY viewer ON registration USING (true)")

    assert set(await seen(database.for_tenant(LA_MEDNUM), "SELECT adviser_id FROM registration")) == {
        situation.of_mednum,
        situation.of_histya,
    }


async def test_without_its_policy_a_table_is_closed(database: Database, owner: Database, situation: Situation) -> None:
    await owner.one("DROP POLICY viewer ON registration")

    assert await seen(database.for_tenant(LA_MEDNUM), EVERY_REGISTRATION) == []
    advisers = await seen(database, "SELECT adviser_id FROM registration")
    assert set(advisers) == {situation.of_mednum, situation.of_histya}


# One connection is lent to everybody, so that whatever a borrower leaves is what the next one finds.


@pytest.fixture
async def one_connection(database_url: str) -> AsyncGenerator[Database]:
    opened = open_database(database_url, pool_size=1)
    await _situation(opened)
    yield opened
    await opened.close()


async def read_and_succeed(reader: Reader, _: Database) -> None:
    assert await seen(reader, EVERY_REGISTRATION) == [LA_MEDNUM]


async def read_and_fail(reader: Reader, _: Database) -> None:
    with pytest.raises(PostgresError):
        await reader.one("SELECT 1 / 0")


async def read_and_be_cancelled(reader: Reader, one_connection: Database) -> None:
    """While the server makes it wait."""
    async with one_connection.transaction() as tx:
        await tx.one("SELECT pg_advisory_xact_lock(7)")
        reading = asyncio.create_task(reader.one("SELECT pg_advisory_lock(7)"))
        while not await tx.many("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            pass
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading


async def read_and_be_cut(reader: Reader, _: Database) -> None:
    with pytest.raises(PostgresError):
        await reader.one("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize("left", [read_and_succeed, read_and_fail, read_and_be_cancelled, read_and_be_cut])
async def test_the_next_borrower_never_sees_as_the_one_before(
    one_connection: Database, left: Callable[[Reader, Database], Awaitable[None]]
) -> None:
    await left(one_connection.for_tenant(LA_MEDNUM), one_connection)

    assert await seen(one_connection.for_tenant(HISTYA), EVERY_REGISTRATION) == [HISTYA]
    assert await seen(one_connection.for_tenant(STRANGER), EVERY_REGISTRATION) == []
    assert await seen(one_connection.for_tenant(LA_MEDNUM), EVERY_REGISTRATION) == [LA_MEDNUM]
    assert len(await seen(one_connection, EVERY_REGISTRATION)) == 2


class Interrupted:
    """A connection whose borrower is cancelled once the server has done what it was asked to execute."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, sql: str) -> None:
        await self._connection.execute(sql)
        raise asyncio.CancelledError


class Interrupting(ConnectionPool):
    """Lends the connections of another pool, to borrowers who will be interrupted."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[PooledConnection]:
        async with self._pool.acquire() as lent:
            connection: Any = Interrupted(lent.connection)
            yield PooledConnection(connection, lent.session_state, lent.generation)


async def test_a_session_interrupted_while_it_changes_hands_is_nobody_s(one_connection: Database) -> None:
    mednum = one_connection.for_tenant(LA_MEDNUM)
    assert isinstance(mednum, TenantReader)
    await read_and_succeed(mednum, one_connection)

    with pytest.raises(asyncio.CancelledError):
        await TenantReader(Interrupting(mednum.pool), {}, HISTYA).many(EVERY_REGISTRATION)

    await read_and_succeed(mednum, one_connection)


async def test_many_viewers_at_once_each_see_their_own(database: Database, situation: Situation) -> None:
    async def look(organisation: UUID) -> Iterable[Any]:
        return await seen(database.for_tenant(organisation), "SELECT adviser_id FROM registration")

    expected = {LA_MEDNUM: [situation.of_mednum], HISTYA: [situation.of_histya], STRANGER: list[UUID]()}
    asked = [LA_MEDNUM, HISTYA, STRANGER, HISTYA, LA_MEDNUM] * 20

    assert await asyncio.gather(*map(look, asked)) == [expected[organisation] for organisation in asked]


@pytest.fixture
async def proxied(database_url: str) -> AsyncGenerator[tuple[Database, CountingProxy]]:
    async with through_counting_proxy(database_url) as (url, proxy):
        opened = open_database(url, pool_size=1)
        yield opened, proxy
        await opened.close()


async def test_a_viewer_s_next_read_costs_one_round_trip_and_another_viewer_s_first_one_more(
    proxied: tuple[Database, CountingProxy],
) -> None:
    database, proxy = proxied
    for organisation in (LA_MEDNUM, HISTYA):
        await database.for_tenant(organisation).many(EVERY_REGISTRATION)
    costs = list[int]()

    for organisation in (HISTYA, HISTYA, LA_MEDNUM, LA_MEDNUM):
        before = proxy.round_trips
        await database.for_tenant(organisation).many(EVERY_REGISTRATION)
        costs.append(proxy.round_trips - before)

    assert costs == [1, 1, 2, 1]
