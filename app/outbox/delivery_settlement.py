"""Settle attempts: store the outcome and, of a failure, what follows (a retry, a warning, a disabled endpoint)."""

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
    """The outcome of one attempt; `failure` is None when it was delivered."""

    result: AttemptResult
    failure: Failure | None = None


@dataclass(slots=True)
class _Batch:
    delivered: list[tuple[ClaimedDelivery, AttemptResult]] = field(
        default_factory=list[tuple[ClaimedDelivery, AttemptResult]]
    )
    written: asyncio.Task[int] | None = None


class DeliverySettlement:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._write_lock = asyncio.Lock()
        self._next_batch = _Batch()
        self._failure_slots = asyncio.Semaphore(2)  # each takes one of the process's connections

    async def settle(self, claimed: ClaimedDelivery, outcome: AttemptOutcome, jitter: float) -> None:
        """Return once it is stored; nothing is when the claim was taken over. `jitter` is random, from -1 to 1."""
        label = "delivered" if outcome.failure is None else outcome.result.error or "failed"
        if outcome.failure is None:
            await self._settle_delivered(claimed, outcome.result)
        else:
            async with self._failure_slots:
                await _settle_failure(self._database, claimed, outcome.result, outcome.failure, jitter)
        DELIVERY_ATTEMPTS.labels(claimed.channel, label).inc()

    async def _settle_delivered(self, claimed: ClaimedDelivery, result: AttemptResult) -> None:
        """One statement at a time stores all that was delivered since the last one."""
        batch = self._next_batch
        batch.delivered.append((claimed, result))
        if batch.written is None:
            batch.written = asyncio.create_task(self._write(batch))
        await asyncio.shield(batch.written)

    async def _write(self, batch: _Batch) -> int:
        async with self._write_lock:
            self._next_batch = _Batch()
            return await delivery_results.settle_delivered(self._database, batch.delivered)


@dataclass(frozen=True, slots=True)
class _Consequences:
    """What follows from a failed attempt for the delivery and its receiver. `alarm` None: no warning is due now."""

    next_state: NextState
    health: LaneHealth
    alarm: Alarm | None


async def _settle_failure(
    database: Database, claimed: ClaimedDelivery, result: AttemptResult, failure: Failure, jitter: float
) -> None:
    async with database.transaction() as tx:
        row = await delivery_results.lock_claim(tx, claimed)
        if row is None:
            return
        found = _consequences(claimed, row, failure, jitter)
        await delivery_results.settle_failed(tx, claimed, result, found.next_state)
        if failure.counts_for_lane:
            health = found.health.with_warning(found.alarm, row["at"]) if found.alarm else found.health
            await delivery_results.update_lane_health(tx, claimed.lane_id, astuple(health))
        await _tell_owner(tx, claimed, result, found, is_gone=failure.kind is FailureKind.GONE)
    if found.next_state.state is DeliveryState.DEAD:
        log_given_up(claimed.channel, claimed.id, claimed.event_id, error=result.error)


def _consequences(claimed: ClaimedDelivery, row: Row, failure: Failure, jitter: float) -> _Consequences:
    """`row` is the locked claim, with its receiver's health, its endpoint's status and the present instant."""
    now, is_active = row["at"], row["status"] == EndpointStatus.ACTIVE
    health = _health(row).after_failure(now) if failure.counts_for_lane else _health(row)
    alarm = health.alarm(now) if claimed.channel == Channel.WEBHOOK and is_active else None
    is_closed = failure.kind is FailureKind.GONE or alarm is Alarm.DISABLED or not is_active
    wait = None if is_closed else retry_delay(row["attempts"], failure, jitter)
    given_up = DeliveryState.SKIPPED if is_closed else DeliveryState.DEAD
    return _Consequences(NextState(given_up if wait is None else DeliveryState.DUE, wait), health, alarm)


async def _tell_owner(
    transaction: Transaction, claimed: ClaimedDelivery, result: AttemptResult, found: _Consequences, *, is_gone: bool
) -> None:
    if is_gone:
        await _disable_endpoint(transaction, claimed, result, found.health, DisabledBecause.GONE)
    elif found.alarm is Alarm.DISABLED:
        await _disable_endpoint(transaction, claimed, result, found.health, DisabledBecause.FAILING)
    elif found.alarm is not None:
        await _warn_owner(transaction, claimed, result, found.health, found.alarm)


def log_given_up(channel: str, delivery: UUID, event: UUID, *, error: str | None) -> None:
    """Only of an e-mail: its recipient was not told. The owner of an endpoint is warned long before."""
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
    """Disable the endpoint, unless another attempt just did. What waits for it is skipped, and recoverable."""
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
