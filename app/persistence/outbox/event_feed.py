"""Reads of the event feed: what follows a position."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row

MAX_SCANNED = 1_000  # positions, by a read that filters by type

# Each LATERAL keeps the planner to the keys: its statistics may be of tables that were empty a minute ago.
READ = """WITH here AS (
    SELECT e.epoch, coalesce(f.last_position, 0) AS head,
        coalesce($2::bigint, (SELECT min(position) FROM feed_entry WHERE feed_id = $1) - 1, f.last_position, 0) AS after
    FROM feed_epoch e LEFT JOIN feed f ON f.id = $1
), scanned AS MATERIALIZED (
    SELECT e.* FROM here CROSS JOIN LATERAL (
        SELECT position, outbox_id FROM feed_entry WHERE feed_id = $1 AND position > here.after
        ORDER BY position LIMIT $3
    ) e
), told AS (
    SELECT s.position, o.* FROM scanned s CROSS JOIN LATERAL (
        SELECT event_id, type, occurred_at, subject_type, subject_id, subject_version, adviser_id, data FROM outbox
        WHERE id = s.outbox_id OFFSET 0
    ) o WHERE $4::text[] IS NULL OR o.type = ANY($4) ORDER BY s.position LIMIT $5
)
SELECT epoch, head, after, (SELECT count(*) FROM scanned) AS scanned, (SELECT max(position) FROM scanned) AS last,
    (SELECT event_id FROM outbox WHERE id = (
        SELECT outbox_id FROM scanned ORDER BY position DESC LIMIT 1
    )) AS last_event,
    (SELECT event_id FROM outbox WHERE id = (
        SELECT outbox_id FROM feed_entry WHERE feed_id = $1 AND position = here.after
    )) AS event_there,
    (SELECT json_agg(told ORDER BY position) FROM told) AS events FROM here"""

READ_HEADS = "SELECT id, last_position FROM feed"


@dataclass(frozen=True, slots=True)
class FeedWindow:
    """The events that follow position `after`, by position. All up to `scanned_to` was read; `head` is the newest.

    `scanned_event` is the event at `scanned_to`, None where there is none: positions are dense and never reused within
    one history, so that the same event at the same position proves the same history up to there. `has_gap` says that
    events after `after` are missing: it was too old, or of a server that lost them.
    """

    epoch: UUID
    events: list[Row]
    after: int
    scanned_to: int
    scanned_event: UUID | None
    head: int
    has_gap: bool


async def read_feed(
    reader: Reader,
    feed: UUID,
    *,
    after: int | None,
    limit: int,
    types: Collection[str] | None,
    event: UUID | None = None,
) -> FeedWindow:
    """At most `limit` events that follow position `after` (None: the oldest kept), of these `types` (None: all).

    `event` is the one that was read at `after`, None when unknown. Raise LookupError on a schema that was not migrated.
    """
    window = limit if types is None else max(limit, MAX_SCANNED)
    row = await reader.one(READ, feed, after, window, None if types is None else [*types], limit)
    if row is None:
        raise LookupError("the feed has no epoch: the schema was not migrated")
    events: list[Row] = orjson.loads(row["events"] or "[]")
    scanned_to, scanned_event = _scan_end(row, events if len(events) == limit else [], event)
    has_gap = _has_gap(row) or _is_another_history(row, event)
    return FeedWindow(row["epoch"], events, row["after"], scanned_to, scanned_event, row["head"], has_gap)


def _scan_end(row: Row, full_page: Sequence[Row], event: UUID | None) -> tuple[int, UUID | None]:
    """The last position read, and its event."""
    if full_page:
        return full_page[-1]["position"], UUID(full_page[-1]["event_id"])
    if row["scanned"]:
        return row["last"], row["last_event"]
    return row["after"], row["event_there"] or event


def _has_gap(row: Row) -> bool:
    """Whether events are missing: positions are dense, and when none follows, `after` must be the newest."""
    if row["scanned"]:
        return bool(row["last"] - row["after"] != row["scanned"])
    return bool(row["after"] != row["head"])


def _is_another_history(row: Row, event: UUID | None) -> bool:
    """Whether another event has the position of one that was read. One deleted by age has none there."""
    return event is not None and row["event_there"] not in {None, event}


async def read_head(reader: Reader, feed: UUID) -> int:
    """The newest position, 0 when there is none yet."""
    row = await reader.one("SELECT last_position FROM feed WHERE id = $1", feed)
    return row["last_position"] if row else 0


async def read_heads(reader: Reader) -> dict[UUID, int]:
    """The newest position of each feed that has any."""
    return {row["id"]: row["last_position"] for row in await reader.many(READ_HEADS)}
