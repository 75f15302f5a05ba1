"""Requests that wait for new events. None holds a database connection: one task polls for all, while there are any.

It sequences events too, so that requests do not wait in vain when no worker runs.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.listen_notify import NotificationListener, set_on_notification
from app.persistence.outbox.assign_feed_positions import FEED_MOVED_CHANNEL
from app.persistence.outbox.event_feed import read_heads
from app.supervisor import BackgroundTask, Backoff, Heartbeat, supervise, wait_for_any
from app.use_cases.notifications.sequence_events import sequence_events

POLL_INTERVAL_SECONDS = 0.25
MAX_WAITING_PER_CLIENT = 2  # requests
BACKOFF = Backoff(initial=POLL_INTERVAL_SECONDS, maximum=1.0)  # a request waits for a few seconds only


@dataclass(frozen=True, slots=True, eq=False)
class LongPoll:
    """A request that waits until its feed is no longer at `position`: past it, or before it when the database lost
    events. `outcome` is False when the process stops first."""

    feed: UUID
    position: int
    outcome: asyncio.Future[bool]

    def resolve(self, *, moved: bool) -> None:
        if not self.outcome.done():
            self.outcome.set_result(moved)


class FeedLongPolls:
    """The long polls of this process. `is_closing` is true once it stops: every wait then ends."""

    def __init__(self, database: Database, clock: Callable[[], datetime], is_closing: Callable[[], bool]) -> None:
        self._database = database
        self._clock = clock
        self._is_closing = is_closing
        self._slots_by_client: Counter[UUID] = Counter()
        self._waiters: set[LongPoll] = set()
        self._announced = asyncio.Event()
        self._polling_tasks: set[asyncio.Task[None]] = set()  # one, and former ones that are ending
        self._nobody_waits = asyncio.Event()

    @property
    def waiting_count(self) -> int:
        """The requests that wait now."""
        return len(self._waiters)

    @property
    def listener(self) -> NotificationListener:
        """Polls at once when a feed moved; without it, at the next POLL_INTERVAL_SECONDS."""
        return set_on_notification(FEED_MOVED_CHANNEL, self._announced)

    @contextmanager
    def slot(self, client: UUID) -> Generator[bool]:
        """Whether the client may wait: False when MAX_WAITING_PER_CLIENT of its requests do."""
        if self._slots_by_client[client] >= MAX_WAITING_PER_CLIENT:
            yield False
            return
        self._slots_by_client[client] += 1
        try:
            yield True
        finally:
            self._slots_by_client[client] -= 1
            if not self._slots_by_client[client]:
                del self._slots_by_client[client]

    async def wait_until_moved(
        self, feed: UUID, position: int, seconds: float, disconnected: asyncio.Future[None]
    ) -> bool:
        """Whether the feed left the position before `seconds` were over and before the client disconnected."""
        waiter = LongPoll(feed, position, asyncio.get_running_loop().create_future())
        self._add(waiter)
        try:
            await asyncio.wait((waiter.outcome, disconnected), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._remove(waiter)
        return waiter.outcome.done() and waiter.outcome.result()

    def _add(self, waiter: LongPoll) -> None:
        """The first to wait starts the polling task; the last to leave stops it."""
        if not self._waiters:
            self._nobody_waits = asyncio.Event()
            self._start_polling(self._nobody_waits)
        self._waiters.add(waiter)

    def _remove(self, waiter: LongPoll) -> None:
        self._waiters.discard(waiter)
        if not self._waiters:
            self._nobody_waits.set()

    def _start_polling(self, stop: asyncio.Event) -> None:
        polling = BackgroundTask("watch_feed", lambda heartbeat: self._poll(stop, heartbeat))
        task = asyncio.create_task(supervise((polling,), stop, BACKOFF))
        self._polling_tasks.add(task)
        task.add_done_callback(self._polling_tasks.discard)

    async def _poll(self, stop: asyncio.Event, heartbeat: Heartbeat) -> None:
        while not stop.is_set():
            closing = self._is_closing()
            heads = None if closing else await self._sequence_and_read_heads()
            for waiter in self._waiters:
                if closing or (heads is not None and heads.get(waiter.feed, 0) != waiter.position):
                    waiter.resolve(moved=not closing)
            heartbeat()
            await wait_for_any(POLL_INTERVAL_SECONDS, self._announced, stop)
            self._announced.clear()

    async def _sequence_and_read_heads(self) -> Mapping[UUID, int]:
        await sequence_events(self._database, self._clock())
        return await read_heads(self._database)
