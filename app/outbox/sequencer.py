"""The loop that places events; any number of processes may run it, beside readers of the feed who place them too."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.persistence.database import Database
from app.persistence.failures import UNREACHABLE
from app.persistence.sequencing import BATCH
from app.use_cases.sequence import sequence

# Writers ring no bell: a NOTIFY in their transaction would make all commits of the server queue. Looking again sooner
# while events come, and later while none does, costs less and is quick enough.
SHORTEST_SECONDS, LONGEST_SECONDS = 0.1, 0.5

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


async def place_events(
    database: Database, clock: Callable[[], datetime], stop: asyncio.Event, bell: asyncio.Event | None = None
) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the work. The bell is for the relay."""
    pause = SHORTEST_SECONDS
    while not stop.is_set():
        placed = await _placed(database, clock())
        if placed and bell is not None:
            bell.set()
        if placed == BATCH:
            continue
        pause = SHORTEST_SECONDS if placed else min(2 * pause, LONGEST_SECONDS)
        await _stopped_within(stop, pause)


async def _placed(database: Database, now: datetime) -> int:
    try:
        return await sequence(database, now)
    except UNREACHABLE as failure:
        _LOG.warning("the database does not answer", exc_info=failure)
    except Exception as failure:  # noqa: BLE001  # see below
        # Nothing is half done: the next look may succeed, and the feed must not stand still until somebody restarts.
        _LOG.error("events could not be placed", exc_info=failure)
    return 0


async def _stopped_within(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
