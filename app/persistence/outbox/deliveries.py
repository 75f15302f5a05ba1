"""Deliveries to webhook endpoints: enqueued, replayed, recovered, listed and counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson

from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.readers import read_count
from app.persistence.outbox.webhook_endpoints import IS_OWNED, Owner
from app.persistence.schema.retention_periods import DELIVERIES_RETENTION

DELETE_BATCH = 5_000
MAX_ATTEMPTS_SHOWN = 50


class Channel(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryState(StrEnum):
    """Skipped: its endpoint was disabled. Cancelled: its endpoint was deleted."""

    DUE = "due"
    IN_FLIGHT = "in_flight"
    DELIVERED = "delivered"
    DEAD = "dead"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


# From the first instant to the second, which is excluded; None is without end.
TimeRange = tuple[datetime, datetime | None]

ENDPOINT_RECIPIENT = "endpoint"  # the recipient of every webhook delivery


@dataclass(frozen=True, slots=True)
class NewWebhookDelivery:
    """A delivery to one endpoint; `id` is a UUIDv7."""

    id: UUID
    lane_id: UUID
    event_id: UUID
    type: str
    body: bytes


# Once for an event and an endpoint, however often it is enqueued.
INSERT_DELIVERIES = f"""INSERT INTO delivery
    (id, lane_id, event_id, type, body, channel, recipient, state, next_attempt_at, created_at)
SELECT g.*, '{Channel.WEBHOOK}', '{ENDPOINT_RECIPIENT}', 'due', now(), now()
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[]) AS g (id, lane_id, event_id, type, body)
ON CONFLICT (event_id, lane_id, recipient) DO NOTHING"""

_SHOWN = "id, at, status, duration_ms, error"


def _resource(attempt: str) -> str:
    """SQL of a delivery with these columns of its last attempts."""
    attempts = f"""SELECT {attempt} FROM delivery_attempt WHERE delivery_id = d.id
        ORDER BY id DESC LIMIT {MAX_ATTEMPTS_SHOWN}"""
    return f"""SELECT d.id, d.lane_id AS webhook_endpoint_id, d.event_id, d.type, d.state, d.replay, d.next_attempt_at,
        d.created_at, (SELECT coalesce(json_agg(a ORDER BY a.id), '[]') FROM ({attempts}) a) AS attempts
    FROM delivery d"""


RESOURCE = _resource(_SHOWN)
READ = (
    f"""{_resource(f"{_SHOWN}, response")} JOIN webhook_endpoint w ON w.id = d.lane_id WHERE d.id = $1 AND {IS_OWNED}"""
)

# The schedule begins again, with the same event and so the same `webhook-id`.
_MAKE_DUE_AGAIN = """UPDATE delivery SET state = 'due', next_attempt_at = now(), settled_at = NULL, attempts = 0,
    replay = replay + 1"""
REPLAY = f"{_MAKE_DUE_AGAIN} WHERE id = $1 AND settled_at IS NOT NULL RETURNING id"
RETRY_NOW = "UPDATE delivery SET next_attempt_at = now() WHERE id = $1 AND state = 'due'"

# What did not arrive of all that a lane was given in the time range, first attempts included.
RECOVER = f"""WITH lost AS MATERIALIZED (
    SELECT d.id FROM delivery d WHERE d.lane_id = $1 AND d.state IN ('dead', 'skipped')
        AND d.created_at >= $2 AND d.created_at < coalesce($3::timestamptz, 'infinity')
    ORDER BY d.id LIMIT $4 FOR UPDATE
) {_MAKE_DUE_AGAIN} FROM lost WHERE delivery.id = lost.id RETURNING delivery.id"""

# Events of the time range that have no delivery: the endpoint was disabled.
FIND_MISSED_EVENTS = """SELECT json_agg(missed ORDER BY position) AS events FROM (
SELECT e.position, o.event_id, o.type, o.occurred_at, o.subject_type, o.subject_id, o.subject_version, o.adviser_id,
    o.data
FROM outbox o JOIN feed_entry e ON e.outbox_id = o.id JOIN webhook_endpoint w ON w.feed_id = e.feed_id
WHERE w.id = $1 AND o.sequenced_at >= $2 AND o.sequenced_at < coalesce($3::timestamptz, 'infinity') AND NOT o.history
    AND o.occurred_at >= w.created_at
    AND w.types && ARRAY['*', o.type, split_part(o.type, '.', 1) || '.*']
    AND NOT EXISTS (SELECT FROM delivery d WHERE d.event_id = o.event_id AND d.lane_id = w.id)
ORDER BY e.position LIMIT $4) missed"""

SETTLE_ALL = """UPDATE delivery SET state = $2, next_attempt_at = NULL, settled_at = now()
WHERE lane_id = $1 AND state = 'due'"""

COUNT_UNDELIVERED = """SELECT channel, count(*) AS waiting,
    extract(epoch FROM now() - min(created_at))::float8 AS oldest
FROM delivery WHERE state = 'due' OR state = 'in_flight' GROUP BY channel"""

COUNT_DEAD = "SELECT channel, count(*) AS dead FROM delivery WHERE state = 'dead' GROUP BY channel"

# By id, which is nearly the order of age: the rows that stay are not scanned.
DELETE_EXPIRED = f"""WITH oldest AS (SELECT id, settled_at FROM delivery ORDER BY id LIMIT {DELETE_BATCH}),
old AS (SELECT id FROM oldest WHERE settled_at < now() - $1::interval),
attempts AS (DELETE FROM delivery_attempt USING old WHERE delivery_id = old.id),
deliveries AS (DELETE FROM delivery USING old WHERE delivery.id = old.id)
SELECT count(*) FROM old"""


async def enqueue_webhooks(transaction: Transaction, deliveries: Sequence[NewWebhookDelivery]) -> None:
    """Insert the deliveries, due at once; those that exist stay as they are."""
    if not deliveries:
        return
    columns = zip(*((each.id, each.lane_id, each.event_id, each.type, each.body) for each in deliveries), strict=True)
    await transaction.run(INSERT_DELIVERIES, *(list(column) for column in columns))


async def read_delivery(reader: Reader, delivery: UUID, owner: Owner) -> Row | None:
    """One delivery; None when it is unknown, or to an endpoint of another owner."""
    return await reader.one(READ, delivery, owner.client_id, owner.training_organisation_id)


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    """Newest first."""
    return await replace(page, newest_first=True).fetch(reader, RESOURCE, table_alias="d")


async def replay(transaction: Transaction, delivery: UUID) -> None:
    """Make the delivery due at once, whatever became of it; one in flight stays so."""
    if await transaction.one(REPLAY, delivery) is None:
        await transaction.run(RETRY_NOW, delivery)


async def recover(transaction: Transaction, endpoint: UUID, time_range: TimeRange, limit: int) -> int:
    """Make due again what was given up, or skipped while the endpoint was disabled; return how many."""
    return len(await transaction.many(RECOVER, endpoint, *time_range, limit))


async def missed_events(transaction: Transaction, endpoint: UUID, time_range: TimeRange, limit: int) -> list[Row]:
    """The events of the time range that the endpoint subscribes to and has no delivery of, in the order of its feed."""
    row = await transaction.one(FIND_MISSED_EVENTS, endpoint, *time_range, limit)
    events: list[Row] = orjson.loads(row["events"] or "[]") if row else []
    return events


async def settle_all(transaction: Transaction, lane: UUID, state: DeliveryState) -> None:
    """End every due delivery of the lane in this state."""
    await transaction.run(SETTLE_ALL, lane, state)


async def delete_expired_deliveries(reader: Reader) -> int:
    """Delete some deliveries past their retention; return how many."""
    return await read_count(reader, DELETE_EXPIRED, DELIVERIES_RETENTION)


async def count_undelivered(reader: Reader) -> dict[str, Row]:
    """By channel that has any: how many deliveries are `waiting` (due or in flight), and the age in seconds of the
    `oldest`."""
    return {row["channel"]: row for row in await reader.many(COUNT_UNDELIVERED)}


async def count_dead(reader: Reader) -> dict[str, int]:
    """By channel that has any: how many deliveries were given up and not replayed."""
    return {row["channel"]: row["dead"] for row in await reader.many(COUNT_DEAD)}
