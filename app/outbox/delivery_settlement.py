"""What an attempt came to, written down: of one that failed, with all that follows for its receiver."""

import asyncio
from dataclasses import astuple, dataclass, field
from uuid import UUID

import structlog

from app.metrics import DELIVERY_ATTEMPTS
from app.outbox.retry_policy import Alarm, Failure, Health, Sequel, wait_after
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.outbox import delivery_claims
from app.persistence.outbox.deliveries import Channel, DeliveryState, settle_all
from app.persistence.outbox.delivery_claims import Claimed, Tried, Verdict
from app.persistence.outbox.messages import EndpointWarning, warn
from app.persistence.outbox.webhook_endpoints import DisabledBecause, EndpointStatus

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt; `failure` is None when it was delivered."""

    tried: Tried
    failure: Failure | None = None


@dataclass(slots=True)
class _Batch:
    arrived: list[tuple[Claimed, Tried]] = field(default_factory=list[tuple[Claimed, Tried]])
    written: asyncio.Task[int] | None = None


class Settlement:
    """`lot` is drawn by the caller, from -1 to 1, for each failure."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._next = _Batch()
        self._failing = asyncio.Semaphore(2)  # of the process's connections

    async def settle(self, claimed: Claimed, outcome: Outcome, lot: float) -> None:
        """Return once it is written; nothing is when the claim was taken over."""
        label = "delivered" if outcome.failure is None else outcome.tried.error or "failed"
        if outcome.failure is None:
            await self._arrived(claimed, outcome.tried)
        else:
            async with self._failing:
                await _settle_failure(self._database, claimed, outcome.tried, outcome.failure, lot)
        DELIVERY_ATTEMPTS.labels(claimed.channel, label).inc()

    async def _arrived(self, claimed: Claimed, tried: Tried) -> None:
        """One statement at a time, with all that arrived meanwhile."""
        batch = self._next
        batch.arrived.append((claimed, tried))
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
        await asyncio.shield(batch.written)

    async def _write(self, batch: _Batch) -> int:
        async with self._turn:
            self._next = _Batch()
            return await delivery_claims.settle_delivered(self._database, batch.arrived)


async def _settle_failure(database: Database, claimed: Claimed, tried: Tried, failure: Failure, lot: float) -> None:
    async with database.transaction() as tx:
        held = await delivery_claims.hold(tx, claimed)
        if held is None:
            return
        before, now = _health(held), held["at"]
        after = before.after_failure(now) if failure.of_lane else before
        gone, active = failure.sequel is Sequel.GONE, held["status"] == EndpointStatus.ACTIVE
        alarm = after.alarm(now) if claimed.channel == Channel.WEBHOOK and active else None
        closed = gone or alarm is Alarm.DISABLED or not active
        wait = None if closed else wait_after(held["attempts"], failure, lot)
        given_up = DeliveryState.SKIPPED if closed else DeliveryState.DEAD
        verdict = Verdict(given_up if wait is None else DeliveryState.DUE, wait)
        await delivery_claims.settle_failed(tx, claimed, tried, verdict)
        if failure.of_lane:
            await delivery_claims.suffer(
                tx, claimed.lane_id, astuple(after if alarm is None else after.warned(alarm, now))
            )
        if gone:
            await _close(tx, claimed, tried, after, DisabledBecause.GONE)
        elif alarm is Alarm.DISABLED:
            await _close(tx, claimed, tried, after, DisabledBecause.FAILING)
        elif alarm is not None:
            await _warn(tx, claimed, tried, after, alarm)
    if verdict.state is DeliveryState.DEAD:
        tell_given_up(claimed.channel, claimed.id, claimed.event_id, error=tried.error)


def tell_given_up(channel: str, delivery: UUID, event: UUID, *, error: str | None) -> None:
    """Of an e-mail: somebody was not told. The owner of an endpoint is warned long before, and asks for it again."""
    if channel == Channel.EMAIL:
        _LOG.warning("a message was given up", message_id=str(delivery), event_id=str(event), error=error)


def _health(row: Row) -> Health:
    warning = Alarm(row["warning"]) if row["warning"] else None
    return Health(row["failures"], row["openings"], row["open_until"], row["failing_since"], warning, row["warned_at"])


async def _close(
    transaction: Transaction, claimed: Claimed, tried: Tried, health: Health, because: DisabledBecause
) -> None:
    """Disable the endpoint, unless another attempt just did. What waits for it can be asked for again once it is
    back."""
    if not await delivery_claims.disable(transaction, claimed.lane_id, because):
        return
    await settle_all(transaction, claimed.lane_id, DeliveryState.SKIPPED)
    kind = Alarm.GONE if because is DisabledBecause.GONE else Alarm.DISABLED
    await _warn(transaction, claimed, tried, health, kind)


async def _warn(transaction: Transaction, claimed: Claimed, tried: Tried, health: Health, kind: Alarm) -> None:
    since = health.failing_since or claimed.at
    warning = EndpointWarning(claimed.lane_id, kind, since, health.failures, tried.status, tried.error)
    await warn(transaction, warning)
    _LOG.warning("webhook endpoint", endpoint_id=str(claimed.lane_id), alarm=kind, failures=health.failures)
