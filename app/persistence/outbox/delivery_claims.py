"""Claims: each due delivery is taken by one of several relays.

A claim is committed before anything is sent, and holds for as long as its lease: a relay that dies is replaced, and one
that comes back late finds its claim taken over and changes nothing. All instants are of the database's clock.

Claims and settlements of webhooks do not wait for the disk: a receiver, who gets a few deliveries at a time, then gets
1.7 times as many a second. A database that stops short may forget those of its last second: they are sent again, with
the same ids. E-mails wait, since a person would read them twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.deliveries import Channel

LEASE = timedelta(seconds=60)  # longer than sending and settling take


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery to attempt now; `attempts` counts this one. `claim` is the fencing token. `url` and `secrets` (sealed,
    newest first) are those of a webhook endpoint; an e-mail has neither, nor a `body`."""

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


# The lanes are locked first, so that the next statement counts all that is in flight there. Here and below a backlog
# must cost nothing: whatever its statistics, the planner has to go lane by lane (hence LIMIT), by the index of what is
# due (hence ORDER BY), and to what was found by its key (hence ARRAY).
LOCK_DUE_LANES = """SELECT l.id FROM lane l CROSS JOIN LATERAL (
    SELECT FROM delivery d WHERE d.lane_id = l.id AND d.state = 'due' AND d.next_attempt_at <= now()
    ORDER BY d.next_attempt_at LIMIT 1) due
WHERE l.channel = $1 AND (l.open_until IS NULL OR l.open_until <= now())
    AND NOT EXISTS (SELECT FROM webhook_endpoint w WHERE w.id = l.id AND (w.status <> 'active' OR NOT EXISTS (
        SELECT FROM client c WHERE c.revoked_at IS NULL
            AND (c.id = w.client_id OR c.training_organisation_id = w.training_organisation_id))))
ORDER BY l.claimed_at NULLS FIRST LIMIT $2 FOR NO KEY UPDATE OF l SKIP LOCKED"""

# Lanes take turns; one whose circuit was open is tried with one delivery first.
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
WHERE d.id = ANY (ARRAY(SELECT id FROM first))
RETURNING d.id, d.claim, d.lane_id, d.channel, d.recipient, d.event_id, d.type, d.body, d.attempts, now() AS at,
    (SELECT url FROM webhook_endpoint w WHERE w.id = d.lane_id) AS url,
    coalesce((SELECT array_agg(s.sealed ORDER BY s.id DESC) FROM webhook_secret s
        WHERE s.endpoint_id = d.lane_id AND (s.expires_at IS NULL OR s.expires_at > now())), '{}') AS secrets"""

COMMIT_WITHOUT_DISK = "SET LOCAL synchronous_commit = off"

# The attempt was counted when it was claimed, so that a delivery that kills its relays is given up, too.
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
    """Claim due deliveries: of each channel at most its `capacity`, and of a lane never more than `lane_limit` in
    flight, over all relays. Committed on return, and with an e-mail among them durably."""
    async with database.transaction() as tx:
        rows = [row for channel, limit in capacity.items() for row in await _claim(tx, channel, limit, lane_limit)]
        if all(row["channel"] == Channel.WEBHOOK for row in rows):
            await tx.run(COMMIT_WITHOUT_DISK)
    return [ClaimedDelivery(**row) for row in rows]


async def _claim(transaction: Transaction, channel: str, limit: int, lane_limit: int) -> list[Row]:
    lanes = [row["id"] for row in await transaction.many(LOCK_DUE_LANES, channel, limit)]
    return await transaction.many(CLAIM, lanes, lane_limit, limit, LEASE) if lanes else []


async def reclaim_expired_leases(reader: Reader, max_attempts: int) -> list[Row]:
    """End the claims of relays that are gone; return what became of each: id, event_id, channel, state."""
    return await reader.many(RECLAIM_EXPIRED, max_attempts, LEASE)


async def release_claims(reader: Reader, claims: Sequence[UUID]) -> None:
    """Give back deliveries that were claimed and not attempted."""
    await reader.many(RELEASE, [*claims])
