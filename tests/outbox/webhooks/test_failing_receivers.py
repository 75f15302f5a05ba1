"""Receivers that fail: their circuit opens, their owner is warned, they are disabled; none slows another."""

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
from app.use_cases.notifications.administer_webhook_endpoints import MAX_ENDPOINTS, change_endpoint, delete_endpoint
from app.use_cases.notifications.egress_policy import EgressPolicy
from tests.fake_clock import MORNING
from tests.outbox.webhooks.webhook_builders import (
    Endpoint,
    a_client,
    all_deliveries,
    an_audit_entry,
    an_endpoint,
    lane_of,
    make_everything_due,
    relay_once,
    running_relay,
    wait_until_settled,
)
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Receiver, Reply, accept, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events

HEALTHY, EVENTS = 20, 12


async def failing(_: ReceivedRequest) -> Reply:
    return Reply(500)


async def failed_times(database: Database, receiver: Receiver, times: int) -> Endpoint:
    """An endpoint with one event more than it failed to receive."""
    endpoint = await an_endpoint(database, receiver.url)
    await write_events(database, times + 1)
    await place_waiting_events(database)
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
    assert await relay_once(database) == 1


async def test_after_five_failures_in_a_row_nothing_is_tried_for_a_minute(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await failed_times(database, receiver, 5)
        await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")

        assert await relay_once(database) == 0

    lane, seen = await lane_of(database, endpoint), await as_owner_reads(database, endpoint)
    assert (lane["failures"], lane["openings"]) == (5, 1)
    assert timedelta(seconds=50) < lane["open_until"] - lane["failing_since"] < timedelta(seconds=80)
    assert (seen["failures"], seen["paused_until"]) == (5, format_instant(lane["open_until"]))
    assert {row["attempts"] for row in await all_deliveries(database)} == {0, 1}


async def test_then_one_delivery_is_the_probe(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await failed_times(database, receiver, 5)
        await make_everything_due(database)

        assert await relay_once(database) == 1
        await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")
        assert await relay_once(database) == 0

    lane = await lane_of(database, endpoint)
    assert (lane["failures"], lane["openings"]) == (6, 2)


async def test_a_success_closes_the_circuit_and_everything_is_delivered(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await failed_times(database, receiver, 5)
        receiver.answer = accept
        await make_everything_due(database)
        assert await relay_once(database) == 1
        lane = await lane_of(database, endpoint)
        await make_everything_due(database)
        while await relay_once(database):
            pass

    assert (lane["failures"], lane["openings"], lane["open_until"], lane["failing_since"]) == (0, 0, None, None)
    assert {row["state"] for row in await all_deliveries(database)} == {"delivered"}


async def backdate_failures(database: Database, endpoint: Endpoint, **since: timedelta) -> None:
    """Make the failures so much older."""
    for column, ago in since.items():
        await database.one(f"UPDATE lane SET {column} = now() - $2::interval WHERE id = $1", endpoint.id, ago)  # noqa: S608  # our own names


async def warnings_of(database: Database, endpoint: Endpoint) -> list[str]:
    rows = await database.many("SELECT kind FROM endpoint_warning WHERE endpoint_id = $1 ORDER BY id", endpoint.id)
    return [row["kind"] for row in rows]


async def as_owner_reads(database: Database, endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint as its owner reads it."""
    row = await read_endpoint(database, endpoint.id, endpoint.owner)
    assert row is not None
    return endpoint_resource(row)


async def test_five_days_of_failures_disable_an_endpoint_after_two_warnings(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database, 3)
        await place_waiting_events(database)

        async def fail_again() -> None:
            await make_everything_due(database)
            assert await relay_once(database) >= 1

        await fail_again()
        await backdate_failures(database, endpoint, failing_since=timedelta(hours=23))
        await fail_again()
        assert await warnings_of(database, endpoint) == []
        assert (await as_owner_reads(database, endpoint))["warning"] is None
        await backdate_failures(database, endpoint, failing_since=timedelta(days=1))
        await fail_again()
        assert await warnings_of(database, endpoint) == [Alarm.FAILING]
        assert (await as_owner_reads(database, endpoint))["warning"] == "failing"
        await database.one("UPDATE lane SET failures = 25")
        await backdate_failures(database, endpoint, failing_since=timedelta(days=4))
        await fail_again()
        assert await warnings_of(database, endpoint) == [Alarm.FAILING, Alarm.LAST_DAY]
        await backdate_failures(database, endpoint, failing_since=timedelta(days=6), warned_at=timedelta(hours=23))
        await fail_again()
        seen = await as_owner_reads(database, endpoint)
        assert (seen["status"], seen["warning"]) == ("active", "last_day")
        await backdate_failures(database, endpoint, warned_at=timedelta(days=1))
        await fail_again()

    assert await warnings_of(database, endpoint) == [Alarm.FAILING, Alarm.LAST_DAY, Alarm.DISABLED]
    seen = await as_owner_reads(database, endpoint)
    assert (seen["status"], seen["disabled_because"]) == ("disabled", "failing")
    assert {delivery["state"] for delivery in await all_deliveries(database)} == {"skipped"}


async def test_one_success_forgives_every_failure(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)
        await backdate_failures(database, endpoint, failing_since=timedelta(days=30))
        receiver.answer = accept
        await make_everything_due(database)
        await relay_once(database)

    lane = await lane_of(database, endpoint)
    assert (lane["failures"], lane["failing_since"], lane["warning"]) == (0, None, None)
    assert await warnings_of(database, endpoint) == []


async def test_a_new_address_starts_afresh(database: Database) -> None:
    async with running_receiver(failing) as old, running_receiver() as new:
        endpoint = await failed_times(database, old, 5)

        await change_endpoint(
            database,
            endpoint.id,
            {"url": new.url},
            endpoint.owner,
            EgressPolicy(allows_anything=True),
            MORNING,
            an_audit_entry(),
        )
        await make_everything_due(database)
        while await relay_once(database):
            pass

    assert len(new.received) == 6


async def test_nothing_is_posted_to_a_disabled_endpoint_nor_told_when_what_is_under_way_ends(
    database: Database,
) -> None:
    under_way = asyncio.Event()

    async def slowly(_: ReceivedRequest) -> Reply:
        await under_way.wait()
        return Reply(500)

    async with running_receiver(slowly) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        turn = asyncio.create_task(relay_once(database))
        await receiver.wait_for(1)
        await change_endpoint(
            database, endpoint.id, {"status": "disabled"}, endpoint.owner, EgressPolicy(), MORNING, an_audit_entry()
        )
        await write_events(database)
        await place_waiting_events(database)
        under_way.set()
        await turn

    assert [row["state"] for row in await all_deliveries(database)] == ["skipped"]


async def test_nothing_reaches_a_deleted_endpoint_any_more(database: Database) -> None:
    under_way = asyncio.Event()

    async def slowly(_: ReceivedRequest) -> Reply:
        await under_way.wait()
        return Reply(500)

    async with running_receiver(slowly) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database, 5)
        await place_waiting_events(database)
        turn = asyncio.create_task(relay_once(database))
        await receiver.wait_for(4)
        await delete_endpoint(database, endpoint.id, endpoint.owner, MORNING, an_audit_entry())
        await write_events(database)
        await place_waiting_events(database)
        under_way.set()
        await turn
        await make_everything_due(database)
        assert await relay_once(database) == 0

    assert sorted(row["state"] for row in await all_deliveries(database)) == ["cancelled", *4 * ["skipped"]]
    assert await database.many("SELECT FROM webhook_secret") == []


async def made_at_once(database: Database, wanted: int) -> int:
    """How many endpoints an owner gets who asks for `wanted` at the same time."""
    client = await a_client(database)
    asked = (an_endpoint(database, "http://127.0.0.1:9/", client=client) for _ in range(wanted))
    made = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(each) for each in made} <= {Endpoint, TooManyEndpoints}
    return sum(isinstance(each, Endpoint) for each in made)


async def test_an_owner_has_so_many_endpoints_at_most_however_fast_it_asks(database: Database) -> None:
    assert await made_at_once(database, 3 * MAX_ENDPOINTS) == MAX_ENDPOINTS


async def test_red_run_without_its_turn_waited_for_it_has_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_endpoints, "LOCK_OWNER", "SELECT $1::uuid")

    assert await made_at_once(database, 3 * MAX_ENDPOINTS) > MAX_ENDPOINTS


@pytest.mark.parametrize("broken", ["silent", "failing", "closed"])
async def test_a_dead_receiver_keeps_nothing_from_twenty_healthy_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The silent one never replies before they have everything: it could take every slot."""
    monkeypatch.setattr(webhook_sender, "TOTAL_SECONDS", 600)
    monkeypatch.setattr(delivery_relay, "CHANNEL_CONCURRENCY", {Channel.WEBHOOK: 2 * delivery_relay.LANE_CONCURRENCY})
    over = asyncio.Event()

    async def silent(_: ReceivedRequest) -> Reply:
        await over.wait()
        return Reply(500)

    async with running_receiver(silent if broken == "silent" else failing) as dead, running_receiver() as healthy:
        url = "http://127.0.0.1:1/hooks" if broken == "closed" else dead.url
        await an_endpoint(database, url)
        for number in range(HEALTHY):
            await an_endpoint(database, f"{healthy.url}/{number}")
        async with running_relay(database):
            await write_events(database, EVENTS)
            await place_waiting_events(database)
            await healthy.wait_for(EVENTS * HEALTHY, seconds=60)
            over.set()

    assert len({(one.path, one.id) for one in healthy.received}) == EVENTS * HEALTHY


async def test_four_at_most_are_under_way_to_one_receiver_whoever_sends_them(database: Database) -> None:
    full, go = asyncio.Event(), asyncio.Event()

    async def counted(_: ReceivedRequest) -> Reply:
        if receiver.concurrent >= 4:
            full.set()
        await go.wait()
        return Reply()

    async with (
        running_receiver(counted) as receiver,
        running_relay(database),
        running_relay(database),
        running_relay(database),
    ):
        await an_endpoint(database, receiver.url)
        await write_events(database, 40)
        await place_waiting_events(database)
        async with asyncio.timeout(10):
            await full.wait()
        go.set()
        await wait_until_settled(database)

    assert receiver.most_concurrent == 4
    assert len(receiver.received) == 40
