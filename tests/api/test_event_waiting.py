"""`Prefer: wait`: a reader who is up to date is answered when something happens, and holds nothing meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any

import httpx
import pytest

from app.api import frame, watch
from app.api.watch import SEATS
from app.persistence.database import Database, open_database
from app.persistence.feeds import read_head
from app.persistence.notices import Ear, Notices
from app.persistence.sequencing import WHOLE, begin_epoch
from app.seed.catalogue import HISTYA, LA_MEDNUM
from app.use_cases.sequence import sequence
from tests.api.answers import problem
from tests.clockwork import MORNING, Clockwork
from tests.persistence.telling import tell
from tests.served import Served

ROLES = ("platform", "training_organisation", "admin")
REFUSED = "registration.refused"
THE_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
UNDER_WAY = f"SELECT query {THE_OTHERS} AND state <> 'idle'"  # our own words
LOSE_THE_LAST = """WITH shorter AS (UPDATE feed SET last_position = last_position - 1 RETURNING id, last_position)
DELETE FROM feed_entry e USING shorter s WHERE e.feed_id = s.id AND e.position > s.last_position"""
CLOSE_THE_OTHERS = f"SELECT pg_terminate_backend(pid, 5000) {THE_OTHERS}"  # our own words


@pytest.fixture(scope="module")
def fed(module_service: Served) -> Served:
    return module_service


@pytest.fixture
async def database(fed: Served) -> AsyncGenerator[Database]:
    """The service's, to tell by hand."""
    opened = open_database(fed.database_url, pool_size=1)
    yield opened
    await opened.close()


@pytest.fixture
async def superuser(fed: Served) -> AsyncGenerator[Database]:
    """May see and close the sessions of others."""
    opened = open_database(fed.database_url, pool_size=1, role=None)
    yield opened
    await opened.close()


@asynccontextmanager
async def following(fed: Served, role: str) -> AsyncGenerator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {fed.keys[role]}"}
    async with httpx.AsyncClient(base_url=fed.base_url, headers=headers, timeout=40) as client:
        yield client


@pytest.fixture
async def platform(fed: Served) -> AsyncGenerator[httpx.AsyncClient]:
    async with following(fed, "platform") as client:
        yield client


async def read(client: httpx.AsyncClient, after: str = "now", *, wait: int | str = 0, **asked: str) -> httpx.Response:
    prefer = f"wait={wait}" if isinstance(wait, int) else wait
    return await client.get("/v1/events", params={"after": after, **asked}, headers={"Prefer": prefer})


async def head(client: httpx.AsyncClient) -> str:
    cursor: str = (await read(client)).json()["next"]
    return cursor


async def waiting(fed: Served, number: int) -> None:
    """Return once so many requests wait."""
    async with asyncio.timeout(5):
        while fed.service.watch.waiting != number:  # noqa: ASYNC110  # the service lives in another thread
            await asyncio.sleep(0.005)


async def tell_one(database: Database, **others: Any) -> str:
    async with database.transaction() as tx:
        return str(await tell(tx, **others))


def ids(answer: httpx.Response) -> list[str]:
    return [event["id"] for event in answer.json()["data"]]


async def test_whoever_waits_is_answered_when_something_happens(
    fed: Served, platform: httpx.AsyncClient, database: Database
) -> None:
    started = monotonic()
    answering = asyncio.create_task(read(platform, wait=20))
    await waiting(fed, 1)

    event = await tell_one(database)
    answer = await answering

    assert ids(answer) == [event]
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.json()["up_to_date"]
    assert monotonic() - started < 5


async def test_whoever_waits_in_vain_gets_a_cursor_to_go_on_with(
    platform: httpx.AsyncClient, database: Database
) -> None:
    started = monotonic()

    answer = await read(platform, wait=1)

    assert monotonic() - started >= 1
    assert (ids(answer), answer.json()["up_to_date"]) == ([], True)
    assert answer.headers["Preference-Applied"] == "wait=1"
    event = await tell_one(database)
    assert ids(await read(platform, answer.json()["next"])) == [event]


async def test_a_wait_may_be_longer_than_a_request(
    platform: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "TIME_LIMIT_SECONDS", 0.5)

    answer = await read(platform, wait=1)

    assert answer.status_code == 200


async def test_nobody_waits_for_what_is_there(platform: httpx.AsyncClient, database: Database) -> None:
    start = await head(platform)
    event = await tell_one(database)

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
async def test_a_preference_is_read_as_the_standard_has_it_or_not_at_all(
    platform: httpx.AsyncClient, database: Database, prefer: str, applied: str | None
) -> None:
    start = await head(platform)
    await tell_one(database)

    answer = await read(platform, start, wait=prefer)

    assert answer.headers.get("Preference-Applied") == applied


async def test_a_filter_waits_for_its_types_and_moves_on_with_the_others(
    fed: Served, platform: httpx.AsyncClient, database: Database
) -> None:
    start = await head(platform)
    answering = asyncio.create_task(read(platform, start, wait=20, types=REFUSED))
    await waiting(fed, 1)
    await tell_one(database)
    await tell_one(database)

    wanted = await tell_one(database, type=REFUSED)

    answer = await answering
    assert ids(answer) == [wanted]
    assert ids(await read(platform, answer.json()["next"])) == []


async def test_a_filter_that_waits_in_vain_moves_on_too(
    fed: Served, platform: httpx.AsyncClient, database: Database
) -> None:
    start = await head(platform)
    answering = asyncio.create_task(read(platform, start, wait=1, types=REFUSED))
    await waiting(fed, 1)
    await tell_one(database)

    answer = await answering

    assert ids(answer) == []
    assert answer.json()["next"] != start
    assert ids(await read(platform, answer.json()["next"])) == []


async def test_an_organisation_is_woken_by_its_own_events_only(fed: Served, database: Database) -> None:
    async with following(fed, "training_organisation") as mednum:
        start = await head(mednum)
        answering = asyncio.create_task(read(mednum, start, wait=20))
        await waiting(fed, 1)
        await tell_one(database, organisation=HISTYA)

        ours = await tell_one(database, organisation=LA_MEDNUM)

        assert ids(await answering) == [ours]


async def test_a_third_request_of_a_client_does_not_wait(
    fed: Served, platform: httpx.AsyncClient, database: Database
) -> None:
    answering = [asyncio.create_task(read(platform, wait=20)) for _ in range(2)]
    await waiting(fed, 2)

    third = await read(platform, wait=20)
    async with following(fed, "admin") as admin:
        another = asyncio.create_task(read(admin, wait=20))
        await waiting(fed, 3)
        event = await tell_one(database)

        assert (ids(third), third.headers.get("Preference-Applied")) == ([], None)
        assert [ids(await answer) for answer in (*answering, another)] == [[event]] * 3
    assert (await read(platform, wait=1)).headers["Preference-Applied"] == "wait=1"


async def test_those_who_wait_hold_no_connection(fed: Served, superuser: Database) -> None:
    """Six wait; all connections that the service has are closed, and none of the six notices."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(following(fed, role)) for role in ROLES]
        answering = [asyncio.create_task(read(client, wait=20)) for client in clients for _ in range(SEATS)]
        await waiting(fed, len(answering))

        under_way = await superuser.many(UNDER_WAY)
        closed = await superuser.many(CLOSE_THE_OTHERS)
        event = await tell_one(superuser)

        assert closed
        assert len(under_way) <= 1  # whoever looks for all
        assert [ids(await answer) for answer in answering] == [[event]] * len(answering)


async def test_a_request_whose_client_is_gone_waits_no_longer(fed: Served) -> None:
    async with following(fed, "platform") as leaving:
        answering = asyncio.create_task(read(leaving, wait=30))
        await waiting(fed, 1)
        answering.cancel()

    await waiting(fed, 0)


async def test_whoever_waits_is_answered_when_the_server_closes(fed: Served, platform: httpx.AsyncClient) -> None:
    answering = asyncio.create_task(read(platform, wait=30))
    await waiting(fed, 1)

    fed.service.draining = True
    answer = await answering
    at_once = await read(platform, wait=30)
    fed.service.draining = False

    assert (answer.status_code, ids(answer)) == (200, [])
    assert ids(at_once) == []


async def test_a_restore_is_told_to_whoever_waits(fed: Served, platform: httpx.AsyncClient, database: Database) -> None:
    answering = asyncio.create_task(read(platform, wait=20))
    await waiting(fed, 1)
    async with database.transaction() as tx:
        await begin_epoch(tx, MORNING)
        await tell(tx)

    problem(await answering, 410, "cursor-expired")


async def test_whoever_waits_is_told_of_what_was_lost(
    fed: Served, platform: httpx.AsyncClient, database: Database, superuser: Database
) -> None:
    """As when a standby that lacks the last event takes over."""
    await tell_one(database)
    answering = asyncio.create_task(read(platform, wait=20))
    await waiting(fed, 1)

    await superuser.many(LOSE_THE_LAST)

    problem(await answering, 410, "cursor-expired")


async def test_a_placing_elsewhere_is_announced_to_whoever_waits(
    fed: Served, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a look that would come an hour later."""
    monkeypatch.setattr(watch, "LOOK_EVERY_SECONDS", 3600.0)
    watching, gone, heard = watch.Watch(database, Clockwork(), lambda: False), asyncio.Future[None](), asyncio.Event()
    other = Ear("nothing_of_ours", lambda _: None, heard.set, heard.clear)
    listening = asyncio.create_task(Notices(fed.database_url, watching.ear, other).listen())
    await heard.wait()

    for _ in range(4):  # the first looks may be those of whoever begins to wait, or to hear
        moving = asyncio.create_task(watching.moved(WHOLE, await read_head(database, WHOLE), 20, gone))
        await tell_one(database)
        await sequence(database, MORNING)
        assert await moving

    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
