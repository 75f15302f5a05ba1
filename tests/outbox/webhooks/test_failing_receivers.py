"""Receivers that fail: left alone, warned about, disabled; none of them slows another."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.api.http.bodies.json_responses import format_instant
from app.api.notifications.webhook_schemas import endpoint_resource
from app.outbox import delivery_relay, webhook_sender
from app.outbox.retry_policy import Alarm
from app.persistence.engine.database import Database
from app.persistence.outbox import webhook_endpoints
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.webhook_endpoints import read_endpoint
from app.use_cases.errors import TooManyEndpoints
from app.use_cases.notifications.administer_webhook_endpoints import MOST_ENDPOINTS, change_endpoint, delete_endpoint
from app.use_cases.notifications.egress_policy import Reach
from tests.fake_clock import MORNING
from tests.outbox.webhooks.webhook_builders import (
    Endpoint,
    a_client,
    all_deliveries,
    an_endpoint,
    hurry,
    lane_of,
    one_turn,
    relaying,
    trace,
    until_settled,
)
from tests.outbox.webhooks.webhook_receiver import Received, Receiver, Reply, receiving, thanks
from tests.persistence.outbox.event_builders import placed, told

HEALTHY, EVENTS = 20, 12


async def failing(_: Received) -> Reply:
    return Reply(500)


async def failed_times(database: Database, receiver: Receiver, times: int) -> Endpoint:
    """An endpoint with an event more than it has failed to receive."""
    endpoint = await an_endpoint(database, receiver.url)
    await told(database, times + 1)
    await placed(database)
    for _ in range(times):
        await database.one(
            "UPDATE delivery SET next_attempt_at = now() WHERE id = (SELECT min(id::text)::uuid FROM delivery "
            "WHERE attempts = 0 AND state = 'due')"
        )
        await database.one("UPDATE delivery SET next_attempt_at = now() + interval '1 day' WHERE attempts > 0")
        await _one_at_a_time(database)
    return endpoint


async def _one_at_a_time(database: Database) -> None:
    await database.one(
        "UPDATE delivery SET next_attempt_at = now() + interval '1 day' WHERE state = 'due' AND id <> "
        "(SELECT id FROM delivery WHERE state = 'due' ORDER BY next_attempt_at, id LIMIT 1)"
    )
    assert await one_turn(database) == 1


async def test_after_five_failures_in_a_row_nothing_is_tried_for_a_minute(database: Database) -> None:
    async with receiving(failing) as receiver:
        endpoint = await failed_times(database, receiver, 5)
        await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")

        assert await one_turn(database) == 0

    lane, seen = await lane_of(database, endpoint), await shown(database, endpoint)
    assert (lane["failures"], lane["openings"]) == (5, 1)
    assert timedelta(seconds=50) < lane["open_until"] - lane["failing_since"] < timedelta(seconds=80)
    assert (seen["failures"], seen["paused_until"]) == (5, format_instant(lane["open_until"]))
    assert {row["attempts"] for row in await all_deliveries(database)} == {0, 1}


async def test_then_one_delivery_is_the_probe(database: Database) -> None:
    async with receiving(failing) as receiver:
        endpoint = await failed_times(database, receiver, 5)
        await hurry(database)

        assert await one_turn(database) == 1
        await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")
        assert await one_turn(database) == 0

    lane = await lane_of(database, endpoint)
    assert (lane["failures"], lane["openings"]) == (6, 2)


async def test_a_success_closes_the_circuit_and_everything_is_delivered(database: Database) -> None:
    async with receiving(failing) as receiver:
        endpoint = await failed_times(database, receiver, 5)
        receiver.answer = thanks
        await hurry(database)
        assert await one_turn(database) == 1
        lane = await lane_of(database, endpoint)
        await hurry(database)
        while await one_turn(database):
            pass

    assert (lane["failures"], lane["openings"], lane["open_until"], lane["failing_since"]) == (0, 0, None, None)
    assert {row["state"] for row in await all_deliveries(database)} == {"delivered"}


async def age(database: Database, endpoint: Endpoint, **since: timedelta) -> None:
    """Let this have happened so long ago."""
    for column, ago in since.items():
        await database.one(f"UPDATE lane SET {column} = now() - $2::interval WHERE id = $1", endpoint.id, ago)  # noqa: S608  # our own names


async def warnings_of(database: Database, endpoint: Endpoint) -> list[str]:
    rows = await database.many("SELECT kind FROM endpoint_warning WHERE endpoint_id = $1 ORDER BY id", endpoint.id)
    return [row["kind"] for row in rows]


async def shown(database: Database, endpoint: Endpoint) -> dict[str, Any]:
    """As its owner reads it."""
    row = await read_endpoint(database, endpoint.id, endpoint.owner)
    assert row is not None
    return endpoint_resource(row)


async def test_five_days_of_failures_disable_an_endpoint_after_two_warnings(database: Database) -> None:
    async with receiving(failing) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await told(database, 3)
        await placed(database)

        async def fail_again() -> None:
            await hurry(database)
            assert await one_turn(database) >= 1

        await fail_again()
        await age(database, endpoint, failing_since=timedelta(hours=23))
        await fail_again()
        assert await warnings_of(database, endpoint) == []
        assert (await shown(database, endpoint))["warning"] is None
        await age(database, endpoint, failing_since=timedelta(days=1))
        await fail_again()
        assert await warnings_of(database, endpoint) == [Alarm.FAILING]
        assert (await shown(database, endpoint))["warning"] == "failing"
        await database.one("UPDATE lane SET failures = 25")
        await age(database, endpoint, failing_since=timedelta(days=4))
        await fail_again()
        assert await warnings_of(database, endpoint) == [Alarm.FAILING, Alarm.LAST_DAY]
        await age(database, endpoint, failing_since=timedelta(days=6), warned_at=timedelta(hours=23))
        await fail_again()
        seen = await shown(database, endpoint)
        assert (seen["status"], seen["warning"]) == ("active", "last_day")
        await age(database, endpoint, warned_at=timedelta(days=1))
        await fail_again()

    assert await warnings_of(database, endpoint) == [Alarm.FAILING, Alarm.LAST_DAY, Alarm.DISABLED]
    seen = await shown(database, endpoint)
    assert (seen["status"], seen["disabled_because"]) == ("disabled", "failing")
    assert {delivery["state"] for delivery in await all_deliveries(database)} == {"skipped"}


async def test_one_success_forgives_every_failure(database: Database) -> None:
    async with receiving(failing) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await told(database)
        await placed(database)
        await one_turn(database)
        await age(database, endpoint, failing_since=timedelta(days=30))
        receiver.answer = thanks
        await hurry(database)
        await one_turn(database)

    lane = await lane_of(database, endpoint)
    assert (lane["failures"], lane["failing_since"], lane["warning"]) == (0, None, None)
    assert await warnings_of(database, endpoint) == []


async def test_a_new_address_starts_afresh(database: Database) -> None:
    async with receiving(failing) as old, receiving() as new:
        endpoint = await failed_times(database, old, 5)

        await change_endpoint(
            database, endpoint.id, {"url": new.url}, endpoint.owner, Reach(anywhere=True), MORNING, trace()
        )
        await hurry(database)
        while await one_turn(database):
            pass

    assert len(new.received) == 6


async def test_nothing_is_posted_to_a_disabled_endpoint_nor_told_when_what_is_under_way_ends(
    database: Database,
) -> None:
    under_way = asyncio.Event()

    async def slowly(_: Received) -> Reply:
        await under_way.wait()
        return Reply(500)

    async with receiving(slowly) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await told(database)
        await placed(database)
        turn = asyncio.create_task(one_turn(database))
        await receiver.has(1)
        await change_endpoint(database, endpoint.id, {"status": "disabled"}, endpoint.owner, Reach(), MORNING, trace())
        await told(database)
        await placed(database)
        under_way.set()
        await turn

    assert [row["state"] for row in await all_deliveries(database)] == ["skipped"]


async def test_nothing_reaches_a_deleted_endpoint_any_more(database: Database) -> None:
    under_way = asyncio.Event()

    async def slowly(_: Received) -> Reply:
        await under_way.wait()
        return Reply(500)

    async with receiving(slowly) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await told(database, 5)
        await placed(database)
        turn = asyncio.create_task(one_turn(database))
        await receiver.has(4)
        await delete_endpoint(database, endpoint.id, endpoint.owner, MORNING, trace())
        await told(database)
        await placed(database)
        under_way.set()
        await turn
        await hurry(database)
        assert await one_turn(database) == 0

    assert sorted(row["state"] for row in await all_deliveries(database)) == ["cancelled", *4 * ["skipped"]]
    assert await database.many("SELECT FROM webhook_secret") == []


async def made_at_once(database: Database, wanted: int) -> int:
    """How many endpoints one owner gets who asks for so many at the same time."""
    client = await a_client(database)
    asked = (an_endpoint(database, "http://127.0.0.1:9/", client=client) for _ in range(wanted))
    made = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(each) for each in made} <= {Endpoint, TooManyEndpoints}
    return sum(isinstance(each, Endpoint) for each in made)


async def test_an_owner_has_so_many_endpoints_at_most_however_fast_it_asks(database: Database) -> None:
    assert await made_at_once(database, 3 * MOST_ENDPOINTS) == MOST_ENDPOINTS


async def test_red_run_without_its_turn_waited_for_it_has_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_endpoints, "ALONE", "SELECT $1::uuid")

    assert await made_at_once(database, 3 * MOST_ENDPOINTS) > MOST_ENDPOINTS


@pytest.mark.parametrize("broken", ["silent", "failing", "closed"])
async def test_a_dead_receiver_keeps_nothing_from_twenty_healthy_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The silent one does not say a word before they have everything: it could take all there is room for."""
    monkeypatch.setattr(webhook_sender, "TOTAL_SECONDS", 600)
    monkeypatch.setattr(delivery_relay, "AT_ONCE", {Channel.WEBHOOK: 2 * delivery_relay.LANE_AT_ONCE})
    over = asyncio.Event()

    async def silent(_: Received) -> Reply:
        await over.wait()
        return Reply(500)

    async with receiving(silent if broken == "silent" else failing) as dead, receiving() as healthy:
        url = "http://127.0.0.1:1/hooks" if broken == "closed" else dead.url
        await an_endpoint(database, url)
        for number in range(HEALTHY):
            await an_endpoint(database, f"{healthy.url}/{number}")
        async with relaying(database):
            await told(database, EVENTS)
            await placed(database)
            await healthy.has(EVENTS * HEALTHY, seconds=60)
            over.set()

    assert len({(one.path, one.id) for one in healthy.received}) == EVENTS * HEALTHY


async def test_four_at_most_are_under_way_to_one_receiver_whoever_sends_them(database: Database) -> None:
    full, go = asyncio.Event(), asyncio.Event()

    async def counted(_: Received) -> Reply:
        if receiver.at_once >= 4:
            full.set()
        await go.wait()
        return Reply()

    async with receiving(counted) as receiver, relaying(database), relaying(database), relaying(database):
        await an_endpoint(database, receiver.url)
        await told(database, 40)
        await placed(database)
        async with asyncio.timeout(10):
            await full.wait()
        go.set()
        await until_settled(database)

    assert receiver.most_at_once == 4
    assert len(receiver.received) == 40
