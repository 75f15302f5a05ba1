"""What an owner can ask for: a test event, a delivery again, a recovery, another secret."""

import asyncio
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from standardwebhooks import WebhookVerificationError

from app.persistence.engine.database import Database, open_database
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox
from app.use_cases.notifications.administer_webhook_endpoints import change_endpoint, rotate_secret
from app.use_cases.notifications.egress_policy import EgressPolicy
from app.use_cases.notifications.redeliver_webhooks import recover, replay, send_test
from tests.fake_clock import MORNING
from tests.nodejs import NODE, PACKAGES, needs_packages
from tests.outbox.webhooks.webhook_builders import (
    UNRESTRICTED_EGRESS,
    Endpoint,
    all_deliveries,
    an_audit_entry,
    an_endpoint,
    attempts_of,
    make_everything_due,
    only_delivery,
    relay_once,
)
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Reply, accept, running_receiver
from tests.persistence.outbox.event_builders import all_events, place_waiting_events, write_events

LONG_AGO = MORNING - timedelta(days=3650)
ALWAYS = LONG_AGO, None


async def failing(_: ReceivedRequest) -> Reply:
    return Reply(500)


async def set_status(database: Database, endpoint: Endpoint, status: str) -> None:
    await change_endpoint(
        database,
        endpoint.id,
        {"status": status},
        endpoint.owner,
        EgressPolicy(allows_anything=True),
        MORNING,
        an_audit_entry(),
    )


async def deliver_all(database: Database) -> None:
    while await relay_once(database):
        pass


async def test_a_test_is_delivered_like_any_event(database: Database) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url, types=["certification.*"])

        await send_test(database, endpoint.id, endpoint.context)
        await deliver_all(database)

    (received,) = receiver.received
    assert received.verified(endpoint.secret)["type"] == "webhook_endpoint.test"
    assert received.payload["data"] == {
        "id": received.id,
        "type": "webhook_endpoint.test",
        "occurred_at": "2026-06-15T08:30:00Z",
        "webhook_endpoint_id": str(endpoint.id),
    }


@pytest.mark.parametrize("became", ["delivered", "dead"])
async def test_a_delivery_is_made_again_with_the_same_id_and_bytes(database: Database, became: str) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        if became == "dead":
            receiver.answer = failing
            for _ in range(10):
                await make_everything_due(database)
                await relay_once(database)
            receiver.answer = accept
        else:
            await relay_once(database)
        delivery = await only_delivery(database)
        assert delivery["state"] == became
        await make_everything_due(database)
        before = len(receiver.received)

        await replay(database, delivery["id"], endpoint.context)
        await relay_once(database)

    again = await only_delivery(database)
    assert (again["state"], again["attempts"], again["replay"]) == ("delivered", 1, 1)
    assert len(receiver.received) == before + 1
    assert {(one.id, one.body) for one in receiver.received} == {(str(delivery["event_id"]), delivery["body"])}
    last = (await attempts_of(database, delivery["id"]))[-1]
    assert (last["replay"], last["number"]) == (1, 1)


async def test_what_is_under_way_is_left_to_its_fate(database: Database) -> None:
    go = asyncio.Event()

    async def slowly(_: ReceivedRequest) -> Reply:
        await go.wait()
        return Reply()

    async with running_receiver(slowly) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        turn = asyncio.create_task(relay_once(database))
        await receiver.wait_for(1)
        await replay(database, (await only_delivery(database))["id"], endpoint.context)
        go.set()
        await turn

    delivery = await only_delivery(database)
    assert (delivery["state"], delivery["replay"], len(receiver.received)) == ("delivered", 0, 1)


async def test_what_waits_for_its_next_attempt_is_tried_at_once(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)
        assert await relay_once(database) == 0

        await replay(database, (await only_delivery(database))["id"], endpoint.context)

        assert await relay_once(database) == 1
    delivery = await only_delivery(database)
    assert (delivery["attempts"], delivery["replay"]) == (2, 0)


async def test_after_an_outage_everything_that_happened_meanwhile_is_recovered(database: Database) -> None:
    """A thousand events: some dead, some skipped, some never enqueued. None is missing, none comes twice."""
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database, 200)
        await place_waiting_events(database)
        await database.one("UPDATE delivery SET state = 'dead', next_attempt_at = NULL, settled_at = now()")
        await write_events(database, 300)
        await place_waiting_events(database)
        await set_status(database, endpoint, "disabled")
        await write_events(database, 500)
        await place_waiting_events(database)
        await deliver_all(database)
        assert receiver.received == []
        await set_status(database, endpoint, "active")
        await deliver_all(database)
        assert receiver.received == []

        answer: Any = await recover(database, endpoint.id, ALWAYS, endpoint.context)
        again: Any = await recover(database, endpoint.id, ALWAYS, endpoint.context)
        await deliver_all(database)

    assert (answer, again) == ({"due": 1000}, {"due": 0})
    assert sorted(receiver.ids) == sorted(str(event) for event in await all_events(database))
    assert {row["state"] for row in await all_deliveries(database)} == {"delivered"}


async def test_what_arrived_is_not_recovered_nor_what_is_older(database: Database) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await deliver_all(database)

        everything_since: Any = await recover(database, endpoint.id, ALWAYS, endpoint.context)
        await database.one("UPDATE delivery SET state = 'dead'")
        nothing_since: Any = await recover(
            database, endpoint.id, (MORNING + timedelta(days=3650), None), endpoint.context
        )

    assert (everything_since, nothing_since) == ({"due": 0}, {"due": 0})


async def test_what_happened_in_between_is_recovered_and_nothing_that_came_later(database: Database) -> None:
    """Dead before and after, and never enqueued before and after."""
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/")
    await write_events(database, 2)
    await place_waiting_events(database)
    await database.one("UPDATE delivery SET state = 'dead', next_attempt_at = NULL, settled_at = now()")
    await set_status(database, endpoint, "disabled")
    await write_events(database, 3)
    await place_waiting_events(database)
    await set_status(database, endpoint, "active")
    row = await database.one("SELECT now() AS now")
    assert row is not None
    await write_events(database, 5)
    await place_waiting_events(database)
    await database.one("UPDATE delivery SET state = 'dead', next_attempt_at = NULL, settled_at = now()")

    answers: list[Any] = [
        await recover(database, endpoint.id, span, endpoint.context)
        for span in ((LONG_AGO, LONG_AGO), (LONG_AGO, row["now"]), (row["now"], None))
    ]

    assert answers == [{"due": 0}, {"due": 5}, {"due": 5}]


async def test_only_the_types_it_asks_for_are_recovered(database: Database) -> None:
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/", types=["certification.*"])
    await set_status(database, endpoint, "disabled")
    await write_events(database, 3)
    await write_events(database, 2, type="certification.recorded")
    await place_waiting_events(database)
    await set_status(database, endpoint, "active")

    answer: Any = await recover(database, endpoint.id, ALWAYS, endpoint.context)
    assert answer == {"due": 2}


async def test_both_secrets_sign_during_a_rotation_in_the_middle_of_a_retry_chain(database: Database) -> None:
    async with running_receiver(failing) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)
        new = await rotate_secret(
            database, endpoint.id, endpoint.owner, UNRESTRICTED_EGRESS.secret_box, an_audit_entry()
        )
        await make_everything_due(database)
        await relay_once(database)
        await database.one("UPDATE webhook_secret SET expires_at = now() WHERE expires_at IS NOT NULL")
        receiver.answer = accept
        await make_everything_due(database)
        await relay_once(database)

    before, during, after = receiver.received
    assert [len(one.headers["webhook-signature"].split()) for one in receiver.received] == [1, 2, 1]
    assert before.verified(endpoint.secret)
    assert during.verified(endpoint.secret) == during.verified(new)
    assert after.verified(new)
    with pytest.raises(WebhookVerificationError):
        before.verified(new)
    with pytest.raises(WebhookVerificationError):
        after.verified(endpoint.secret)


async def test_a_secret_that_was_replaced_signs_for_a_day(database: Database) -> None:
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/")

    await rotate_secret(database, endpoint.id, endpoint.owner, UNRESTRICTED_EGRESS.secret_box, an_audit_entry())

    row = await database.one("SELECT expires_at - now() AS left FROM webhook_secret WHERE expires_at IS NOT NULL")
    assert row is not None
    assert timedelta(hours=23, minutes=59) < row["left"] <= timedelta(hours=24)


async def test_three_secrets_at_most_sign_however_often_they_are_replaced(database: Database) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        made = [endpoint.secret]
        made += [
            await rotate_secret(database, endpoint.id, endpoint.owner, UNRESTRICTED_EGRESS.secret_box, an_audit_entry())
            for _ in range(4)
        ]
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    (received,) = receiver.received
    assert len(received.headers["webhook-signature"].split()) == 3
    for secret in made[-3:]:
        assert received.verified(secret)


async def test_no_secret_is_found_in_the_database(database: Database, owner: Database) -> None:
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/")
    rotated = await rotate_secret(
        database, endpoint.id, endpoint.owner, UNRESTRICTED_EGRESS.secret_box, an_audit_entry()
    )
    await send_test(database, endpoint.id, endpoint.context)

    dump = ""
    for table in await owner.many("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        rows = await owner.many(f"SELECT * FROM {table['tablename']}")  # noqa: S608  # our own tables
        dump += str([tuple(row.values()) for row in rows])

    assert str(endpoint.id) in dump
    assert "whsec_" not in dump
    for secret in (endpoint.secret, rotated):
        assert secret.removeprefix("whsec_") not in dump


def test_a_secret_box_is_opened_by_every_present_key_and_by_no_other() -> None:
    old, new = "an old secret, long enough to be one", "a new secret, long enough to be one"
    sealed = SecretBox([old]).seal("whsec_x")

    assert SecretBox([new, old]).open(sealed) == "whsec_x"
    assert SecretBox([new]).open(SecretBox([new, old]).seal("whsec_x")) == "whsec_x"
    with pytest.raises(SealedByAnotherKeyError):
        SecretBox([new]).open(sealed)


async def test_a_secret_sealed_by_a_lost_key_fails_the_delivery_and_says_why(database: Database) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        other = SecretBox(["another secret that is long enough"]).seal(endpoint.secret)
        await database.one("UPDATE webhook_secret SET sealed = $1", other)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    (attempt,) = await attempts_of(database, (await only_delivery(database))["id"])
    assert (attempt["error"], receiver.received) == ("secret-unreadable", [])


VERIFY = """
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
const { secret, body, headers } = JSON.parse(readFileSync(0, "utf8"));
new Webhook(secret).verify(body, headers);
try { new Webhook(secret).verify(body + " ", headers); } catch { console.log("verified"); }
"""


@needs_packages
async def test_the_reference_implementation_in_javascript_verifies_it_too(database: Database, tmp_path: Path) -> None:
    async with running_receiver() as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)
    (received,) = receiver.received
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    (tmp_path / "verify.mjs").write_text(VERIFY)
    given = orjson.dumps({"secret": endpoint.secret, "body": received.body.decode(), "headers": received.headers})

    done = await asyncio.to_thread(
        subprocess.run, [str(NODE), "verify.mjs"], cwd=tmp_path, input=given, capture_output=True, check=False
    )

    assert done.stdout == b"verified\n", done.stderr


async def test_the_headers_are_those_of_the_standard(database: Database) -> None:
    async with running_receiver() as receiver:
        await an_endpoint(database, receiver.url)
        (event,) = await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    headers = receiver.received[0].headers
    assert headers["webhook-id"] == str(event)
    assert re.fullmatch(r"\d{10}", headers["webhook-timestamp"])
    assert re.fullmatch(r"v1,[A-Za-z0-9+/]{43}=", headers["webhook-signature"])
    assert headers["content-type"] == "application/json"


async def test_a_second_process_reads_what_the_first_one_sealed(database_url: str, database: Database) -> None:
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/")
    other = open_database(database_url, pool_size=1)
    row = await other.one("SELECT sealed FROM webhook_secret")
    await other.close()

    assert row is not None
    assert UNRESTRICTED_EGRESS.secret_box.open(row["sealed"]) == endpoint.secret
