"""The sequencer's statements: committed events get positions in the feeds, by one process at a time.

An event gets its `outbox.id` before it is committed: a reader who followed ids would miss one that commits late.
Positions are assigned afterwards, under a lock, by statements that see all that was committed before the lock was
taken. A transaction is visible before its locks are freed: position n + 1 is never visible before n.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.readers import read_count
from app.persistence.schema.retention_periods import EVENTS_RETENTION

GLOBAL_FEED_ID = UUID(int=0)  # the feed that has every event
FEED_MOVED_CHANNEL = "feed_moved"  # notified once for each batch, never in a transaction that a request waits for
BATCH = 500  # events: each is written once more for every endpoint that subscribes to it, in the same transaction
DELETE_BATCH = 5_000
ERASURE_EVENT_TYPE = "adviser.anonymised"  # also goes to every organisation that ever knew who it was

FIND_UNSEQUENCED = "SELECT 1 FROM outbox WHERE sequenced_at IS NULL LIMIT 1"

# Two numbers: another key space than that of idempotency keys. Rows are found by key, whatever the statistics: of a
# table that was empty a minute ago, all that waits would be sorted anew for each batch.
TRY_LOCK = """SELECT pg_try_advisory_xact_lock(7241906, 1) AS alone,
    current_setting('transaction_isolation') = 'read committed' AS sees_the_latest,
    set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"""

# A restored dump makes the tables anew: its next positions begin an epoch. A standby that takes over, and recovered
# files, stay in theirs; what they lost is found by the events that cursors name. Older rows of `server` have the
# timeline as a middle part, which is ignored. `concerned` is LATERAL and DISTINCT so that a few advisers never cost a
# scan of all registrations. The registration is only read for an event that announces no decision of its own.
ASSIGN_POSITIONS = f"""WITH here AS (
    SELECT system_identifier::text AS system, 'feed_epoch'::regclass::oid::text AS place FROM pg_control_system()
), begun AS (
    UPDATE feed_epoch SET epoch = gen_random_uuid(), server = concat_ws('/', system, place), begun_at = $1 FROM here
    WHERE (split_part(server, '/', 1), split_part(server, '/', -1)) <> (system, place)
), taken AS MATERIALIZED (
    SELECT id, event_id, type, adviser_id, training_organisation_id, subject_type, subject_id, decision_id,
        CASE WHEN NOT history THEN recipients END AS recipients FROM outbox WHERE sequenced_at IS NULL
    ORDER BY id LIMIT {BATCH}
), told AS MATERIALIZED (
    SELECT id, '{GLOBAL_FEED_ID}'::uuid AS feed_id FROM taken
    UNION SELECT id, training_organisation_id FROM taken WHERE training_organisation_id IS NOT NULL
    UNION SELECT taken.id, concerned.id FROM taken CROSS JOIN LATERAL (
        SELECT DISTINCT r.training_organisation_id AS id FROM registration r WHERE r.adviser_id = taken.adviser_id
            AND (r.status <> 'cancelled' OR taken.type = '{ERASURE_EVENT_TYPE}')
    ) concerned WHERE taken.type = ANY($2)
), grown AS (
    INSERT INTO feed (id, last_position) SELECT feed_id, count(*) FROM told GROUP BY feed_id
    ON CONFLICT (id) DO UPDATE SET last_position = feed.last_position + EXCLUDED.last_position
    RETURNING id, last_position
), entries AS (
    INSERT INTO feed_entry (feed_id, position, outbox_id)
    SELECT feed_id, last_position + 1 - row_number() OVER (PARTITION BY feed_id ORDER BY told.id DESC), told.id
    FROM told JOIN grown ON grown.id = feed_id
    RETURNING feed_id, position, outbox_id
), marked AS (
    UPDATE outbox SET sequenced_at = $1 WHERE id = ANY(ARRAY(SELECT id FROM taken))
), wanted AS (
    SELECT e.position, o.*, w.endpoints FROM (
        SELECT * FROM entries WHERE feed_id IN (SELECT feed_id FROM webhook_endpoint WHERE status = 'active') OFFSET 0
    ) e CROSS JOIN LATERAL (
        SELECT event_id, type, occurred_at, subject_type, subject_id, subject_version, adviser_id, data FROM outbox
        WHERE id = e.outbox_id AND NOT history OFFSET 0
    ) o CROSS JOIN LATERAL (
        SELECT json_agg(w.id ORDER BY w.id) AS endpoints FROM webhook_endpoint w
        WHERE w.feed_id = e.feed_id AND w.status = 'active'
            AND w.types && ARRAY['*', o.type, split_part(o.type, '.', 1) || '.*']
    ) w WHERE w.endpoints IS NOT NULL
), written AS (
    SELECT array_agg((event_id, type, recipient, taken.adviser_id, CASE WHEN subject_type = 'registration' THEN
        subject_id END, coalesce(taken.decision_id, r.decision_id)) ORDER BY taken.id, place) AS emails
    FROM taken CROSS JOIN LATERAL (
        SELECT FROM adviser a WHERE a.id = taken.adviser_id
            AND (num_nonnulls(a.first_name, a.last_name, a.email) > 0 OR taken.recipients = '{{support}}')
        UNION ALL SELECT WHERE taken.adviser_id IS NULL OFFSET 0
    ) known LEFT JOIN LATERAL (
        SELECT decision_id FROM registration
        WHERE id = taken.subject_id AND taken.subject_type = 'registration' AND taken.decision_id IS NULL OFFSET 0
    ) r ON true CROSS JOIN unnest(taken.recipients) WITH ORDINALITY AS told (recipient, place)
)
SELECT count(*) AS taken, (SELECT json_agg(wanted ORDER BY position) FROM wanted) AS wanted,
    (SELECT emails FROM written) AS written,
    CASE WHEN count(*) > 0 THEN pg_notify('{FEED_MOVED_CHANNEL}', '') END FROM taken"""

BEGIN_EPOCH = "UPDATE feed_epoch SET epoch = gen_random_uuid(), begun_at = $1 RETURNING epoch"

KEEP_AS_HISTORY = """UPDATE outbox SET history = true
WHERE (adviser_id = $1 OR (adviser_id IS NULL AND subject_id = $1)) AND sequenced_at IS NULL"""

# By id, which is nearly the order of age: the rows that stay are not scanned.
DELETE_EXPIRED = f"""WITH oldest AS (SELECT id, sequenced_at FROM outbox ORDER BY id LIMIT {DELETE_BATCH}),
old AS (SELECT id FROM oldest WHERE sequenced_at < $1),
entries AS (DELETE FROM feed_entry USING old WHERE outbox_id = old.id),
events AS (DELETE FROM outbox USING old WHERE outbox.id = old.id)
SELECT count(*) FROM old"""


class StaleSnapshotError(Exception):
    """The transaction would not see what was committed while it waited for its lock: it could skip events."""


async def has_unsequenced_events(reader: Reader) -> bool:
    """Whether a committed event has no position yet."""
    return await reader.one(FIND_UNSEQUENCED) is not None


async def try_lock(transaction: Transaction) -> bool:
    """Whether this transaction is now the only one that assigns positions. Raise StaleSnapshotError."""
    row = await transaction.one(TRY_LOCK)
    if row is None or not row["sees_the_latest"]:
        raise StaleSnapshotError
    return bool(row["alone"])


# Event, type, kind of recipient, adviser (None: of a session as a whole), registration and decision.
DueEmail = tuple[UUID, str, str, UUID | None, UUID | None, UUID | None]


@dataclass(frozen=True, slots=True)
class SequencedBatch:
    """How many events got positions; those that webhook endpoints (`endpoints`, ids) subscribe to, by feed; the e-mails
    due about them, in the order of the events, which is none about an anonymised adviser."""

    count: int
    for_webhooks: Sequence[Row] = ()
    for_emails: Sequence[DueEmail] = ()


async def assign_positions(
    transaction: Transaction, told_to_all_concerned: Collection[str], now: datetime
) -> SequencedBatch:
    """Assign positions to at most BATCH events; `try_lock` must have been taken.

    Events of the types `told_to_all_concerned` also go to every training organisation that has the adviser.
    """
    row = await transaction.one(ASSIGN_POSITIONS, now, [*told_to_all_concerned])
    if row is None:
        return SequencedBatch(0)
    return SequencedBatch(row["taken"], orjson.loads(row["wanted"] or "[]"), row["written"] or ())


async def begin_epoch(transaction: Transaction, now: datetime) -> None:
    """Begin another epoch: all cursors of the present one expire."""
    await transaction.run(BEGIN_EPOCH, now)


async def mark_as_history(transaction: Transaction, concerned: UUID) -> None:
    """Mark the events without a position about an adviser, or about a session as a whole, as history: they enter the
    feed, and nothing is sent."""
    await transaction.run(KEEP_AS_HISTORY, concerned)


async def delete_expired_events(reader: Reader, now: datetime) -> int:
    """Delete some events past their retention; return how many."""
    return await read_count(reader, DELETE_EXPIRED, now - EVENTS_RETENTION)
