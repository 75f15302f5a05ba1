"""Statistics, dry runs, exports and files run a few at a time: quick requests are answered meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest

from app.api import health
from app.api.http.limits import concurrency_limits
from app.api.http.limits.concurrency_limits import (
    MAX_HEAVY_REQUESTS,
    MAX_HEAVY_REQUESTS_PER_CLIENT,
    MAX_PROBES,
    ConcurrencyLimit,
)
from app.api.http.problems.problem_details import Problem
from app.persistence.administration import kept_counts, statistics
from app.persistence.engine import connection_pool
from app.persistence.engine.database import POOL_SIZE, Database, open_database
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser_in_post, registration_body
from tests.live_server import LiveServer, idempotency_headers

MANY = POOL_SIZE + 4
KEPT = """SELECT count(*) AS count FROM (SELECT pg_advisory_xact_lock_shared(42)) kept
WHERE $1::date IS NULL AND $2::date IS NULL AND $3::uuid IS NULL"""
WAITING = """SELECT count(*) AS number FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%pg_advisory_xact_lock_shared(42)%'"""


def _kept(*_: object) -> str:
    return KEPT


async def _no(_: object) -> bool:
    return False


@pytest.fixture
def unlimited_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On probes."""
    monkeypatch.setattr(concurrency_limits, "MAX_PROBES", MANY)


@pytest.fixture
def service_with_slow_statistics(own_service: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    """Statistics take as long as the lock is held."""
    monkeypatch.setattr(kept_counts, "nearly_all_is_counted", _no)
    monkeypatch.setattr(statistics, "_build_query", _kept)
    monkeypatch.setattr(concurrency_limits, "MAX_WAIT_SECONDS", 0.2)
    monkeypatch.setattr(connection_pool, "ACQUIRE_SECONDS", 0.2)
    return own_service


@asynccontextmanager
async def kept_busy(
    served: LiveServer, client: httpx.AsyncClient, held: int
) -> AsyncGenerator[list[asyncio.Task[httpx.Response]]]:
    """Many statistics are asked for, of which so many take until the block ends."""
    database, asked = open_database(served.database_url, pool_size=2, role=None), list[asyncio.Task[httpx.Response]]()
    try:
        async with database.transaction() as tx:
            await tx.one("SELECT pg_advisory_xact_lock(42)")
            asked += [asyncio.create_task(client.get("/v1/statistics")) for _ in range(MANY)]
            await _until(database, held)
            yield asked
    finally:
        await asyncio.gather(*asked)
        await database.close()


async def _until(database: Database, held: int) -> None:
    async with asyncio.timeout(10):
        while (row := await database.one(WAITING)) is None or row["number"] < held:
            pass


def asking(served: LiveServer) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {served.keys['admin']}"}
    return httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=30)


async def test_a_registration_is_answered_while_many_statistics_take_long(
    service_with_slow_statistics: LiveServer,
) -> None:
    with service_with_slow_statistics.client("platform") as platform:
        body = registration_body(an_adviser_in_post(platform))
    async with (
        asking(service_with_slow_statistics) as client,
        kept_busy(service_with_slow_statistics, client, MAX_HEAVY_REQUESTS_PER_CLIENT) as asked,
    ):
        registered = await client.post("/v1/registrations", json=body, headers=idempotency_headers())
        read = await client.get("/v1/registrations")
        over = asyncio.as_completed(asked)
        refused = [await each for _, each in zip(range(MANY - MAX_HEAVY_REQUESTS_PER_CLIENT), over, strict=False)]
    served = [await each for each in over]

    assert (registered.status_code, read.status_code) == (201, 200)
    assert {(one.status_code, one.json()["code"]) for one in refused} == {(503, "unavailable")}
    assert {int(one.headers["Retry-After"]) for one in refused} <= {1, 2}
    assert len(served) == MAX_HEAVY_REQUESTS_PER_CLIENT


async def test_red_run_without_places_of_their_own_it_is_not(service_with_slow_statistics: LiveServer) -> None:
    service_with_slow_statistics.service.heavy_work = ConcurrencyLimit(MANY, MANY)
    async with (
        asking(service_with_slow_statistics) as client,
        kept_busy(service_with_slow_statistics, client, POOL_SIZE),
    ):
        refused = await client.get("/v1/registrations")

    expect_problem(refused, 503, "unavailable")


async def _beside_many_probes(served: LiveServer, held: int) -> int:
    """What a read is answered while many probes of anybody wait for the database."""
    database = open_database(served.database_url, pool_size=2, role=None)
    async with httpx.AsyncClient(base_url=served.base_url, timeout=30) as anybody, asking(served) as client:
        async with database.transaction() as tx:
            await tx.one("SELECT pg_advisory_xact_lock(42)")
            probes = [asyncio.create_task(anybody.get("/readyz")) for _ in range(MANY)]
            await _until(database, held)
            read = await client.get("/v1/registrations")
        await asyncio.gather(*probes)
    await database.close()
    return read.status_code


async def _slowly(database: Database) -> None:
    await database.one("SELECT count(*) FROM (SELECT pg_advisory_xact_lock_shared(42)) kept")


async def test_probes_that_anybody_sends_take_few_connections(
    service_with_slow_statistics: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "database_trouble", _slowly)

    assert await _beside_many_probes(service_with_slow_statistics, MAX_PROBES) == 200


async def test_red_run_probes_without_a_bound_take_them_all(
    unlimited_probes: None, service_with_slow_statistics: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    del unlimited_probes  # before the service starts
    monkeypatch.setattr(health, "database_trouble", _slowly)

    assert await _beside_many_probes(service_with_slow_statistics, POOL_SIZE) == 503


async def test_a_client_does_not_take_all_places() -> None:
    share, go, full, begun = ConcurrencyLimit(), asyncio.Event(), asyncio.Event(), list[int]()

    async def work(client: int) -> None:
        async def lasts() -> None:
            begun.append(client)
            if len(begun) == MAX_HEAVY_REQUESTS:
                full.set()
            await go.wait()

        await share.run(UUID(int=client), lasts)

    asked = [asyncio.create_task(work(client)) for client in [1] * 10 + [2] * 10 + [3]]
    await full.wait()
    go.set()
    await asyncio.gather(*asked)

    assert begun[:MAX_HEAVY_REQUESTS] == [1, 1, 2, 2]
    assert len(begun) == len(asked)


async def test_who_waited_in_vain_and_who_failed_keep_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency_limits, "MAX_WAIT_SECONDS", 0.01)
    share, go = ConcurrencyLimit(limit=1, per_client=1), asyncio.Event()

    async def fails() -> None:
        raise OSError

    lasting = asyncio.create_task(share.run(UUID(int=1), go.wait))
    await asyncio.sleep(0)
    for client in (1, 2):
        with pytest.raises(Problem):
            await share.run(UUID(int=client), fails)
    go.set()
    await lasting
    for client in (1, 2):
        with pytest.raises(OSError):  # noqa: PT011  # it was let in
            await share.run(UUID(int=client), fails)
