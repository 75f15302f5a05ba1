"""The loop that places events; any number of processes may run it, beside readers of the feed who place them too."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.persistence.database import Database
from app.persistence.failures import UNREACHABLE
from app.persistence.sequencing import BATCH
from app.use_cases.sequence import sequence

APART_SECONDS = 0.05  # between two batches: meanwhile, what comes gathers
LOOK_EVERY_SECONDS = 0.5  # whatever no bell tells of

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


async def place_events(
    database: Database, clock: Callable[[], datetime], stop: asyncio.Event, bell: asyncio.Event | None = None
) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the work. `bell` is rung when there may
    be something to do."""
    bell = bell or asyncio.Event()
    while not stop.is_set():
        bell.clear()
        if await _placed(database, clock()) == BATCH:
            continue
        await _first(stop, seconds=APART_SECONDS)
        await _first(stop, bell, seconds=LOOK_EVERY_SECONDS)


async def _placed(database: Database, now: datetime) -> int:
    try:
        return await sequence(database, now)
    except UNREACHABLE as failure:
        _LOG.warning("the database does not answer", exc_info=failure)
    except Exception as failure:  # noqa: BLE001  # see below
        # Nothing is half done: the next look may succeed, and the feed must not stand still until somebody restarts.
        _LOG.error("events could not be placed", exc_info=failure)
    return 0


async def _first(*events: asyncio.Event, seconds: float) -> None:
    """Return when one of them is set, or the time is over."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
