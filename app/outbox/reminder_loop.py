"""The loop that reminds advisers once a day; any number of processes may run it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.persistence.engine.database import Database
from app.supervisor import Heartbeat, no_heartbeat, wait_for_any
from app.use_cases.advisers.remind_advisers import remind_next_batch

# Between batches the database serves others; a new day begins within a minute of midnight.
BATCH_PAUSE_SECONDS, POLL_INTERVAL_SECONDS = 0.1, 60.0


async def run_reminders(
    database: Database,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    heartbeat: Heartbeat = no_heartbeat,
    *,
    pause: float | None = None,
) -> None:
    """Run until `stop` is set, or a batch fails: it is undone as a whole, and the next call begins with it.

    `pause` is the seconds to wait once no batch follows, POLL_INTERVAL_SECONDS when None.
    """
    while not stop.is_set():
        others_follow = await remind_next_batch(database, clock())
        heartbeat()
        seconds = POLL_INTERVAL_SECONDS if pause is None else pause
        await wait_for_any(BATCH_PAUSE_SECONDS if others_follow else seconds, stop)
