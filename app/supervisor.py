"""What is done in the background, over and over. Whatever a chore meets is logged and counted, and it begins again
after a pause; none takes another along, and nothing but being told to stop ends one.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from app.metrics import CHORE_FAILURES, CHORE_LAST_TURN
from app.persistence.engine.database import OutcomeUnknown
from app.persistence.engine.database_errors import SAID, UNREACHABLE, Unready, trouble_of

GRACE_SECONDS = 10.0  # what a chore has to come to its end when it is told to stop

Turned = Callable[[], None]

_AWAY: tuple[type[Exception], ...] = (*UNREACHABLE, OutcomeUnknown)
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.supervision")


class ChoreEnded(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """A chore returned, or something within it cancelled it, and nobody had told it to stop."""


@dataclass(frozen=True, slots=True)
class Chore:
    """`run` works until the stop it knows of is set, and calls what it is given after each turn without a failure.
    Once told to stop it has `grace` seconds, and is cancelled after that."""

    name: str
    run: Callable[[Turned], Coroutine[Any, Any, None]]
    grace: float = GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Pauses:
    """Before a chore that failed begins again: `first` seconds, twice as long each time until a turn succeeds, never
    more than `most`."""

    first: float = 0.5
    most: float = 10.0

    def after(self, failures: int) -> float:
        """Half of it by lot, so that not all chores of all processes come back at once."""
        seconds = min(self.most, self.first * 2.0 ** min(failures - 1, 30))
        return seconds * random.uniform(0.5, 1)  # noqa: S311  # no secret


PAUSES = Pauses()


def uncounted() -> None:
    """For a loop that nobody supervises."""


async def supervise(chores: Iterable[Chore], stop: asyncio.Event, pauses: Pauses = PAUSES) -> None:
    """Run them all until `stop` is set and each has come to its end; when cancelled, they are too."""
    await asyncio.gather(*(_Supervised(chore, stop, pauses).keep() for chore in chores))


async def rest(seconds: float | None, *events: asyncio.Event) -> None:
    """Return when one of them is set, or the time is over; None is for ever."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


class _Supervised:
    """One chore, and how it fares."""

    def __init__(self, chore: Chore, stop: asyncio.Event, pauses: Pauses) -> None:
        self._chore = chore
        self._stop = stop
        self._pauses = pauses
        self._failures = 0  # since the last turn that succeeded
        CHORE_FAILURES.labels(chore.name)  # shown from the start

    async def keep(self) -> None:
        while not self._stop.is_set():
            failure = await self._run()
            if failure is not None:
                await rest(self._failed(failure), self._stop)

    async def _run(self) -> BaseException | None:
        """Until it ends; return what ended it, None when it was told to stop."""
        # In a task of its own: one that something within has cancelled is told from one that somebody cancels with us.
        running = asyncio.create_task(self._chore.run(self._turned), name=self._chore.name)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((running,), timeout=self._chore.grace)
        finally:
            stopping.cancel()
            running.cancel()
            (outcome,) = await asyncio.gather(running, return_exceptions=True)
        if outcome is None or isinstance(outcome, asyncio.CancelledError):
            return None if self._stop.is_set() else ChoreEnded()
        return outcome

    def _turned(self) -> None:
        self._failures = 0
        CHORE_LAST_TURN.labels(self._chore.name).set_to_current_time()

    def _failed(self, failure: BaseException) -> float:
        """Say so; return how long to pause."""
        self._failures += 1
        CHORE_FAILURES.labels(self._chore.name).inc()
        seconds = self._pauses.after(self._failures)
        told = {"chore": self._chore.name, "again_in": round(seconds, 2), "exc_info": failure}
        if isinstance(failure, _AWAY):
            _LOG.warning(SAID[trouble_of(failure) or Unready.AWAY], alike=True, **told)
        else:
            _LOG.error("a chore failed", **told)
        return seconds
