"""The loop that sequences events. Any number of processes may run it; requests that read the feed sequence, too."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.persistence.engine.database import Database
from app.persistence.outbox.assign_feed_positions import BATCH
from app.supervisor import Heartbeat, no_heartbeat, wait_for_any
from app.use_cases.notifications.sequence_events import sequence_events

BATCH_PAUSE_SECONDS = 0.05  # between two batches, so that events gather
POLL_INTERVAL_SECONDS = 0.5  # for what no notification announces


async def run_sequencer(
    database: Database,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    wake_up: asyncio.Event | None = None,
    heartbeat: Heartbeat = no_heartbeat,
) -> None:
    """Run until `stop` is set, or the database fails: the batch is then undone as a whole.

    `wake_up` is set when there may be something to do.
    """
    wake_up = wake_up or asyncio.Event()
    while not stop.is_set():
        wake_up.clear()
        sequenced = await sequence_events(database, clock())
        heartbeat()
        if sequenced < BATCH:
            await wait_for_any(BATCH_PAUSE_SECONDS, stop)
            await wait_for_any(POLL_INTERVAL_SECONDS, stop, wake_up)
