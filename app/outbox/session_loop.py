"""The loop that carries out what was asked of whole sessions, gives free seats, and cancels who waited in vain. Any
number of processes may run it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from app.persistence.engine.database import Database
from app.supervisor import Heartbeat, no_heartbeat, wait_for_any
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain, give_next_seats

TURN_PAUSE_SECONDS = 0.05  # before the next one, so that changes gather
POLL_INTERVAL_SECONDS = 1.0  # for what no notification announces, a new day among it


async def run_sessions(
    database: Database,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    wake_up: asyncio.Event | None = None,
    heartbeat: Heartbeat = no_heartbeat,
) -> None:
    """Run until `stop` is set, or the database fails: what is under way is then undone, and the next call begins with
    it. `wake_up` is set when there may be something to do."""
    wake_up = wake_up or asyncio.Event()
    while not stop.is_set():
        wake_up.clear()
        others_follow = await do_session_work(database, clock())
        heartbeat()
        if not others_follow:
            await wait_for_any(TURN_PAUSE_SECONDS, stop)
            await wait_for_any(POLL_INTERVAL_SECONDS, stop, wake_up)


async def do_session_work(database: Database, now: datetime) -> bool:
    """One turn; return whether others follow."""
    turns = (carry_out_session_deeds, cancel_waiting_in_vain, give_next_seats)
    return any([await turn(database, now) for turn in turns])
