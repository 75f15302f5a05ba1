"""Events are delivered signed, in the stored bytes, to every endpoint that asked for them and to no other."""

import asyncio

import pytest
from standardwebhooks import WebhookVerificationError

from app.outbox import delivery_relay
from app.outbox.delivery_relay import OutboxRelay
from app.outbox.delivery_settlement import AttemptOutcome
from app.persistence.engine.database import Database
from app.persistence.outbox.assign_feed_positions import mark_as_history
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from tests.outbox.webhooks.webhook_builders import (
    a_client,
    all_deliveries,
    an_endpoint,
    attempts_of,
    only_delivery,
    relay_once,
    running_relay,
    wait_until_settled,
)
from tests.outbox.webhooks.webhook_receiver import running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_event, write_events


async def test_an_event_is_delivered_once_and_signed_to_whoever_asked_for_it(database: Database) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        (event,) = await write_events(database)
        await place_waiting_events(database)

        await relay_once(database)

    (received,) = receiver.received
    assert received.id == str(event)
    assert received.verified(endpoint.secret)["data"]["id"] == str(event)
    delivery = await only_delivery(database)
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    assert received.body == delivery["body"]
    (attempt,) = await attempts_of(database, delivery["id"])
    assert (attempt["status"], attempt["error"], attempt["number"]) == (204, None, 1)


async def test_another_secret_does_not_verify_it(database: Database) -> None:
    async with running_receiver() as receiver:
        await an_endpoint(database, receiver.url)
        other = await an_endpoint(database, receiver.url, types=["certification.*"])
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    with pytest.raises(WebhookVerificationError):
        receiver.received[0].verified(other.secret)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["*"], {"registration.accepted", "registration.refused", "certification.recorded"}),
        (["registration.*"], {"registration.accepted", "registration.refused"}),
        (["registration.refused", "certification.*"], {"registration.refused", "certification.recorded"}),
        (["entitlement.*"], set[str]()),
    ],
)
async def test_only_the_types_that_were_asked_for_are_posted(
    database: Database, types: list[str], expected: set[str]
) -> None:
    await an_endpoint(database, "http://127.0.0.1:9/hooks", types=types)
    for name in ("registration.accepted", "registration.refused", "certification.recorded"):
        await write_events(database, type=name)

    await place_waiting_events(database)

    assert {row["type"] for row in await all_deliveries(database)} == expected


async def test_an_organisation_is_posted_its_own_events_with_its_own_positions(database: Database) -> None:
    async with running_receiver() as receiver:
        mednum = await an_endpoint(database, receiver.url, client=await a_client(database, LA_MEDNUM))
        await write_events(database, organisation=HISTYA)
        (event,) = await write_events(database, organisation=LA_MEDNUM)
        await place_waiting_events(database)
        await relay_once(database)

    assert [row["lane_id"] for row in await all_deliveries(database)] == [mednum.id]
    assert [(one.id, one.payload["data"]["position"]) for one in receiver.received] == [(str(event), 1)]


async def test_what_was_kept_as_history_is_posted_to_nobody(database: Database) -> None:
    await an_endpoint(database, "http://127.0.0.1:9/hooks")
    async with database.transaction() as tx:
        adviser = await write_event(tx)
        await mark_as_history(tx, adviser)
        row = await tx.one("UPDATE outbox SET history = true RETURNING event_id")

    assert row is not None
    assert await place_waiting_events(database) == 1
    assert await all_deliveries(database) == []


async def test_a_revoked_client_is_delivered_nothing_any_more(database: Database) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await database.one("UPDATE client SET revoked_at = now() WHERE id = $1", endpoint.client.id)

        taken = await relay_once(database)

    assert (taken, receiver.received) == (0, [])


async def test_events_placed_before_the_endpoint_was_there_are_not_posted(database: Database) -> None:
    await write_events(database)
    await place_waiting_events(database)

    await an_endpoint(database, "http://127.0.0.1:9/hooks")
    await place_waiting_events(database)

    assert await all_deliveries(database) == []


async def test_a_relay_at_work_delivers_everything_to_everybody(database: Database) -> None:
    async with running_receiver() as one, running_receiver() as two, running_relay(database):
        await an_endpoint(database, one.url)
        await an_endpoint(database, two.url)
        events = [str(event) for event in await write_events(database, 50)]
        await place_waiting_events(database)
        await wait_until_settled(database)

    assert sorted(one.ids) == sorted(two.ids) == sorted(events)


async def test_a_relay_told_to_stop_lets_go_of_what_is_not_over_soon(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_relay, "SHUTDOWN_SECONDS", 0.0)
    begun, stop = asyncio.Event(), asyncio.Event()

    async def endless(_: ClaimedDelivery) -> AttemptOutcome:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with running_receiver() as receiver:
        await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        running = asyncio.create_task(OutboxRelay(database, {Channel.WEBHOOK: endless}).run(stop))
        await begun.wait()
        stop.set()
        await running
        left = await only_delivery(database)

        assert (left["state"], left["attempts"], left["claim"]) == ("due", 0, None)
        assert await relay_once(database) == 1
