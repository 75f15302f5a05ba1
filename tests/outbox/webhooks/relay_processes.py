"""Relays in processes of their own, which share the work."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from app.outbox.delivery_relay import OutboxRelay
from app.outbox.webhook_sender import WebhookSender
from app.persistence.engine.database import open_database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.outbox.deliveries import Channel
from app.use_cases.notifications.egress_policy import EgressPolicy
from tests.forks import start
from tests.outbox.webhooks.webhook_builders import SECRETS, SSL_CONTEXT

TIMEOUT_S = 30.0


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
    with TemporaryDirectory() as folder:
        output = [Path(folder) / str(number) for number in range(count)]
        started = [start(__name__, url, stdout=path) for path in output]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not all(path.exists() and path.read_text() for path in output):  # noqa: ASYNC110  # nobody tells
                    await asyncio.sleep(0.01)
            yield
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            assert [await asyncio.to_thread(process.wait, TIMEOUT_S) for process in started] == [0] * count


if __name__ == "__main__":
    uvloop.run(deliver_until_told_to_stop(sys.argv[1]))
