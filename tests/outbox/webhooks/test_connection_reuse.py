"""Connections to receivers are kept, as long as they are of use."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from app.outbox import connection_pools, webhook_sender
from app.outbox.delivery_settlement import AttemptOutcome
from app.outbox.webhook_sender import WebhookSender
from tests.outbox.webhooks.webhook_builders import a_sender, claimed_delivery


class Doorkeeper:
    """A receiver that counts who comes, and says when one has left; `hangs_up` once it has thanked."""

    def __init__(self) -> None:
        self.hangs_up = False
        self.came = self.gone = 0
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # the other side left, in the middle or not
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                if self.hangs_up:
                    writer.write_eof()
        writer.close()
        self.gone += 1
        self.left.set()

    async def has_left(self) -> None:
        async with asyncio.timeout(10):
            await self.left.wait()

    async def has_only(self, count: int) -> None:
        """Return once no more connections than that are open."""
        async with asyncio.timeout(10):
            while self.came - self.gone > count:
                self.left.clear()
                await self.left.wait()


@asynccontextmanager
async def open_house() -> AsyncGenerator[tuple[Doorkeeper, str]]:
    keeper = Doorkeeper()
    server = await asyncio.start_server(keeper.serve, "127.0.0.1", 0)
    yield keeper, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    server.close()


async def sent(sender: WebhookSender, url: str) -> AttemptOutcome:
    return await sender(claimed_delivery(url))


async def test_one_after_the_other_goes_through_the_same_connection() -> None:
    async with open_house() as (keeper, url), a_sender() as sender:
        outcomes = [await sent(sender, url) for _ in range(3)]

    assert [outcome.failure for outcome in outcomes] == [None] * 3
    assert keeper.came == 1


async def test_a_connection_that_the_receiver_ended_meanwhile_is_not_used_again() -> None:
    async with open_house() as (keeper, url), a_sender() as sender:
        keeper.hangs_up = True
        first = await sent(sender, url)
        await keeper.has_left()
        second = await sent(sender, url)

    assert (first.failure, second.failure) == (None, None)
    assert keeper.came == 2


async def test_one_that_nobody_used_for_a_while_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pools, "IDLE_SECONDS", 0.0)
    async with open_house() as (keeper, url), open_house() as (_, elsewhere), a_sender() as sender:
        await sent(sender, url)
        await sent(sender, elsewhere)

        await keeper.has_left()


async def test_all_are_closed_with_the_sender() -> None:
    async with open_house() as (keeper, url):
        async with a_sender() as sender:
            await sent(sender, url)

        await keeper.has_left()


async def test_a_delivery_given_up_at_any_step_leaves_no_connection() -> None:
    async with open_house() as (keeper, url), a_sender() as sender:
        for steps in range(100):
            delivery = asyncio.create_task(sent(sender, url))
            for _ in range(steps):
                await asyncio.sleep(0)
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)
        await sent(sender, url)

        await keeper.has_only(1)


async def test_a_handshake_that_never_ends_is_given_up_with_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "CONNECT_SECONDS", 0.1)
    async with open_house() as (keeper, url), a_sender() as sender:
        outcome = await sent(sender, url.replace("http:", "https:"))

        await keeper.has_only(0)

    assert outcome.result.error == "timeout"


def test_a_delivery_lasts_longer_than_connecting_and_less_than_its_pool() -> None:
    assert 2 * webhook_sender.CONNECT_SECONDS < webhook_sender.TOTAL_SECONDS < connection_pools.IDLE_SECONDS
