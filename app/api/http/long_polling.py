"""Requests that wait for the feed to move. None holds a connection: one task looks for all, while there are any.

It places what waits, too: nobody waits in vain because no worker lives.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.listen_notify import Ear, ringing
from app.persistence.outbox.event_feed import read_heads
from app.persistence.outbox.feed_positions import MOVED
from app.supervisor import Chore, Pauses, Turned, rest, supervise
from app.use_cases.notifications.sequence_events import sequence

LOOK_EVERY_SECONDS = 0.25
SEATS = 2  # for each client
PAUSES = Pauses(first=LOOK_EVERY_SECONDS, most=1.0)  # whoever waits does so for seconds


@dataclass(frozen=True, slots=True, eq=False)
class Waiter:
    """Wants to know when the feed is not at `position` any more: past it, or before it when the database lost what it
    had. Told False when there is no more time to wait for that."""

    feed: UUID
    position: int
    told: asyncio.Future[bool]

    def tell(self, *, moved: bool) -> None:
        if not self.told.done():
            self.told.set_result(moved)


class Watch:
    """`is_closing` says when nobody may wait any more."""

    def __init__(self, database: Database, clock: Callable[[], datetime], is_closing: Callable[[], bool]) -> None:
        self._database = database
        self._clock = clock
        self._is_closing = is_closing
        self._seated: Counter[UUID] = Counter()
        self._waiters: set[Waiter] = set()
        self._announced = asyncio.Event()
        self._looking: set[asyncio.Task[None]] = set()  # one, and others that come to their end
        self._deserted = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many requests wait now."""
        return len(self._waiters)

    @property
    def ear(self) -> Ear:
        """To be listened with; without it whoever waits is answered as surely, and a little later."""
        return ringing(MOVED, self._announced)

    @contextmanager
    def seat(self, client: UUID) -> Generator[bool]:
        """Whether the client may wait: others of its requests may wait already."""
        if self._seated[client] >= SEATS:
            yield False
            return
        self._seated[client] += 1
        try:
            yield True
        finally:
            self._seated[client] -= 1
            if not self._seated[client]:
                del self._seated[client]

    async def moved(self, feed: UUID, position: int, seconds: float, leaving: asyncio.Future[None]) -> bool:
        """Whether the feed left the position before the time was over, or the client gone."""
        waiter = Waiter(feed, position, asyncio.get_running_loop().create_future())
        self._wait(waiter)
        try:
            await asyncio.wait((waiter.told, leaving), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._leave(waiter)
        return waiter.told.done() and waiter.told.result()

    def _wait(self, waiter: Waiter) -> None:
        """The first to wait begins a look, and the last to leave ends it."""
        if not self._waiters:
            self._deserted = asyncio.Event()
            self._look_until(self._deserted)
        self._waiters.add(waiter)

    def _leave(self, waiter: Waiter) -> None:
        self._waiters.discard(waiter)
        if not self._waiters:
            self._deserted.set()

    def _look_until(self, stop: asyncio.Event) -> None:
        chore = Chore("watch_feed", lambda turned: self._look(stop, turned))
        looking = asyncio.create_task(supervise((chore,), stop, PAUSES))
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)

    async def _look(self, stop: asyncio.Event, turned: Turned) -> None:
        while not stop.is_set():
            closing = self._is_closing()
            heads = None if closing else await self._heads()
            for waiter in self._waiters:
                if closing or (heads is not None and heads.get(waiter.feed, 0) != waiter.position):
                    waiter.tell(moved=not closing)
            turned()
            await rest(LOOK_EVERY_SECONDS, self._announced, stop)
            self._announced.clear()

    async def _heads(self) -> Mapping[UUID, int]:
        await sequence(self._database, self._clock())
        return await read_heads(self._database)
