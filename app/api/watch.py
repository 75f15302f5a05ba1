"""Requests that wait for the feed to move. None holds a connection: one task looks for all, while there are any.

It places what waits, too: nobody waits in vain because no worker lives.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from app.persistence.database import Database
from app.persistence.failures import UNREACHABLE
from app.persistence.feeds import read_heads
from app.persistence.notices import Ear, ringing
from app.persistence.sequencing import MOVED
from app.use_cases.sequence import sequence

LOOK_EVERY_SECONDS = 0.25
SEATS = 2  # for each client

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.api.watch")


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
        self._looking: asyncio.Task[None] | None = None

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
        self._waiters.add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait((waiter.told, leaving), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiters.discard(waiter)
        return waiter.told.done() and waiter.told.result()

    async def _look(self) -> None:
        while self._waiters:
            closing = self._is_closing()
            heads = None if closing else await self._heads()
            for waiter in self._waiters:
                if closing or (heads is not None and heads.get(waiter.feed, 0) != waiter.position):
                    waiter.tell(moved=not closing)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._announced.wait(), LOOK_EVERY_SECONDS)
            self._announced.clear()

    async def _heads(self) -> Mapping[UUID, int] | None:
        """None when the database can't tell."""
        try:
            await sequence(self._database, self._clock())
            return await read_heads(self._database)
        except UNREACHABLE as failure:
            _LOG.warning("the database does not answer", exc_info=failure)
        except Exception as failure:  # noqa: BLE001  # see below
            # Whoever waits looks again by itself when its time is over, and is told then what is wrong.
            _LOG.error("the feed could not be looked at", exc_info=failure)
        return None
