"""The supervisor of background tasks: one that fails is logged, counted and started again after a backoff.

The others go on meanwhile, and only the stop event ends one.
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

STOP_GRACE_SECONDS = 10.0  # for a task to end once the stop event is set

Heartbeat = Callable[[], None]

_DATABASE_UNAVAILABLE: tuple[type[Exception], ...] = (*UNAVAILABLE_ERRORS, CommitOutcomeUnknown)
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.supervision")


class BackgroundTaskEnded(Exception):  # noqa: N818  # what happened, not a mistake of ours
    """A task returned, or cancelled itself, before the stop event was set."""


@dataclass(frozen=True, slots=True)
class BackgroundTask:
    """`run` works until the stop event is set, and calls its heartbeat after each turn without a failure. It then has
    `grace` seconds to end, and is cancelled after that."""

    name: str
    run: Callable[[Heartbeat], Coroutine[Any, Any, None]]
    grace: float = STOP_GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait before a failed task starts again: `initial` seconds, doubled at each failure in a row, to `maximum`."""

    initial: float = 0.5
    maximum: float = 10.0

    def delay_after(self, failures: int) -> float:
        """Seconds, up to half of them taken off at random: tasks of all processes must not come back at once."""
        seconds = min(self.maximum, self.initial * 2.0 ** min(failures - 1, 30))
        return seconds * random.uniform(0.5, 1)  # noqa: S311  # no secret


DEFAULT_BACKOFF = Backoff()


def no_heartbeat() -> None:
    """For a loop without a supervisor."""


async def supervise(tasks: Iterable[BackgroundTask], stop: asyncio.Event, backoff: Backoff = DEFAULT_BACKOFF) -> None:
    """Run the tasks until `stop` is set and each has ended. Cancelling this cancels them."""
    await asyncio.gather(*(_SupervisedTask(task, stop, backoff).run_until_stopped() for task in tasks))


async def wait_for_any(seconds: float | None, *events: asyncio.Event) -> None:
    """Return when one of the events is set, or after `seconds` (None: wait for ever)."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


class _SupervisedTask:
    """A task, and its failures in a row."""

    def __init__(self, task: BackgroundTask, stop: asyncio.Event, backoff: Backoff) -> None:
        self._task = task
        self._stop = stop
        self._backoff = backoff
        self._failures = 0  # since the last heartbeat
        BACKGROUND_TASK_FAILURES.labels(task.name)  # exported from the start

    async def run_until_stopped(self) -> None:
        while not self._stop.is_set():
            failure = await self._run_once()
            if failure is not None:
                await wait_for_any(self._record_failure(failure), self._stop)

    async def _run_once(self) -> BaseException | None:
        """Return what ended the task, None when the stop event did."""
        # As a task of its own: cancelled from within, it is told from this one being cancelled from outside.
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
        """Log and count it; return the seconds to wait."""
        self._failures += 1
        BACKGROUND_TASK_FAILURES.labels(self._task.name).inc()
        seconds = self._backoff.delay_after(self._failures)
        details = {"chore": self._task.name, "again_in": round(seconds, 2), "exc_info": failure}
        if isinstance(failure, _DATABASE_UNAVAILABLE):
            _LOG.warning(LOG_MESSAGES[trouble_of(failure) or DatabaseTrouble.AWAY], alike=True, **details)
        else:
            _LOG.error("a chore failed", **details)
        return seconds
