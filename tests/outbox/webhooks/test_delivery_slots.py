"""Each channel has its own slots, and a slow delivery frees its slot: a receiver that hangs delays no other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from app.outbox import delivery_relay
from app.outbox.delivery_relay import CHANNEL_CONCURRENCY, LANE_CONCURRENCY, OutboxRelay
from app.outbox.email_sender import EmailSender
from app.persistence.engine.database import Database
from app.persistence.outbox.deliveries import Channel
from tests.outbox.emails.smtp_server import COMPOSER, SmtpServer, running_smtp_server, tcp_server_saying, without_tls
from tests.outbox.webhooks.webhook_builders import a_sender, an_endpoint
from tests.outbox.webhooks.webhook_receiver import ReceivedRequest, Receiver, Reply, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events
from tests.use_cases.use_case_builders import an_adviser_in_post, register_in

HANGING = CHANNEL_CONCURRENCY[Channel.WEBHOOK] // LANE_CONCURRENCY  # receivers take all slots


@asynccontextmanager
async def a_relay(database: Database, smtp_server: SmtpServer) -> AsyncGenerator[OutboxRelay]:
    """A relay of both channels, which claims when the test says."""
    mail = EmailSender(database, without_tls(smtp_server), COMPOSER)
    async with a_sender() as webhooks:
        yield OutboxRelay(database, {Channel.WEBHOOK: webhooks, Channel.EMAIL: mail})
        await mail.close()


@asynccontextmanager
async def hanging() -> AsyncGenerator[Receiver]:
    """A receiver that does not answer before the block ends."""
    over = asyncio.Event()

    async def silent(_: ReceivedRequest) -> Reply:
        await over.wait()
        return Reply(500)

    async with running_receiver(silent) as receiver:
        try:
            yield receiver
        finally:
            over.set()


async def _all_slots_taken(database: Database, post: OutboxRelay, silent: Receiver) -> None:
    for number in range(HANGING):
        await an_endpoint(database, f"{silent.url}/{number}")
    await write_events(database, LANE_CONCURRENCY)
    await place_waiting_events(database)
    assert await post.claim_and_send() == HANGING * LANE_CONCURRENCY
    await silent.wait_for(HANGING * LANE_CONCURRENCY)


async def _mailed_meanwhile(database: Database) -> int:
    """How many e-mails are sent while receivers hang on every slot of the webhooks."""
    async with running_smtp_server() as smtp_server, hanging() as silent, a_relay(database, smtp_server) as post:
        await _all_slots_taken(database, post, silent)
        await database.one("DELETE FROM delivery WHERE channel = 'webhook' AND state = 'due'")
        await register_in(database, await an_adviser_in_post(database))
        await place_waiting_events(database)
        await post.claim_and_send()
        async with asyncio.timeout(10):
            while (
                await database.one("SELECT FROM delivery WHERE channel = 'email' AND state = 'in_flight'") is not None
            ):
                pass
        return len(smtp_server.received)


async def test_receivers_that_hang_keep_no_e_mail_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_CONCURRENCY", 0)

    assert await _mailed_meanwhile(database) == 3


async def test_red_run_with_slots_that_channels_share_they_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def room(self: OutboxRelay, _: str) -> int:
        return CHANNEL_CONCURRENCY[Channel.WEBHOOK] - len(self._running)  # pyright: ignore[reportPrivateUsage]  # the former count

    monkeypatch.setattr(OutboxRelay, "_free_slots", room)

    assert await _mailed_meanwhile(database) == 0


async def test_a_mail_server_that_hangs_keeps_no_webhook_back(database: Database) -> None:
    async with (
        running_receiver() as receiver,
        tcp_server_saying(None) as port,
        a_relay(database, SmtpServer(port=port)) as post,
    ):
        for _ in range(LANE_CONCURRENCY):
            await register_in(database, await an_adviser_in_post(database))
        await place_waiting_events(database)
        assert await post.claim_and_send() == LANE_CONCURRENCY

        await an_endpoint(database, receiver.url)
        await write_events(database)
        await place_waiting_events(database)
        await post.claim_and_send()

        assert len(await receiver.wait_for(1)) == 1


async def _reached_meanwhile(database: Database) -> bool:
    """Whether a healthy receiver gets its delivery while others hang on every slot."""
    async with running_receiver() as healthy, hanging() as silent, a_relay(database, SmtpServer()) as post:
        await _all_slots_taken(database, post, silent)
        await an_endpoint(database, healthy.url)
        await write_events(database)
        await place_waiting_events(database)
        if not await post.claim_and_send():
            return False
        return len(await healthy.wait_for(1)) == 1


async def test_receivers_that_hang_keep_nothing_from_a_healthy_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_SECONDS", 0.0)

    assert await _reached_meanwhile(database)


async def test_red_run_without_slots_for_the_slow_they_do(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_CONCURRENCY", 0)

    assert not await _reached_meanwhile(database)


async def test_those_that_hang_are_not_without_number(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(delivery_relay, "SLOW_CONCURRENCY", LANE_CONCURRENCY)
    monkeypatch.setattr(delivery_relay, "CHANNEL_CONCURRENCY", {Channel.WEBHOOK: LANE_CONCURRENCY, Channel.EMAIL: 1})
    async with hanging() as silent, a_relay(database, SmtpServer()) as post:
        for number in range(5):
            await an_endpoint(database, f"{silent.url}/{number}")
        await write_events(database, LANE_CONCURRENCY)
        await place_waiting_events(database)

        taken = [await post.claim_and_send() for _ in range(5)]

        assert taken == [LANE_CONCURRENCY, LANE_CONCURRENCY, 0, 0, 0]
