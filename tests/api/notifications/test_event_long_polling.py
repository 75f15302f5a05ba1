"""`Prefer: wait`: a client that is up to date is answered when something happens; meanwhile it holds no connection."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any

import httpx
import pytest

from app.api.http import long_polling
from app.api.http.long_polling import MAX_WAITING_PER_CLIENT
from app.api.http.middleware import request_middleware
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.listen_notify import NotificationConnection, NotificationListener
from app.persistence.outbox.assign_feed_positions import GLOBAL_FEED_ID, begin_epoch
from app.persistence.outbox.event_feed import read_head
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.notifications.sequence_events import sequence_events
from tests.api.response_assertions import expect_problem
from tests.fake_clock import MORNING, FakeClock
from tests.live_server import LiveServer
from tests.persistence.outbox.event_builders import write_event

ROLES = ("platform", "training_organisation", "admin")
REFUSED = "registration.refused"
THE_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
UNDER_WAY = f"SELECT query {THE_OTHERS} AND state <> 'idle'"  # our own words
LOSE_THE_LAST = """WITH shorter AS (UPDATE feed SET last_position = last_position - 1 RETURNING id, last_position)
DELETE FROM feed_entry e USING shorter s WHERE e.feed_id = s.id AND e.position > s.last_position"""
CLOSE_THE_OTHERS = f"SELECT pg_terminate_backend(pid, 5000) {THE_OTHERS}"  # our own words


@pytest.fixture(scope="module")
def feed_service(module_service: LiveServer) -> LiveServer:
    return module_service


@pytest.fixture
async def database(feed_service: LiveServer) -> AsyncGenerator[Database]:
    """That of the service, to write events by hand."""
    opened = open_database(feed_service.database_url, pool_size=1)
    yield opened
    await opened.close()


@pytest.fixture
async def superuser(feed_service: LiveServer) -> AsyncGenerator[Database]:
    """Its user may see and close the sessions of others."""
    opened = open_database(feed_service.database_url, pool_size=1, role=None)
    yield opened
    await opened.close()


@asynccontextmanager
async def following(feed_service: LiveServer, role: str) -> AsyncGenerator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {feed_service.keys[role]}"}
    async with httpx.AsyncClient(base_url=feed_service.base_url, headers=headers, timeout=40) as client:
        yield client


@pytest.fixture
async def platform(feed_service: LiveServer) -> AsyncGenerator[httpx.AsyncClient]:
    async with following(feed_service, "platform") as client:
        yield client


async def read(client: httpx.AsyncClient, after: str = "now", *, wait: int | str = 0, **asked: str) -> httpx.Response:
    prefer = f"wait={wait}" if isinstance(wait, int) else wait
    return await client.get("/v1/events", params={"after": after, **asked}, headers={"Prefer": prefer})


async def head(client: httpx.AsyncClient) -> str:
    cursor: str = (await read(client)).json()["next"]
    return cursor


async def wait_until_waiting(feed_service: LiveServer, number: int) -> None:
    """Return once this many requests wait."""
    async with asyncio.timeout(5):
        while feed_service.service.long_polls.waiting_count != number:  # noqa: ASYNC110  # the service lives in another thread
            await asyncio.sleep(0.005)


async def write_one_event(database: Database, **others: Any) -> str:
    async with database.transaction() as tx:
        return str(await write_event(tx, **others))


def ids(answer: httpx.Response) -> list[str]:
    return [event["id"] for event in answer.json()["data"]]


async def test_a_waiting_request_is_answered_when_something_happens(
    feed_service: LiveServer, platform: httpx.AsyncClient, database: Database
) -> None:
    started = monotonic()
    answering = asyncio.create_task(read(platform, wait=20))
    await wait_until_waiting(feed_service, 1)

    event = await write_one_event(database)
    answer = await answering

    assert ids(answer) == [event]
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.json()["up_to_date"]
    assert monotonic() - started < 5


async def test_a_request_that_waits_in_vain_gets_a_cursor_to_go_on_with(
    platform: httpx.AsyncClient, database: Database
) -> None:
    started = monotonic()

    answer = await read(platform, wait=1)

    assert monotonic() - started >= 1
    assert (ids(answer), answer.json()["up_to_date"]) == ([], True)
    assert answer.headers["Preference-Applied"] == "wait=1"
    event = await write_one_event(database)
    assert ids(await read(platform, answer.json()["next"])) == [event]


async def test_a_wait_may_be_longer_than_a_request(
    platform: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_middleware, "TIME_LIMIT_SECONDS", 0.5)

    answer = await read(platform, wait=1)

    assert answer.status_code == 200


async def test_a_request_does_not_wait_when_there_are_events(platform: httpx.AsyncClient, database: Database) -> None:
    start = await head(platform)
    event = await write_one_event(database)

    answer = await read(platform, start, wait=30)

    assert ids(answer) == [event]


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=5", "wait=5"),
        ("wait=31", "wait=30"),
        ("wait=999999", "wait=30"),
        ("Wait = 5", "wait=5"),
        ('wait="5"', "wait=5"),
        ("respond-async, wait=5", "wait=5"),
        ("handling=lenient, wait=5; foo=bar, return=minimal", "wait=5"),
        ("wait=5, wait=7", "wait=5"),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=5.5", None),
        ("wait", None),
        ("wait=", None),
        ("wait=soon", None),
        ("await=5", None),
        ("no-wait=5", None),
        ("", None),
    ],
)
async def test_a_preference_is_parsed_as_rfc_7240_says_or_ignored(
    platform: httpx.AsyncClient, database: Database, prefer: str, applied: str | None
) -> None:
    start = await head(platform)
    await write_one_event(database)

    answer = await read(platform, start, wait=prefer)

    assert answer.headers.get("Preference-Applied") == applied


async def test_a_filter_waits_for_its_types_and_moves_on_with_the_others(
    feed_service: LiveServer, platform: httpx.AsyncClient, database: Database
) -> None:
    start = await head(platform)
    answering = asyncio.create_task(read(platform, start, wait=20, types=REFUSED))
    await wait_until_waiting(feed_service, 1)
    await write_one_event(database)
    await write_one_event(database)

    wanted = await write_one_event(database, type=REFUSED)

    answer = await answering
    assert ids(answer) == [wanted]
    assert ids(await read(platform, answer.json()["next"])) == []


async def test_a_filter_that_waits_in_vain_moves_on_too(
    feed_service: LiveServer, platform: httpx.AsyncClient, database: Database
) -> None:
    start = await head(platform)
    answering = asyncio.create_task(read(platform, start, wait=1, types=REFUSED))
    await wait_until_waiting(feed_service, 1)
    await write_one_event(database)

    answer = await answering

    assert ids(answer) == []
    assert answer.json()["next"] != start
    assert ids(await read(platform, answer.json()["next"])) == []


async def test_an_organisation_is_woken_by_its_own_events_only(feed_service: LiveServer, database: Database) -> None:
    async with following(feed_service, "training_organisation") as mednum:
        start = await head(mednum)
        answering = asyncio.create_task(read(mednum, start, wait=20))
        await wait_until_waiting(feed_service, 1)
        await write_one_event(database, organisation=HISTYA)

        ours = await write_one_event(database, organisation=LA_MEDNUM)

        assert ids(await answering) == [ours]


async def test_a_third_request_of_a_client_does_not_wait(
    feed_service: LiveServer, platform: httpx.AsyncClient, database: Database
) -> None:
    answering = [asyncio.create_task(read(platform, wait=20)) for _ in range(2)]
    await wait_until_waiting(feed_service, 2)

    third = await read(platform, wait=20)
    async with following(feed_service, "admin") as admin:
        another = asyncio.create_task(read(admin, wait=20))
        await wait_until_waiting(feed_service, 3)
        event = await write_one_event(database)

        assert (ids(third), third.headers.get("Preference-Applied")) == ([], None)
        assert [ids(await answer) for answer in (*answering, another)] == [[event]] * 3
    assert (await read(platform, wait=1)).headers["Preference-Applied"] == "wait=1"


async def test_waiting_requests_hold_no_connection(feed_service: LiveServer, superuser: Database) -> None:
    """Six wait; every connection of the service is closed, and none of the six notices."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(following(feed_service, role)) for role in ROLES]
        answering = [
            asyncio.create_task(read(client, wait=20)) for client in clients for _ in range(MAX_WAITING_PER_CLIENT)
        ]
        await wait_until_waiting(feed_service, len(answering))

        under_way = await superuser.many(UNDER_WAY)
        closed = await superuser.many(CLOSE_THE_OTHERS)
        event = await write_one_event(superuser)

        assert closed
        assert len(under_way) <= 1  # whoever looks for all
        assert [ids(await answer) for answer in answering] == [[event]] * len(answering)


async def test_a_request_whose_client_has_disconnected_stops_waiting(feed_service: LiveServer) -> None:
    async with following(feed_service, "platform") as leaving:
        answering = asyncio.create_task(read(leaving, wait=30))
        await wait_until_waiting(feed_service, 1)
        answering.cancel()

    await wait_until_waiting(feed_service, 0)


async def test_a_waiting_request_is_answered_when_the_server_stops(
    feed_service: LiveServer, platform: httpx.AsyncClient
) -> None:
    answering = asyncio.create_task(read(platform, wait=30))
    await wait_until_waiting(feed_service, 1)

    feed_service.service.draining = True
    answer = await answering
    at_once = await read(platform, wait=30)
    feed_service.service.draining = False

    assert (answer.status_code, ids(answer)) == (200, [])
    assert ids(at_once) == []


async def test_a_waiting_request_is_told_of_a_restore(
    feed_service: LiveServer, platform: httpx.AsyncClient, database: Database
) -> None:
    answering = asyncio.create_task(read(platform, wait=20))
    await wait_until_waiting(feed_service, 1)
    async with database.transaction() as tx:
        await begin_epoch(tx, MORNING)
        await write_event(tx)

    expect_problem(await answering, 410, "cursor-expired")


async def test_a_waiting_request_is_told_that_events_were_lost(
    feed_service: LiveServer, platform: httpx.AsyncClient, database: Database, superuser: Database
) -> None:
    """As when a standby takes over that lacks the last event."""
    await write_one_event(database)
    answering = asyncio.create_task(read(platform, wait=20))
    await wait_until_waiting(feed_service, 1)

    await superuser.many(LOSE_THE_LAST)

    expect_problem(await answering, 410, "cursor-expired")


async def test_an_event_sequenced_elsewhere_is_announced_to_waiting_requests(
    feed_service: LiveServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next poll would be an hour later."""
    monkeypatch.setattr(long_polling, "POLL_INTERVAL_SECONDS", 3600.0)
    watching, gone, heard = (
        long_polling.FeedLongPolls(database, FakeClock(), lambda: False),
        asyncio.Future[None](),
        asyncio.Event(),
    )
    other = NotificationListener("nothing_of_ours", lambda _: None, heard.set, heard.clear)
    listening = asyncio.create_task(
        NotificationConnection(feed_service.database_url, watching.listener, other).listen()
    )
    await heard.wait()

    for _ in range(4):  # the first looks may be those of whoever begins to wait, or to hear
        moving = asyncio.create_task(
            watching.wait_until_moved(GLOBAL_FEED_ID, await read_head(database, GLOBAL_FEED_ID), 20, gone)
        )
        await write_one_event(database)
        await sequence_events(database, MORNING)
        assert await moving

    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
