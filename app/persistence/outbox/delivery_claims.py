"""Deliveries taken by one relay among several, and what became of them.

A claim is committed before anything is sent, and holds for as long as its lease: a relay that dies is replaced, and one
that comes back late finds its claim taken over and changes nothing. All instants are of the database's own clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.deliveries import DeliveryState

LEASE = timedelta(seconds=60)  # more than sending and settling take


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """One delivery to try now; `attempts` counts this one. `url` and `secrets` (sealed, newest first) are those of a
    webhook endpoint; an e-mail has neither, nor a `body`."""

    id: UUID
    claim: UUID
    lane_id: UUID
    channel: str
    recipient: str
    event_id: UUID
    type: str
    body: bytes | None
    attempts: int
    at: datetime
    url: str | None
    secrets: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What an attempt came to, as its row keeps it; `response` is the beginning of the answer."""

    duration_ms: int
    status: int | None = None
    error: str | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class NextState:
    """What follows from a failed attempt: due again after `again_in`, or settled as `state`."""

    state: DeliveryState
    retry_in: timedelta | None = None


# The lanes are locked first, so that what the next statement counts as in flight there is all there is. Here and below
# a backlog must cost nothing: whatever the statistics say, the planner has no other way than lane by lane (hence LIMIT)
# and no reason to look for what was found through the index of what is due.
LOCK_DUE_LANES = """SELECT l.id FROM lane l CROSS JOIN LATERAL (
    SELECT FROM delivery d WHERE d.lane_id = l.id AND d.state = 'due' AND d.next_attempt_at <= now() LIMIT 1) due
WHERE l.channel = $1 AND (l.open_until IS NULL OR l.open_until <= now())
    AND NOT EXISTS (SELECT FROM webhook_endpoint w WHERE w.id = l.id AND (w.status <> 'active' OR NOT EXISTS (
        SELECT FROM client c WHERE c.revoked_at IS NULL
            AND (c.id = w.client_id OR c.training_organisation_id = w.training_organisation_id))))
ORDER BY l.claimed_at NULLS FIRST LIMIT $2 FOR NO KEY UPDATE OF l SKIP LOCKED"""

# Lanes take turns; one that was left alone is tried with one delivery first.
CLAIM = """WITH room AS MATERIALIZED (
    SELECT id, CASE WHEN openings > 0 THEN 1 ELSE $2 END
        - (SELECT count(*) FROM delivery d WHERE d.lane_id = lane.id AND d.state = 'in_flight') AS free
    FROM lane WHERE id = ANY($1)
), first AS MATERIALIZED (
    SELECT d.id FROM room CROSS JOIN LATERAL (
        SELECT w.id, row_number() OVER (ORDER BY w.next_attempt_at) AS turn FROM (
            SELECT id, next_attempt_at FROM delivery
            WHERE lane_id = room.id AND state = 'due' AND next_attempt_at <= now()
            ORDER BY next_attempt_at LIMIT greatest(room.free, 0) FOR UPDATE SKIP LOCKED
        ) w
    ) d ORDER BY d.turn LIMIT $3
), turned AS (
    UPDATE lane SET claimed_at = clock_timestamp() WHERE id = ANY($1)
)
UPDATE delivery d SET state = 'in_flight', attempts = attempts + 1, claim = gen_random_uuid(),
    lease_until = now() + $4::interval, next_attempt_at = NULL
FROM first WHERE d.id = first.id
RETURNING d.id, d.claim, d.lane_id, d.channel, d.recipient, d.event_id, d.type, d.body, d.attempts, now() AS at,
    (SELECT url FROM webhook_endpoint w WHERE w.id = d.lane_id) AS url,
    coalesce((SELECT array_agg(s.sealed ORDER BY s.id DESC) FROM webhook_secret s
        WHERE s.endpoint_id = d.lane_id AND (s.expires_at IS NULL OR s.expires_at > now())), '{}') AS secrets"""

# Several successes share a statement. Lanes are healed in one order everywhere, so that nobody waits in a circle.
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
SELECT count(*) AS settled FROM settled"""

LOCK_CLAIM = """SELECT l.failures, l.openings, l.open_until, l.failing_since, l.warning, l.warned_at, now() AS at, d.attempts,
    coalesce((SELECT w.status FROM webhook_endpoint w WHERE w.id = l.id), 'active') AS status
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

# The attempt was counted when it was claimed, so that a delivery that kills its relays ends, too.
RECLAIM_EXPIRED = """WITH lost AS (
    SELECT d.id, d.lease_until - $2::interval AS at, d.attempts >= $1 AS ended, EXISTS (
        SELECT FROM webhook_endpoint w WHERE w.id = d.lane_id AND w.status <> 'active') AS closed
    FROM delivery d WHERE d.state = 'in_flight' AND d.lease_until < now() FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE delivery d SET claim = NULL, lease_until = NULL,
        state = CASE WHEN lost.closed THEN 'skipped' WHEN lost.ended THEN 'dead' ELSE 'due' END,
        next_attempt_at = CASE WHEN NOT (lost.ended OR lost.closed) THEN now() END,
        settled_at = CASE WHEN lost.ended OR lost.closed THEN now() END
    FROM lost WHERE d.id = lost.id RETURNING d.id, d.event_id, d.channel, d.state, d.replay, d.attempts, lost.at
), noted AS (
    INSERT INTO delivery_attempt (delivery_id, replay, number, at, duration_ms, error)
    SELECT id, replay, attempts, at, 0, 'interrupted' FROM freed
)
SELECT id, event_id, channel, state FROM freed"""

RELEASE = """UPDATE delivery SET state = 'due', next_attempt_at = now(), attempts = attempts - 1, claim = NULL,
    lease_until = NULL WHERE state = 'in_flight' AND claim = ANY($1)"""


async def claim(database: Database, capacity: Mapping[str, int], *, lane_limit: int) -> list[ClaimedDelivery]:
    """Take deliveries that are due, of each channel in `rooms` at most so many, and never more than `lane_most` of a
    lane in flight, all relays taken together. Committed on return."""
    async with database.transaction() as tx:
        rows = [row for channel, most in capacity.items() for row in await _claim(tx, channel, most, lane_limit)]
    return [ClaimedDelivery(**row) for row in rows]


async def _claim(transaction: Transaction, channel: str, most: int, lane_most: int) -> list[Row]:
    lanes = [row["id"] for row in await transaction.many(LOCK_DUE_LANES, channel, most)]
    return await transaction.many(CLAIM, lanes, lane_most, most, LEASE) if lanes else []


async def settle_delivered(reader: Reader, delivered: Sequence[tuple[ClaimedDelivery, AttemptResult]]) -> int:
    """Return how many were still claimed so; the others were taken over, and what is known of them stands."""
    columns = (
        [each.id for each, _ in delivered],
        [each.claim for each, _ in delivered],
        [each.at for each, _ in delivered],
        [tried.duration_ms for _, tried in delivered],
        [tried.status for _, tried in delivered],
        [tried.response for _, tried in delivered],
    )
    row = await reader.one(SETTLE_DELIVERED, *columns)
    return int(row["settled"]) if row else 0


async def lock_claim(transaction: Transaction, claimed: ClaimedDelivery) -> Row | None:
    """How its lane fares, locked, if the claim still holds."""
    return await transaction.one(LOCK_CLAIM, claimed.id, claimed.claim)


async def settle_failed(
    transaction: Transaction, claimed: ClaimedDelivery, result: AttemptResult, verdict: NextState
) -> None:
    """Its claim must be held."""
    what = result.duration_ms, result.status, result.error, result.response
    await transaction.run(SETTLE_FAILED, claimed.id, verdict.state, verdict.retry_in, claimed.at, *what)


async def disable_endpoint(transaction: Transaction, endpoint: UUID, because: str) -> bool:
    """Return whether it was active until now."""
    return await transaction.one(DISABLE, endpoint, because) is not None


async def update_lane_health(transaction: Transaction, lane: UUID, values: Sequence[object]) -> None:
    """Keep how the lane fares: failures, openings, open_until, failing_since, warning, warned_at."""
    await transaction.run(UPDATE_LANE_HEALTH, lane, *values)


async def reclaim_expired_leases(reader: Reader, most_attempts: int) -> list[Row]:
    """Free what relays that are gone had claimed; return what became of each: id, event_id, channel, state."""
    return await reader.many(RECLAIM_EXPIRED, most_attempts, LEASE)


async def release_claims(reader: Reader, claims: Sequence[UUID]) -> None:
    """Give back what will not be tried."""
    await reader.many(RELEASE, [*claims])
