"""The loop that places events; any number of processes may run it, beside readers of the feed who place them too."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.persistence.engine.database import Database
from app.persistence.outbox.feed_positions import BATCH
from app.supervisor import Turned, rest, uncounted
from app.use_cases.notifications.sequence_events import sequence

APART_SECONDS = 0.05  # between two batches: meanwhile, what comes gathers
LOOK_EVERY_SECONDS = 0.5  # whatever no bell tells of


async def place_events(
    database: Database,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    bell: asyncio.Event | None = None,
    turned: Turned = uncounted,
) -> None:
    """Run until `stop` is set, or the database fails: nothing is half done then. `bell` is rung when there may be
    something to do."""
    bell = bell or asyncio.Event()
    while not stop.is_set():
        bell.clear()
        placed = await sequence(database, clock())
        turned()
        if placed < BATCH:
            await rest(APART_SECONDS, stop)
            await rest(LOOK_EVERY_SECONDS, stop, bell)
