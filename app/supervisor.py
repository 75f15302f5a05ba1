"""What is done in the background, over and over. Whatever a chore meets is logged and counted, and it begins again
after a pause; none takes another along, and nothing but being told to stop ends one.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from app.metrics import BACKGROUND_TASK_FAILURES, BACKGROUND_TASK_LAST_TURN
from app.persistence.engine.database_errors import LOG_MESSAGES, UNAVAILABLE_ERRORS, DatabaseTrouble, trouble_of
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown

STOP_GRACE_SECONDS = 10.0  # what a chore has to come to its end when it is told to stop

Heartbeat = Callable[[], None]

_DATABASE_UNAVAILABLE: tuple[type[Exception], ...] = (*UNAVAILABLE_ERRORS, CommitOutcomeUnknown)
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.supervision")


class BackgroundTaskEnded(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """A chore returned, or something within it cancelled it, and nobody had told it to stop."""


@dataclass(frozen=True, slots=True)
class BackgroundTask:
    """`run` works until the stop it knows of is set, and calls what it is given after each turn without a failure.
    Once told to stop it has `grace` seconds, and is cancelled after that."""

    name: str
    run: Callable[[Heartbeat], Coroutine[Any, Any, None]]
    grace: float = STOP_GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Backoff:
    """Before a chore that failed begins again: `first` seconds, twice as long each time until a turn succeeds, never
    more than `most`."""

    initial: float = 0.5
    maximum: float = 10.0

    def delay_after(self, failures: int) -> float:
        """Half of it by lot, so that not all chores of all processes come back at once."""
        seconds = min(self.maximum, self.initial * 2.0 ** min(failures - 1, 30))
        return seconds * random.uniform(0.5, 1)  # noqa: S311  # no secret


DEFAULT_BACKOFF = Backoff()


def no_heartbeat() -> None:
    """For a loop that nobody supervises."""


async def supervise(tasks: Iterable[BackgroundTask], stop: asyncio.Event, backoff: Backoff = DEFAULT_BACKOFF) -> None:
    """Run them all until `stop` is set and each has come to its end; when cancelled, they are too."""
    await asyncio.gather(*(_SupervisedTask(task, stop, backoff).run_until_stopped() for task in tasks))


async def wait_for_any(seconds: float | None, *events: asyncio.Event) -> None:
    """Return when one of them is set, or the time is over; None is for ever."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


class _SupervisedTask:
    """One chore, and how it fares."""

    def __init__(self, task: BackgroundTask, stop: asyncio.Event, pauses: Backoff) -> None:
        self._task = task
        self._stop = stop
        self._backoff = pauses
        self._failures = 0  # since the last turn that succeeded
        BACKGROUND_TASK_FAILURES.labels(task.name)  # shown from the start

    async def run_until_stopped(self) -> None:
        while not self._stop.is_set():
            failure = await self._run_once()
            if failure is not None:
                await wait_for_any(self._record_failure(failure), self._stop)

    async def _run_once(self) -> BaseException | None:
        """Until it ends; return what ended it, None when it was told to stop."""
        # In a task of its own: one that something within has cancelled is told from one that somebody cancels with us.
        running = asyncio.create_task(self._task.run(self._heartbeat), name=self._task.name)
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((running,), timeout=self._task.grace)
        finally:
            stopping.cancel()
            running.cancel()
            (outcome,) = await asyncio.gather(running, return_exceptions=True)
        if outcome is None or isinstance(outcome, asyncio.CancelledError):
            return None if self._stop.is_set() else BackgroundTaskEnded()
        return outcome

    def _heartbeat(self) -> None:
        self._failures = 0
        BACKGROUND_TASK_LAST_TURN.labels(self._task.name).set_to_current_time()

    def _record_failure(self, failure: BaseException) -> float:
        """Say so; return how long to pause."""
        self._failures += 1
        BACKGROUND_TASK_FAILURES.labels(self._task.name).inc()
        seconds = self._backoff.delay_after(self._failures)
        told = {"chore": self._task.name, "again_in": round(seconds, 2), "exc_info": failure}
        if isinstance(failure, _DATABASE_UNAVAILABLE):
            _LOG.warning(LOG_MESSAGES[trouble_of(failure) or DatabaseTrouble.AWAY], alike=True, **told)
        else:
            _LOG.error("a chore failed", **told)
        return seconds
