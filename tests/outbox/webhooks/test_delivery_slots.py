"""Each channel has slots of its own, and a receiver that hangs gives its own away: nobody waits for the slowness of
another."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from app.outbox import delivery_relay
from app.outbox.delivery_relay import AT_ONCE, LANE_AT_ONCE, Relay
from app.outbox.email_sender import MailSender
from app.persistence.engine.database import Database
from app.persistence.outbox.deliveries import Channel
from tests.outbox.emails.smtp_server import WRITER, Office, a_doorman, an_office, plainly
from tests.outbox.webhooks.webhook_builders import a_sender, an_endpoint
from tests.outbox.webhooks.webhook_receiver import Received, Receiver, Reply, receiving
from tests.persistence.outbox.event_builders import placed, told
from tests.use_cases.use_case_builders import an_adviser_in_post, registered

HANGING = AT_ONCE[Channel.WEBHOOK] // LANE_AT_ONCE  # receivers take all slots


@asynccontextmanager
async def a_relay(database: Database, office: Office) -> AsyncGenerator[Relay]:
    """Of both channels, that moves when it is told to."""
    mail = MailSender(database, plainly(office), WRITER)
    async with a_sender() as webhooks:
        yield Relay(database, {Channel.WEBHOOK: webhooks, Channel.EMAIL: mail})
        await mail.close()


@asynccontextmanager
async def hanging() -> AsyncGenerator[Receiver]:
    """It answers nobody until the block ends."""
    over = asyncio.Event()

    async def silent(_: Received) -> Reply:
        await over.wait()
        return Reply(500)

    async with receiving(silent) as receiver:
        try:
            yield receiver
        finally:
            over.set()


async def _all_slots_taken(database: Database, post: Relay, silent: Receiver) -> None:
    for number in range(HANGING):
        await an_endpoint(database, f"{silent.url}/{number}")
    await told(database, LANE_AT_ONCE)
    await placed(database)
    assert await post.turn() == HANGING * LANE_AT_ONCE
    await silent.has(HANGING * LANE_AT_ONCE)


async def _mailed_meanwhile(database: Database) -> int:
    """How many e-mails go out while receivers hang on every slot of the webhooks."""
    async with an_office() as office, hanging() as silent, a_relay(database, office) as post:
        await _all_slots_taken(database, post, silent)
        await database.one("DELETE FROM delivery WHERE channel = 'webhook' AND state = 'due'")
        await registered(database, await an_adviser_in_post(database))
        await placed(database)
        await post.turn()
        async with asyncio.timeout(10):
            while (
                await database.one("SELECT FROM delivery WHERE channel = 'email' AND state = 'in_flight'") is not None
            ):
                pass
        return len(office.received)


async def test_receivers_that_hang_keep_no_e_mail_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_AT_ONCE", 0)

    assert await _mailed_meanwhile(database) == 2


async def test_red_run_with_slots_that_channels_share_they_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def room(self: Relay, _: str) -> int:
        return AT_ONCE[Channel.WEBHOOK] - len(self._running)  # pyright: ignore[reportPrivateUsage]  # the former count

    monkeypatch.setattr(Relay, "_room", room)

    assert await _mailed_meanwhile(database) == 0


async def test_a_mail_server_that_hangs_keeps_no_webhook_back(database: Database) -> None:
    async with receiving() as receiver, a_doorman(None) as port, a_relay(database, Office(port=port)) as post:
        for _ in range(LANE_AT_ONCE):
            await registered(database, await an_adviser_in_post(database))
        await placed(database)
        assert await post.turn() == LANE_AT_ONCE

        await an_endpoint(database, receiver.url)
        await told(database)
        await placed(database)
        await post.turn()

        assert len(await receiver.has(1)) == 1


async def _reached_meanwhile(database: Database) -> bool:
    """Whether a healthy receiver is reached while others hang on every slot."""
    async with receiving() as healthy, hanging() as silent, a_relay(database, Office()) as post:
        await _all_slots_taken(database, post, silent)
        await an_endpoint(database, healthy.url)
        await told(database)
        await placed(database)
        if not await post.turn():
            return False
        return len(await healthy.has(1)) == 1


async def test_receivers_that_hang_keep_nothing_from_a_healthy_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_SECONDS", 0.0)

    assert await _reached_meanwhile(database)


async def test_red_run_without_slots_for_the_slow_they_do(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_AT_ONCE", 0)

    assert not await _reached_meanwhile(database)


async def test_those_that_hang_are_not_without_number(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_relay, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(delivery_relay, "SLOW_AT_ONCE", LANE_AT_ONCE)
    monkeypatch.setattr(delivery_relay, "AT_ONCE", {Channel.WEBHOOK: LANE_AT_ONCE, Channel.EMAIL: 1})
    async with hanging() as silent, a_relay(database, Office()) as post:
        for number in range(5):
            await an_endpoint(database, f"{silent.url}/{number}")
        await told(database, LANE_AT_ONCE)
        await placed(database)

        taken = [await post.turn() for _ in range(5)]

        assert taken == [LANE_AT_ONCE, LANE_AT_ONCE, 0, 0, 0]
