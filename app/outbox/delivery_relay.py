"""The loop that delivers; any number of processes may run it, on any number of machines.

Nothing is held in the database while something is sent: a delivery is claimed in a transaction of its own, sent, and
settled in another. Whoever dies in between is replaced when the lease ends, so that a receiver may be sent the same
delivery twice, with the same id, and never misses one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic

import structlog

from app.outbox.delivery_settlement import AttemptOutcome, DeliverySettlement, log_given_up
from app.outbox.retry_policy import MAX_ATTEMPTS
from app.persistence.engine.database import Database
from app.persistence.outbox import delivery_claims
from app.persistence.outbox.deliveries import Channel, DeliveryState
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.supervisor import Heartbeat, no_heartbeat, wait_for_any

SendDelivery = Callable[[ClaimedDelivery], Awaitable[AttemptOutcome]]

# In this process, by channel: neither receivers nor the mail server take what the other needs.
CHANNEL_CONCURRENCY: Mapping[str, int] = {Channel.WEBHOOK: 64, Channel.EMAIL: 16}
# A delivery that lasts gives its slot to others and is counted apart, so that receivers that hang stop nobody.
SLOW_SECONDS = 1.0
SLOW_CONCURRENCY = 192  # by channel
LANE_CONCURRENCY = 4  # of one receiver, by all processes
POLL_INTERVAL_SECONDS = 0.5  # whatever no bell tells of: what is due again, what others let go of
RECLAIM_SECONDS = 5.0
SHUTDOWN_SECONDS = 3.0  # what is under way has when the process is told to stop
SETTLE_RETRY_SECONDS = (0.5, 2.0, 8.0)  # seconds, all within the lease

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


@dataclass(frozen=True, slots=True)
class InFlight:
    """A delivery that is being tried since the monotonic instant `begun`, in seconds."""

    claimed: ClaimedDelivery
    started_at: float


class OutboxRelay:
    """`channels` send, by their names; `bell` is rung when there may be something to do."""

    def __init__(
        self, database: Database, channels: Mapping[str, SendDelivery], wake_up: asyncio.Event | None = None
    ) -> None:
        self._database = database
        self._channels = channels
        self._wake_up = wake_up or asyncio.Event()
        self._settlement = DeliverySettlement(database)
        self._running: dict[asyncio.Task[None], InFlight] = {}
        self._reclaimed_at = 0.0

    async def run(self, stop: asyncio.Event, turned: Heartbeat = no_heartbeat) -> None:
        """Until `stop` is set, or the database fails; what is under way then goes on, and `run` may be called again."""
        while not stop.is_set():
            self._wake_up.clear()
            await self.claim_and_send()
            turned()
            await self._wait(stop)
        await self.shut_down()

    async def claim_and_send(self) -> int:
        """Claim what there is room for, and begin to send it; return how many."""
        if monotonic() - self._reclaimed_at >= RECLAIM_SECONDS:
            await self._reclaim_expired_leases()
            self._reclaimed_at = monotonic()
        taken = await self._claim()
        for claimed in taken:
            task = asyncio.create_task(self._deliver(claimed))
            self._running[task] = InFlight(claimed, monotonic())
            task.add_done_callback(self._on_done)
        return len(taken)

    async def wait_until_idle(self) -> None:
        """Return once nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def _reclaim_expired_leases(self) -> None:
        for row in await delivery_claims.reclaim_expired_leases(self._database, MAX_ATTEMPTS):
            if row["state"] == DeliveryState.DEAD:
                log_given_up(row["channel"], row["id"], row["event_id"], error="interrupted")

    async def _claim(self) -> list[ClaimedDelivery]:
        rooms = {channel: room for channel in self._channels if (room := self._free_slots(channel)) > 0}
        return await delivery_claims.claim(self._database, rooms, lane_limit=LANE_CONCURRENCY) if rooms else []

    def _free_slots(self, channel: str) -> int:
        begun = [each.started_at for each in self._running.values() if each.claimed.channel == channel]
        slow = sum(instant <= monotonic() - SLOW_SECONDS for instant in begun)
        return CHANNEL_CONCURRENCY[channel] - len(begun) + min(slow, SLOW_CONCURRENCY)

    async def _wait(self, stop: asyncio.Event) -> None:
        """Until the bell, the end, or the time."""
        await wait_for_any(POLL_INTERVAL_SECONDS, self._wake_up, stop)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._wake_up.set()

    async def _deliver(self, claimed: ClaimedDelivery) -> None:
        try:
            outcome = await self._channels[claimed.channel](claimed)
            await self._settle(claimed, outcome)
        except Exception as failure:  # noqa: BLE001  # its lease ends, and it is tried again
            _LOG.error("a delivery could not be tried", delivery_id=str(claimed.id), exc_info=failure)

    async def _settle(self, claimed: ClaimedDelivery, outcome: AttemptOutcome) -> None:
        """Try for as long as the lease lasts, whatever fails: an answer that is forgotten is a delivery sent twice."""
        lot = random.uniform(-1, 1)  # noqa: S311  # so that receivers are not all tried at once; no secret
        for pause in (*SETTLE_RETRY_SECONDS, None):
            try:
                await self._settlement.settle(claimed, outcome, lot)
            except Exception:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def shut_down(self) -> None:
        """Let go of what is not over soon: another relay takes it up at once."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=SHUTDOWN_SECONDS)
        left = [self._running[task].claimed.claim for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if left:
            try:
                await delivery_claims.release_claims(self._database, left)
            except Exception as failure:  # noqa: BLE001  # nothing else is left to do, and others are to be closed
                _LOG.warning("claims are left to their leases", exc_info=failure)
