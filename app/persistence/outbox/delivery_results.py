"""What became of claimed deliveries, and how their lanes fare.

A result counts only while its claim holds: a relay whose lease ran out changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.readers import read_count
from app.persistence.outbox.deliveries import Channel, DeliveryState
from app.persistence.outbox.delivery_claims import ClaimedDelivery


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt, as it is stored; `response` is the beginning of the response body."""

    duration_ms: int
    status: int | None = None
    error: str | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class NextState:
    """What follows a failed attempt: due again after `retry_in`, or ended in `state`."""

    state: DeliveryState
    retry_in: timedelta | None = None


# Many successes share a statement; with $7, no e-mail among them, its commit does not wait for the disk: see
# `delivery_claims`. Lanes are locked in the order of ids everywhere, so that no deadlock can be.
SETTLE_DELIVERED = """WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::smallint[], $6::text[])
        AS t (id, claim, at, duration_ms, status, response)
), settled AS (
    UPDATE delivery d SET state = 'delivered', claim = NULL, lease_until = NULL, settled_at = now() FROM told
    WHERE d.id = told.id AND d.claim = told.claim AND d.state = 'in_flight'
    RETURNING d.id, d.lane_id, d.replay, d.attempts, told.at, told.duration_ms, told.status, told.response
), noted AS (
    INSERT INTO delivery_attempt (delivery_id, replay, number, at, duration_ms, status, response)
    SELECT id, replay, attempts, at, duration_ms, status, response FROM settled
), ill AS MATERIALIZED (
    SELECT id FROM lane WHERE id IN (SELECT lane_id FROM settled) AND failures > 0 ORDER BY id FOR NO KEY UPDATE
), healed AS (
    UPDATE lane SET failures = 0, openings = 0, open_until = NULL, failing_since = NULL, warning = NULL,
        warned_at = NULL FROM ill WHERE lane.id = ill.id
)
SELECT count(*), CASE WHEN $7 THEN set_config('synchronous_commit', 'off', true) END FROM settled"""

LOCK_CLAIM = """SELECT l.failures, l.openings, l.open_until, l.failing_since, l.warning, l.warned_at, now() AS at,
    d.attempts, coalesce((SELECT w.status FROM webhook_endpoint w WHERE w.id = l.id), 'active') AS status
FROM delivery d JOIN lane l ON l.id = d.lane_id WHERE d.id = $1 AND d.claim = $2 AND d.state = 'in_flight'
FOR NO KEY UPDATE"""

SETTLE_FAILED = """WITH settled AS (
    UPDATE delivery SET state = $2, next_attempt_at = now() + $3::interval,
        settled_at = CASE WHEN $3::interval IS NULL THEN now() END, claim = NULL, lease_until = NULL
    WHERE id = $1 RETURNING id, replay, attempts
)
INSERT INTO delivery_attempt (delivery_id, replay, number, at, duration_ms, status, error, response)
SELECT id, replay, attempts, $4, $5, $6, $7, $8 FROM settled"""

UPDATE_LANE_HEALTH = """UPDATE lane SET failures = $2, openings = $3, open_until = $4, failing_since = $5, warning = $6,
    warned_at = $7 WHERE id = $1"""

DISABLE = """UPDATE webhook_endpoint SET status = 'disabled', disabled_because = $2, updated_at = now()
WHERE id = $1 AND status = 'active' RETURNING id"""


async def settle_delivered(reader: Reader, delivered: Sequence[tuple[ClaimedDelivery, AttemptResult]]) -> int:
    """Settle these, and return how many claims still held; the others were taken over and stay as they are. With an
    e-mail among them, durably."""
    columns = (
        [each.id for each, _ in delivered],
        [each.claim for each, _ in delivered],
        [each.at for each, _ in delivered],
        [result.duration_ms for _, result in delivered],
        [result.status for _, result in delivered],
        [result.response for _, result in delivered],
    )
    are_webhooks = all(each.channel == Channel.WEBHOOK for each, _ in delivered)
    return await read_count(reader, SETTLE_DELIVERED, *columns, are_webhooks)


async def lock_claim(transaction: Transaction, claimed: ClaimedDelivery) -> Row | None:
    """The health of its lane, locked with the delivery; None when the claim no longer holds."""
    return await transaction.one(LOCK_CLAIM, claimed.id, claimed.claim)


async def settle_failed(
    transaction: Transaction, claimed: ClaimedDelivery, result: AttemptResult, next_state: NextState
) -> None:
    """Store a failed attempt and what follows it; the claim must be locked."""
    columns = result.duration_ms, result.status, result.error, result.response
    await transaction.run(SETTLE_FAILED, claimed.id, next_state.state, next_state.retry_in, claimed.at, *columns)


async def disable_endpoint(transaction: Transaction, endpoint: UUID, because: str) -> bool:
    """Disable the endpoint; return whether it was active."""
    return await transaction.one(DISABLE, endpoint, because) is not None


async def update_lane_health(transaction: Transaction, lane: UUID, values: Sequence[object]) -> None:
    """Store failures, openings, open_until, failing_since, warning and warned_at of the lane."""
    await transaction.run(UPDATE_LANE_HEALTH, lane, *values)
