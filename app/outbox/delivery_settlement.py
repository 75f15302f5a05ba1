"""What an attempt came to, written down: of one that failed, with all that follows for its receiver."""

import asyncio
from dataclasses import astuple, dataclass, field
from uuid import UUID

import structlog

from app.metrics import DELIVERY_ATTEMPTS
from app.outbox.retry_policy import Alarm, Failure, FailureKind, LaneHealth, retry_delay
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.outbox import delivery_results
from app.persistence.outbox.deliveries import Channel, DeliveryState, settle_all
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.persistence.outbox.delivery_results import AttemptResult, NextState
from app.persistence.outbox.messages import EndpointWarningEmail, enqueue_endpoint_warning
from app.persistence.outbox.webhook_endpoints import DisabledBecause, EndpointStatus

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.outbox")


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Of one attempt; `failure` is None when it was delivered."""

    result: AttemptResult
    failure: Failure | None = None


@dataclass(slots=True)
class _Batch:
    delivered: list[tuple[ClaimedDelivery, AttemptResult]] = field(
        default_factory=list[tuple[ClaimedDelivery, AttemptResult]]
    )
    written: asyncio.Task[int] | None = None


class DeliverySettlement:
    """`lot` is drawn by the caller, from -1 to 1, for each failure."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._write_lock = asyncio.Lock()
        self._next_batch = _Batch()
        self._failure_slots = asyncio.Semaphore(2)  # of the process's connections

    async def settle(self, claimed: ClaimedDelivery, outcome: AttemptOutcome, jitter: float) -> None:
        """Return once it is written; nothing is when the claim was taken over."""
        label = "delivered" if outcome.failure is None else outcome.result.error or "failed"
        if outcome.failure is None:
            await self._settle_delivered(claimed, outcome.result)
        else:
            async with self._failure_slots:
                await _settle_failure(self._database, claimed, outcome.result, outcome.failure, jitter)
        DELIVERY_ATTEMPTS.labels(claimed.channel, label).inc()

    async def _settle_delivered(self, claimed: ClaimedDelivery, result: AttemptResult) -> None:
        """One statement at a time, with all that arrived meanwhile."""
        batch = self._next_batch
        batch.delivered.append((claimed, result))
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
        await asyncio.shield(batch.written)

    async def _write(self, batch: _Batch) -> int:
        async with self._write_lock:
            self._next_batch = _Batch()
            return await delivery_results.settle_delivered(self._database, batch.delivered)


async def _settle_failure(
    database: Database, claimed: ClaimedDelivery, result: AttemptResult, failure: Failure, jitter: float
) -> None:
    async with database.transaction() as tx:
        held = await delivery_results.lock_claim(tx, claimed)
        if held is None:
            return
        before, now = _health(held), held["at"]
        after = before.after_failure(now) if failure.counts_for_lane else before
        gone, active = failure.kind is FailureKind.GONE, held["status"] == EndpointStatus.ACTIVE
        alarm = after.alarm(now) if claimed.channel == Channel.WEBHOOK and active else None
        closed = gone or alarm is Alarm.DISABLED or not active
        wait = None if closed else retry_delay(held["attempts"], failure, jitter)
        given_up = DeliveryState.SKIPPED if closed else DeliveryState.DEAD
        verdict = NextState(given_up if wait is None else DeliveryState.DUE, wait)
        await delivery_results.settle_failed(tx, claimed, result, verdict)
        if failure.counts_for_lane:
            await delivery_results.update_lane_health(
                tx, claimed.lane_id, astuple(after if alarm is None else after.with_warning(alarm, now))
            )
        if gone:
            await _disable_endpoint(tx, claimed, result, after, DisabledBecause.GONE)
        elif alarm is Alarm.DISABLED:
            await _disable_endpoint(tx, claimed, result, after, DisabledBecause.FAILING)
        elif alarm is not None:
            await _warn_owner(tx, claimed, result, after, alarm)
    if verdict.state is DeliveryState.DEAD:
        log_given_up(claimed.channel, claimed.id, claimed.event_id, error=result.error)


def log_given_up(channel: str, delivery: UUID, event: UUID, *, error: str | None) -> None:
    """Of an e-mail: somebody was not told. The owner of an endpoint is warned long before, and asks for it again."""
    if channel == Channel.EMAIL:
        _LOG.warning("a message was given up", message_id=str(delivery), event_id=str(event), error=error)


def _health(row: Row) -> LaneHealth:
    warning = Alarm(row["warning"]) if row["warning"] else None
    return LaneHealth(
        row["failures"], row["openings"], row["open_until"], row["failing_since"], warning, row["warned_at"]
    )


async def _disable_endpoint(
    transaction: Transaction,
    claimed: ClaimedDelivery,
    result: AttemptResult,
    health: LaneHealth,
    because: DisabledBecause,
) -> None:
    """Disable the endpoint, unless another attempt just did. What waits for it can be asked for again once it is
    back."""
    if not await delivery_results.disable_endpoint(transaction, claimed.lane_id, because):
        return
    await settle_all(transaction, claimed.lane_id, DeliveryState.SKIPPED)
    kind = Alarm.GONE if because is DisabledBecause.GONE else Alarm.DISABLED
    await _warn_owner(transaction, claimed, result, health, kind)


async def _warn_owner(
    transaction: Transaction, claimed: ClaimedDelivery, result: AttemptResult, health: LaneHealth, kind: Alarm
) -> None:
    since = health.failing_since or claimed.at
    warning = EndpointWarningEmail(claimed.lane_id, kind, since, health.failures, result.status, result.error)
    await enqueue_endpoint_warning(transaction, warning)
    _LOG.warning("webhook endpoint", endpoint_id=str(claimed.lane_id), alarm=kind, failures=health.failures)
