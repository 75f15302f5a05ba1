"""The loop that looks at every adviser once a day; any number of processes may run it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.persistence.database import Database
from app.persistence.failures import UNREACHABLE
from app.use_cases.remind import remind

# Between batches others have their turn; a new day is seen within a minute of midnight.
BREATH_SECONDS, PAUSE_SECONDS = 0.1, 60.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


async def remind_daily(
    database: Database, clock: Callable[[], datetime], stop: asyncio.Event, *, pause: float = PAUSE_SECONDS
) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the look."""
    while not stop.is_set():
        others_follow = await _looked(database, clock())
        try:
            await asyncio.wait_for(stop.wait(), BREATH_SECONDS if others_follow else pause)
        except TimeoutError:
            continue


async def _looked(database: Database, now: datetime) -> bool:
    try:
        return await remind(database, now)
    except UNREACHABLE as failure:
        _LOG.warning("the database does not answer", exc_info=failure)
    except Exception as failure:  # noqa: BLE001  # see below
        # Nothing is half done, and the next look begins with the same advisers: the others must not wait for a restart.
        _LOG.error("advisers could not be reminded", exc_info=failure)
    return False
