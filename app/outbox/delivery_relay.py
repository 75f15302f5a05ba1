"""The relay: the loop that delivers. Any number of processes may run it, on any number of machines.

No transaction is open while something is sent: a delivery is claimed in one, sent, and settled in another. When a
process dies in between, another one sends again once the lease ends, so that a receiver may get the same delivery
twice, with the same id, and never misses one.
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

# Deliveries at a time in this process; each channel has its own slots, so that neither starves the other.
CHANNEL_CONCURRENCY: Mapping[str, int] = {Channel.WEBHOOK: 64, Channel.EMAIL: 16}
# A delivery that takes longer frees its slot and is counted apart, so that receivers that hang delay no other.
SLOW_SECONDS = 1.0
SLOW_CONCURRENCY = 192  # by channel
LANE_CONCURRENCY = 4  # to one receiver, in all processes together
POLL_INTERVAL_SECONDS = 0.5  # for what no notification announces: retries that are due, claims that were released
RECLAIM_SECONDS = 5.0
SHUTDOWN_SECONDS = 3.0  # for attempts in flight when the process is told to stop
SETTLE_RETRY_SECONDS = (0.5, 2.0, 8.0)  # together less than the lease

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


@dataclass(frozen=True, slots=True)
class InFlight:
    """A delivery that is being attempted; `started_at` is in seconds of the monotonic clock."""

    claimed: ClaimedDelivery
    started_at: float


class OutboxRelay:
    """`channels` are the senders, by channel name; `wake_up` is set when there may be something to do."""

    def __init__(
        self, database: Database, channels: Mapping[str, SendDelivery], wake_up: asyncio.Event | None = None
    ) -> None:
        self._database = database
        self._channels = channels
        self._wake_up = wake_up or asyncio.Event()
        self._settlement = DeliverySettlement(database)
        self._running: dict[asyncio.Task[None], InFlight] = {}
        self._reclaimed_at = 0.0

    async def run(self, stop: asyncio.Event, heartbeat: Heartbeat = no_heartbeat) -> None:
        """Run until `stop` is set, or the database fails: attempts in flight then go on, and `run` may be called again.

        `heartbeat` is called after each turn.
        """
        while not stop.is_set():
            self._wake_up.clear()
            await self.claim_and_send()
            heartbeat()
            await self._wait(stop)
        await self.shut_down()

    async def claim_and_send(self) -> int:
        """Claim as many deliveries as there are free slots, and start sending them; return how many."""
        if monotonic() - self._reclaimed_at >= RECLAIM_SECONDS:
            await self._reclaim_expired_leases()
            self._reclaimed_at = monotonic()
        claims = await self._claim()
        for claimed in claims:
            task = asyncio.create_task(self._deliver(claimed))
            self._running[task] = InFlight(claimed, monotonic())
            task.add_done_callback(self._on_done)
        return len(claims)

    async def wait_until_idle(self) -> None:
        """Return once nothing is in flight."""
        while self._running:
            await asyncio.wait(self._running)

    async def _reclaim_expired_leases(self) -> None:
        for row in await delivery_claims.reclaim_expired_leases(self._database, MAX_ATTEMPTS):
            if row["state"] == DeliveryState.DEAD:
                log_given_up(row["channel"], row["id"], row["event_id"], error="interrupted")

    async def _claim(self) -> list[ClaimedDelivery]:
        slots = {channel: free for channel in self._channels if (free := self._free_slots(channel)) > 0}
        return await delivery_claims.claim(self._database, slots, lane_limit=LANE_CONCURRENCY) if slots else []

    def _free_slots(self, channel: str) -> int:
        starts = [each.started_at for each in self._running.values() if each.claimed.channel == channel]
        slow = sum(started_at <= monotonic() - SLOW_SECONDS for started_at in starts)
        return CHANNEL_CONCURRENCY[channel] - len(starts) + min(slow, SLOW_CONCURRENCY)

    async def _wait(self, stop: asyncio.Event) -> None:
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
        """Retry within the lease, whatever fails: an outcome that is not stored is a delivery sent twice."""
        jitter = random.uniform(-1, 1)  # noqa: S311  # so that retries do not all come at once; no secret
        for pause in (*SETTLE_RETRY_SECONDS, None):
            try:
                await self._settlement.settle(claimed, outcome, jitter)
            except Exception:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def shut_down(self) -> None:
        """Cancel the attempts that do not end soon, and release their claims: another relay sends them at once."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=SHUTDOWN_SECONDS)
        claims = [self._running[task].claimed.claim for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if claims:
            try:
                await delivery_claims.release_claims(self._database, claims)
            except Exception as failure:  # noqa: BLE001  # the leases end by themselves, and the senders are still to be closed
                _LOG.warning("claims are left to their leases", exc_info=failure)
