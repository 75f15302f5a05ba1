"""Reads of the event feed: what follows a position.

PostgreSQL writes the JSON of the events: a page of a hundred costs a third of its Python less, and PostgreSQL no more.
Their fields are those of `EventResource`, in its order: a test compares the two.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.reads.json_templates import instant, json_object, text, text_or_null, to_sql, value

MAX_SCANNED = 1_000  # positions, by a read that filters by type

_SUBJECT = {"type": text("o.subject_type"), "id": text("o.subject_id"), "version": value("o.subject_version")}
_EVENT = {
    "id": text("o.event_id"),
    "type": text("o.type"),
    "occurred_at": instant("o.occurred_at"),
    "position": value("s.position"),
    "subject": json_object(_SUBJECT),
    "adviser_id": text_or_null("o.adviser_id"),
    "data": value("o.data"),
}

# Each LATERAL keeps the planner to the keys: its statistics may be of tables that were empty a minute ago.
# Of a LIMIT that it does not know it expects a tenth of the table: the constant one keeps the plan of a large feed that
# of a small one.
READ = f"""WITH here AS (
    SELECT e.epoch, coalesce(f.last_position, 0) AS head,
        coalesce($2::bigint, (SELECT min(position) FROM feed_entry WHERE feed_id = $1) - 1, f.last_position, 0) AS after
    FROM feed_epoch e LEFT JOIN feed f ON f.id = $1
), scanned AS MATERIALIZED (
    SELECT e.* FROM here CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT position, outbox_id FROM feed_entry WHERE feed_id = $1 AND position > here.after
            ORDER BY position LIMIT {MAX_SCANNED}
        ) f LIMIT $3
    ) e
), told AS (
    SELECT s.position, o.event_id, {to_sql(json_object(_EVENT))} AS text FROM scanned s CROSS JOIN LATERAL (
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
    (SELECT array_agg(text ORDER BY position) FROM told) AS events,
    (SELECT max(position) FROM told) AS last_told,
    (SELECT event_id FROM told ORDER BY position DESC LIMIT 1) AS last_told_event,
    EXISTS (SELECT FROM outbox WHERE sequenced_at IS NULL) AS has_waiting FROM here"""

READ_HEADS = "SELECT id, last_position FROM feed"


@dataclass(frozen=True, slots=True)
class FeedWindow:
    """The events that follow position `after`, by position, as JSON. All up to `scanned_to` was read; `head` is the
    newest.

    `scanned_event` is the event at `scanned_to`, None where there is none: positions are dense and never reused within
    one history, so that the same event at the same position proves the same history up to there. `has_gap` says that
    events after `after` are missing: it was too old, or of a server that lost them. `has_waiting` says that committed
    events have no position yet, to a reader of everything: row security hides them from an organisation.
    """

    epoch: UUID
    events: list[str]
    after: int
    scanned_to: int
    scanned_event: UUID | None
    head: int
    has_gap: bool
    has_waiting: bool


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
    events: list[str] = row["events"] or []
    scanned_to, scanned_event = _scan_end(row, event, is_full=len(events) == limit)
    return FeedWindow(
        epoch=row["epoch"],
        events=events,
        after=row["after"],
        scanned_to=scanned_to,
        scanned_event=scanned_event,
        head=row["head"],
        has_gap=_has_gap(row) or _is_another_history(row, event),
        has_waiting=row["has_waiting"],
    )


def _scan_end(row: Row, event: UUID | None, *, is_full: bool) -> tuple[int, UUID | None]:
    """The last position read, and its event; that of a full page may come before the last one scanned."""
    if is_full:
        return row["last_told"], row["last_told_event"]
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
