"""Relays in processes of their own, which share the work."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvloop

from app.outbox.delivery_relay import OutboxRelay
from app.outbox.webhook_sender import WebhookSender
from app.persistence.engine.database import open_database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.outbox.deliveries import Channel
from app.use_cases.notifications.egress_policy import EgressPolicy
from tests.outbox.webhooks.webhook_builders import SECRETS, SSL_CONTEXT


async def deliver_until_told_to_stop(url: str) -> None:
    stop, database = asyncio.Event(), open_database(url, pool_size=6)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sender = WebhookSender(SecretBox(SECRETS), EgressPolicy(allows_anything=True), SSL_CONTEXT)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await OutboxRelay(database, {Channel.WEBHOOK: sender}).run(stop)
    await sender.close()
    await database.close()


@asynccontextmanager
async def running_relays(url: str, count: int) -> AsyncGenerator[None]:
    """So many processes, ready, until the block ends."""
    command = (sys.executable, "-m", __name__, url)
    pipe = asyncio.subprocess.PIPE
    started = [await asyncio.create_subprocess_exec(*command, stdout=pipe) for _ in range(count)]
    for process in started:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        assert [await process.wait() for process in started] == [0] * count


if __name__ == "__main__":
    uvloop.run(deliver_until_told_to_stop(sys.argv[1]))
