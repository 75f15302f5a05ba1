"""Events told by hand, through the statement that every use case writes with, and readers that follow them."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import orjson

from app.persistence.engine.database import Database, Transaction
from app.persistence.outbox.assign_feed_positions import GLOBAL_FEED_ID
from app.persistence.outbox.event_feed import FeedWindow, read_feed
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.notifications.sequence_events import sequence_events
from tests.fake_clock import MORNING

ACCEPTED = "registration.accepted"


async def write_event(
    transaction: Transaction,
    *,
    type: str = ACCEPTED,  # noqa: A002  # the event's own word
    organisation: UUID | None = LA_MEDNUM,
    adviser: UUID | None = None,
    recipients: Sequence[str] = (),
) -> UUID:
    """Write one event; return its id. The `recipients` are written to when the adviser is known."""
    event = uuid4()
    row: dict[str, Any] = {
        "event_id": event,
        "type": type,
        "subject_type": type.partition(".")[0],
        "subject_id": event,
        "subject_version": 1,
        "adviser_id": adviser or uuid4(),
        "training_organisation_id": organisation,
        "data": {},
        "occurred_at": MORNING,
        "history": False,
        "recipients": [*recipients],
    }
    await registrations.write(transaction, Changes(events=[row]))
    return event


async def write_events(
    database: Database,
    count: int = 1,
    *,
    type: str = ACCEPTED,  # noqa: A002  # as above
    organisation: UUID | None = LA_MEDNUM,
) -> list[UUID]:
    """The ids of so many events, committed together."""
    async with database.transaction() as tx:
        return [await write_event(tx, type=type, organisation=organisation) for _ in range(count)]


async def place_waiting_events(database: Database) -> int:
    """Place everything that waits; return how many events that were."""
    total = 0
    while count := await sequence_events(database, MORNING):
        total += count
    return total


@asynccontextmanager
async def uncommitted_event(database: Database) -> AsyncGenerator[tuple[Transaction, UUID]]:
    """A transaction that has told one event, and is not committed as long as the block lasts."""
    async with database.transaction() as tx:
        yield tx, await write_event(tx)


async def read_page(
    database: Database,
    after: int | None = 0,
    *,
    feed: UUID = GLOBAL_FEED_ID,
    limit: int = 500,
    types: list[str] | None = None,
    event: UUID | None = None,
) -> FeedWindow:
    return await read_feed(database, feed, after=after, limit=limit, types=types, event=event)


def event_ids(events: list[str]) -> list[UUID]:
    return [UUID(orjson.loads(event)["id"]) for event in events]


def positions(events: list[str]) -> list[int]:
    return [orjson.loads(event)["position"] for event in events]


async def all_events(database: Database, feed: UUID = GLOBAL_FEED_ID) -> list[UUID]:
    """All events of the feed, by position; it is dense from 1."""
    rows = await database.many(
        "SELECT position, event_id FROM feed_entry e JOIN outbox o ON o.id = e.outbox_id WHERE feed_id = $1 "
        "ORDER BY position",
        feed,
    )
    assert [row["position"] for row in rows] == [*range(1, len(rows) + 1)]
    return [row["event_id"] for row in rows]


class Follower:
    """A consumer: reads page after page, and keeps what it saw and the positions that these had."""

    def __init__(self, database: Database, feed: UUID = GLOBAL_FEED_ID) -> None:
        self.database, self.feed = database, feed
        self.seen: list[UUID] = []
        self.positions: list[int] = []
        self.seen_to = 0
        self.seen_event: UUID | None = None

    async def read(self, limit: int) -> bool:
        """Read one page; return whether it ended at the newest event."""
        found = await read_page(self.database, self.seen_to, feed=self.feed, limit=limit, event=self.seen_event)
        assert not found.has_gap
        self.seen += event_ids(found.events)
        self.positions += positions(found.events)
        self.seen_to, self.seen_event = found.scanned_to, found.scanned_event
        return found.scanned_to == found.head

    async def follow(self, limits: Iterator[int], stop: asyncio.Event) -> None:
        """Read on until `stop` is set and nothing is left."""
        while True:
            last_look = stop.is_set()
            if await self.read(next(limits)) and last_look:
                return
            await asyncio.sleep(0)
