"""The loop that delivers; any number of processes may run it, on any number of machines.

Nothing is held in the database while something is sent: a delivery is claimed in a transaction of its own, sent, and
settled in another. Whoever dies in between is replaced when the lease ends, so that a receiver may be sent the same
delivery twice, with the same id, and never misses one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

import structlog

from app.outbox.retry import MOST_ATTEMPTS
from app.outbox.settlement import Outcome, Settlement, tell_given_up
from app.persistence import claims
from app.persistence.claims import Claimed
from app.persistence.database import Database
from app.persistence.deliveries import DeliveryState
from app.supervision import Turned, rest, uncounted

Send = Callable[[Claimed], Awaitable[Outcome]]

AT_ONCE = 64  # in this process
LANE_AT_ONCE = 4  # of one receiver, by all processes
LOOK_EVERY_SECONDS = 0.5  # whatever no bell tells of: what is due again, what others let go of
REAP_EVERY_SECONDS = 5.0
FINISH_SECONDS = 3.0  # what is under way has when the process is told to stop
SETTLE_AGAIN_AFTER = (0.5, 2.0, 8.0)  # seconds, all within the lease

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


class Relay:
    """`channels` send, by their names; `bell` is rung when there may be something to do."""

    def __init__(self, database: Database, channels: Mapping[str, Send], bell: asyncio.Event | None = None) -> None:
        self._database = database
        self._channels = channels
        self._bell = bell or asyncio.Event()
        self._settlement = Settlement(database)
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._reaped_at = 0.0

    async def run(self, stop: asyncio.Event, turned: Turned = uncounted) -> None:
        """Until `stop` is set, or the database fails; what is under way then goes on, and `run` may be called again."""
        while not stop.is_set():
            self._bell.clear()
            await self.turn()
            turned()
            await self._rest(stop)
        await self.finish()

    async def turn(self) -> int:
        """Claim what there is room for, and begin to send it; return how many."""
        if monotonic() - self._reaped_at >= REAP_EVERY_SECONDS:
            await self._reap()
            self._reaped_at = monotonic()
        taken = await self._claim()
        for claimed in taken:
            task = asyncio.create_task(self._deliver(claimed))
            self._running[task] = claimed
            task.add_done_callback(self._done)
        return len(taken)

    async def settled(self) -> None:
        """Return once nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def _reap(self) -> None:
        for row in await claims.reap(self._database, MOST_ATTEMPTS):
            if row["state"] == DeliveryState.DEAD:
                tell_given_up(row["channel"], row["id"], row["event_id"], error="interrupted")

    async def _claim(self) -> list[Claimed]:
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return []
        return await claims.claim(self._database, self._channels, most=room, lane_most=LANE_AT_ONCE)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Until the bell, the end, or the time; only until the bell when there is no room."""
        await rest(None if len(self._running) >= AT_ONCE else LOOK_EVERY_SECONDS, self._bell, stop)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._bell.set()

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            outcome = await self._channels[claimed.channel](claimed)
            await self._settle(claimed, outcome)
        except Exception as failure:  # noqa: BLE001  # its lease ends, and it is tried again
            _LOG.error("a delivery could not be tried", delivery_id=str(claimed.id), exc_info=failure)

    async def _settle(self, claimed: Claimed, outcome: Outcome) -> None:
        """Try for as long as the lease lasts, whatever fails: an answer that is forgotten is a delivery sent twice."""
        lot = random.uniform(-1, 1)  # noqa: S311  # so that receivers are not all tried at once; no secret
        for pause in (*SETTLE_AGAIN_AFTER, None):
            try:
                await self._settlement.settle(claimed, outcome, lot)
            except Exception:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def finish(self) -> None:
        """Let go of what is not over soon: another relay takes it up at once."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=FINISH_SECONDS)
        left = [self._running[task].claim for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if left:
            try:
                await claims.release(self._database, left)
            except Exception as failure:  # noqa: BLE001  # nothing else is left to do, and others are to be closed
                _LOG.warning("claims are left to their leases", exc_info=failure)
