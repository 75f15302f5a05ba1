"""What each response of a receiver leads to: over real HTTP, by the clock of the database."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

import pytest

from app.outbox import webhook_sender
from app.persistence.engine.database import Database
from tests.outbox.webhooks.webhook_builders import (
    Endpoint,
    all_deliveries,
    an_endpoint,
    attempts_of,
    lane_of,
    make_everything_due,
    only_delivery,
    relay_once,
)
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Reply, Responder, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SCHEDULED = (4 * SECOND, 6 * SECOND)
PENALTY = (60 * SECOND, 60 * SECOND)


def replying(reply: Reply | None) -> Responder:
    async def answer(_: ReceivedRequest) -> Reply | None:
        return reply

    return answer


@dataclass(frozen=True, slots=True)
class Case:
    """A response, and what follows: the state, the wait before the next attempt, the error that the owner reads."""

    reply: Reply | None
    state: str
    wait: tuple[timedelta, timedelta] | None = None
    error: str | None = None


CASES = {
    "200": Case(Reply(200, body=b"thanks"), "delivered"),
    "204": Case(Reply(204), "delivered"),
    "299": Case(Reply(299), "delivered"),
    "success wins over an order": Case(Reply(200, {"webhook-delivery": "disable"}), "delivered"),
    "301": Case(Reply(301, {"Location": "http://127.0.0.1:1/"}), "due", SCHEDULED, "redirect"),
    "304": Case(Reply(304), "due", SCHEDULED, "redirect"),
    "307": Case(Reply(307, {"Location": "http://127.0.0.1:1/"}), "due", SCHEDULED, "redirect"),
    "400": Case(Reply(400), "due", SCHEDULED, "refused"),
    "401": Case(Reply(401), "due", SCHEDULED, "refused"),
    "404": Case(Reply(404), "due", SCHEDULED, "refused"),
    "410": Case(Reply(410), "skipped", None, "refused"),
    "422": Case(Reply(422), "due", SCHEDULED, "refused"),
    "429": Case(Reply(429), "due", PENALTY, "refused"),
    "500": Case(Reply(500), "due", SCHEDULED, "refused"),
    "502": Case(Reply(502), "due", PENALTY, "refused"),
    "503": Case(Reply(503), "due", PENALTY, "refused"),
    "504": Case(Reply(504), "due", PENALTY, "refused"),
    "Retry-After in seconds": Case(Reply(503, {"Retry-After": "300"}), "due", (5 * MINUTE, 5 * MINUTE), "refused"),
    "Retry-After of any failure": Case(Reply(500, {"Retry-After": "90"}), "due", (90 * SECOND, 90 * SECOND), "refused"),
    "Retry-After sooner": Case(Reply(429, {"Retry-After": "1"}), "due", PENALTY, "refused"),
    "Retry-After of a week": Case(Reply(429, {"Retry-After": "604800"}), "due", (DAY, DAY), "refused"),
    "Retry-After of an age": Case(Reply(503, {"Retry-After": "9" * 30}), "due", PENALTY, "refused"),
    "Retry-After of nonsense": Case(Reply(503, {"Retry-After": "soon"}), "due", PENALTY, "refused"),
    "Retry-After below zero": Case(Reply(503, {"Retry-After": "-5"}), "due", PENALTY, "refused"),
    "an order to disable": Case(Reply(500, {"webhook-delivery": "disable"}), "skipped", None, "refused"),
    "an order to give up": Case(Reply(500, {"Webhook-Delivery": "abort-message"}), "dead", None, "refused"),
    "an unknown order": Case(Reply(500, {"webhook-delivery": "dance"}), "due", SCHEDULED, "refused"),
    "not a word": Case(None, "due", SCHEDULED, "broken-connection"),
}


async def endpoint_after_reply(database: Database, reply: Reply | None) -> Endpoint:
    """An endpoint whose receiver got one event and replied so."""
    async with running_receiver(replying(reply)) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        assert await relay_once(database) == 1
    return endpoint


@pytest.mark.parametrize("name", CASES)
async def test_each_answer_has_its_sequel(database: Database, name: str) -> None:
    case = CASES[name]

    endpoint = await endpoint_after_reply(database, case.reply)

    delivery = await only_delivery(database)
    (attempt,) = await attempts_of(database, delivery["id"])
    assert (delivery["state"], delivery["attempts"]) == (case.state, 1)
    assert (attempt["status"], attempt["error"]) == (case.reply.status if case.reply else None, case.error)
    if case.wait is None:
        assert delivery["next_attempt_at"] is None
    else:
        earliest, latest = case.wait
        wait = delivery["next_attempt_at"] - delivery["created_at"]
        assert earliest <= wait <= latest + 5 * SECOND  # the attempt took a while itself
    assert (await lane_of(database, endpoint))["failures"] == (0 if case.state in {"delivered", "dead"} else 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(database: Database, status: int) -> None:
    async with running_receiver() as elsewhere:
        await endpoint_after_reply(database, Reply(status, {"Location": elsewhere.url}))

    assert elsewhere.received == []


async def test_a_date_to_retry_after_is_obeyed(database: Database) -> None:
    row = await database.one("SELECT now() AS now")
    assert row is not None
    later = row["now"] + 2 * HOUR

    await endpoint_after_reply(database, Reply(503, {"Retry-After": format_datetime(later, usegmt=True)}))

    delivery = await only_delivery(database)
    assert abs(delivery["next_attempt_at"] - later) < 10 * SECOND


async def test_a_receiver_that_is_gone_disables_its_endpoint_and_what_waits_there(database: Database) -> None:
    async with running_receiver(replying(Reply(410))) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database, 10)
        await place_waiting_events(database)
        await relay_once(database)

    row = await database.one("SELECT status, disabled_because FROM webhook_endpoint WHERE id = $1", endpoint.id)
    assert row is not None
    assert (row["status"], row["disabled_because"]) == ("disabled", "gone")
    assert {delivery["state"] for delivery in await all_deliveries(database)} == {"skipped"}
    assert len(receiver.received) <= 4
    warning = await database.many("SELECT kind FROM endpoint_warning WHERE endpoint_id = $1", endpoint.id)
    assert [row["kind"] for row in warning] == ["gone"]


async def test_after_ten_attempts_a_delivery_is_dead(database: Database) -> None:
    async with running_receiver(replying(Reply(500))) as receiver:
        await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        for _ in range(10):
            await make_everything_due(database)
            assert await relay_once(database) == 1
        await make_everything_due(database)
        assert await relay_once(database) == 0

    delivery = await only_delivery(database)
    attempts = await attempts_of(database, delivery["id"])
    assert (delivery["state"], delivery["attempts"]) == ("dead", 10)
    assert [attempt["number"] for attempt in attempts] == [*range(1, 11)]
    assert {*receiver.ids} == {str(delivery["event_id"])}
    assert {one.body for one in receiver.received} == {delivery["body"]}


async def test_each_attempt_has_its_own_time_and_signature_and_the_same_id(database: Database) -> None:
    async with running_receiver(replying(Reply(500))) as receiver:
        endpoint = await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)
        sent_at = int(receiver.received[0].headers["webhook-timestamp"])
        while await database.one("SELECT WHERE floor(extract(epoch FROM now())) <= $1::int", sent_at) is not None:
            pass
        await make_everything_due(database)
        await relay_once(database)

    first, second = receiver.received
    assert first.id == second.id
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.verified(endpoint.secret) == second.verified(endpoint.secret)


async def test_the_beginning_of_an_answer_is_kept_for_the_owner(database: Database) -> None:
    body = "é\0".encode() * 20_000

    await endpoint_after_reply(database, Reply(500, body=body))

    delivery = await only_delivery(database)
    (attempt,) = await attempts_of(database, delivery["id"])
    assert attempt["response"].startswith("é\ufffdé\ufffd")
    assert len(attempt["response"]) == 4_000


async def test_no_more_of_an_answer_is_read_than_may_be(database: Database) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 50_000_000:
                writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                await writer.drain()
                sent += 4096
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with server:
        await an_endpoint(database, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    assert sent < 20_000_000  # what the sockets' buffers took, and not the whole
    (attempt,) = await attempts_of(database, (await only_delivery(database))["id"])
    assert (attempt["status"], len(attempt["response"])) == (500, 4_000)


async def test_no_more_of_its_headers_is_read_than_may_be(database: Database) -> None:
    headers = {f"X-{number}": "x" * 1000 for number in range(1000)}

    await endpoint_after_reply(database, Reply(200, headers))

    (attempt,) = await attempts_of(database, (await only_delivery(database))["id"])
    assert (attempt["status"], attempt["error"]) == (None, "broken-connection")


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "TOTAL_SECONDS", 0.2)


async def answer_never(_: ReceivedRequest) -> Reply:
    await asyncio.Event().wait()
    return Reply()


@pytest.mark.usefixtures("short_timeout")
async def test_a_receiver_that_does_not_answer_in_time_is_overloaded(database: Database) -> None:
    async with running_receiver(answer_never) as receiver:
        await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    delivery = await only_delivery(database)
    (attempt,) = await attempts_of(database, delivery["id"])
    assert (attempt["error"], delivery["state"]) == ("timeout", "due")
    assert delivery["next_attempt_at"] - delivery["created_at"] >= 60 * SECOND


@pytest.mark.usefixtures("short_timeout")
async def test_a_success_whose_body_never_ends_is_a_success(database: Database) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    async with server:
        await an_endpoint(database, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await write_events(database)
        await place_waiting_events(database)
        await relay_once(database)

    assert (await only_delivery(database))["state"] == "delivered"
