"""The loop that looks at every adviser once a day; any number of processes may run it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.persistence.engine.database import Database
from app.supervisor import Turned, rest, uncounted
from app.use_cases.advisers.remind_advisers import remind

# Between batches others have their turn; a new day is seen within a minute of midnight.
BREATH_SECONDS, PAUSE_SECONDS = 0.1, 60.0


async def remind_daily(
    database: Database,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    turned: Turned = uncounted,
    *,
    pause: float | None = None,
) -> None:
    """Run until `stop` is set, or a look fails: nothing is half done then, and the next one begins with the same
    advisers. `pause` seconds between looks that had an end; PAUSE_SECONDS when None."""
    while not stop.is_set():
        others_follow = await remind(database, clock())
        turned()
        seconds = PAUSE_SECONDS if pause is None else pause
        await rest(BREATH_SECONDS if others_follow else seconds, stop)
