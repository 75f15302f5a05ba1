"""A background task that ends is started again, however it ended; it ends once the stop event is set."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from app.persistence.engine.database_errors import DatabaseTrouble, DatabaseUnavailable, SessionSettingsIgnored
from app.supervisor import BackgroundTask, BackgroundTaskEnded, Backoff, Heartbeat, supervise
from tests.supervision.polling import failure_count, wait_until

NO_BACKOFF = Backoff(initial=0.001, maximum=0.001)
DAY_LONG_BACKOFF = Backoff(initial=86_400.0, maximum=86_400.0)


async def _fail(failure: Exception) -> None:
    raise failure


async def _return() -> None:
    """Return, as if it were done."""


async def _be_cancelled() -> None:
    """Be cancelled from within."""
    asyncio.current_task().cancel()  # type: ignore[union-attr]  # there is one
    await asyncio.sleep(0)


ENDS = {
    "fails": lambda: _fail(ValueError("a file that no rule can read")),
    "runs out of memory": lambda: _fail(MemoryError()),
    "recurses for ever": lambda: _fail(RecursionError()),
    "fails in a group": lambda: _fail(ExceptionGroup("several", [OSError(), ValueError()])),
    "returns": _return,
    "is cancelled from within": _be_cancelled,
}


class FailingThenWorking:
    """A task that ends in this way the first three times, then works until the stop event is set."""

    def __init__(self, end: str) -> None:
        self._end = end
        self.begun = 0
        self.well = asyncio.Event()

    async def run(self, _: Heartbeat) -> None:
        self.begun += 1
        if self.begun <= 3:
            await ENDS[self._end]()
            return
        self.well.set()
        await asyncio.Event().wait()


@asynccontextmanager
async def supervised(*chores: BackgroundTask, backoff: Backoff = NO_BACKOFF) -> AsyncGenerator[asyncio.Event]:
    stop = asyncio.Event()
    running = asyncio.create_task(supervise(chores, stop, backoff))
    yield stop
    stop.set()
    async with asyncio.timeout(10):
        await running


async def within_patience(event: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await event.wait()


@pytest.mark.parametrize("end", ENDS)
async def test_however_a_task_ends_it_is_logged_counted_and_started_again(end: str) -> None:
    patient, before = FailingThenWorking(end), failure_count("patient")
    with capture_logs() as logged:
        async with supervised(BackgroundTask("patient", patient.run, grace=0)):
            await within_patience(patient.well)

    assert (patient.begun, failure_count("patient") - before) == (4, 3)
    assert [line["chore"] for line in logged] == ["patient"] * 3
    assert all(isinstance(line["exc_info"], Exception) for line in logged)


async def test_a_task_that_returns_is_reported_as_ended() -> None:
    patient = FailingThenWorking("returns")
    with capture_logs() as logged:
        async with supervised(BackgroundTask("patient", patient.run, grace=0)):
            await within_patience(patient.well)

    assert isinstance(logged[0]["exc_info"], BackgroundTaskEnded)


async def test_a_task_that_fails_for_ever_stops_no_other() -> None:
    turns, enough = 0, asyncio.Event()

    async def works(heartbeat: Heartbeat) -> None:
        nonlocal turns
        while True:
            turns += 1
            heartbeat()
            if turns == 50:
                enough.set()
            await asyncio.sleep(0.001)

    with capture_logs():
        async with supervised(
            BackgroundTask("ill", lambda _: _fail(OSError()), grace=0), BackgroundTask("well", works, grace=0)
        ):
            await within_patience(enough)


async def test_a_stop_does_not_wait_for_the_backoff() -> None:
    patient = FailingThenWorking("fails")
    with capture_logs() as logged:
        async with supervised(BackgroundTask("patient", patient.run), backoff=DAY_LONG_BACKOFF):
            await wait_until(lambda: bool(logged))

    assert patient.begun == 1


async def test_once_stopped_a_task_ends_by_itself_or_is_cancelled_after_its_grace() -> None:
    ended, begun = list[str](), asyncio.Event()
    async with supervised(
        BackgroundTask("orderly", lambda _: _stops_when_told(stop, ended)),
        BackgroundTask("deaf", lambda _: _ignores_stop(begun, ended), grace=0.05),
    ) as stop:
        await within_patience(begun)

    assert sorted(ended) == ["cancelled", "of itself"]


async def _stops_when_told(stop: asyncio.Event, ended: list[str]) -> None:
    await stop.wait()
    await asyncio.sleep(0.01)
    ended.append("of itself")


async def _ignores_stop(begun: asyncio.Event, ended: list[str]) -> None:
    begun.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise


def test_the_backoff_doubles_up_to_its_maximum() -> None:
    pauses = Backoff(initial=0.5, maximum=10.0)
    lengths = [[pauses.delay_after(failures) for _ in range(50)] for failures in (1, 2, 3, 1000)]

    assert [max(each) <= most for each, most in zip(lengths, (0.5, 1, 2, 10), strict=True)] == [True] * 4
    assert [min(each) >= least for each, least in zip(lengths, (0.25, 0.5, 1, 5), strict=True)] == [True] * 4
    assert len(set(lengths[-1])) > 1


async def test_a_turn_that_succeeds_resets_the_backoff() -> None:
    begun = 0

    async def comes_and_goes(heartbeat: Heartbeat) -> None:
        nonlocal begun
        begun += 1
        if begun in {5, 6}:
            heartbeat()
        raise OSError

    with capture_logs() as logged:
        async with supervised(BackgroundTask("tide", comes_and_goes), backoff=Backoff(initial=0.01, maximum=10.0)):
            await wait_until(lambda: begun == 7)

    assert logged[3]["again_in"] > 2 * logged[4]["again_in"]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OSError(), "the database does not answer"),
        (SessionSettingsIgnored(), "a connection pooler ignored the role"),
        (DatabaseUnavailable(DatabaseTrouble.UNCONFIRMED), "a standby server does not answer"),
    ],
)
async def test_the_log_says_what_the_database_suffers_from(failure: Exception, said: str) -> None:
    with capture_logs() as logged:
        async with supervised(BackgroundTask("ill", lambda _: _fail(failure)), backoff=DAY_LONG_BACKOFF):
            await wait_until(lambda: bool(logged))

    assert said in logged[0]["event"]
