"""A load shape: a while at the usual rate, then at ten times as much, with what goes on beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from time import monotonic

from app.clock import utc_now
from app.domain.facts.calendar import civil_date
from app.persistence.administration.client_role import Role
from benchmarks.process_cost import RunningProcess
from benchmarks.rush import background_load
from benchmarks.rush.adviser_stories import AdviserStory
from benchmarks.rush.api_clients import ApiClient, ApiClients
from benchmarks.rush.background_load import until_over
from benchmarks.rush.recorded_answers import UnexpectedAnswerError

USUAL_PART = 0.15  # of the time is played at a tenth of the rate
TENTH = 0.1
MOST_STORIES_AT_ONCE = 64
STATUS_POLLERS, IMPATIENT_CONNECTIONS = 8, 8
LAST_ANSWERS_SECONDS = 60
SAMPLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LoadShape:
    """`play` is what happens to one adviser."""

    name: str
    play: Callable[[AdviserStory], Awaitable[None]]
    registrations_per_story: float
    has_imports: bool


@dataclass(slots=True)
class Played:
    """How many stories were offered and ended well, in how many seconds; `resident_mb` of each process, sampled."""

    offered: int
    ended: int
    seconds: float
    resident_mb: list[list[float]]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the `clients`, and one more `impatient` one; `watched` are the processes whose memory is sampled."""

    clients: ApiClients
    impatient: ApiClient
    watched: list[RunningProcess]


class _Stories:
    """Begins the stories of advisers at a pace; no more than so many at once, as browsers and programs wait, too."""

    def __init__(self, shape: LoadShape, clients: ApiClients, today: date) -> None:
        self._shape, self._clients, self._today = shape, clients, today
        self._free = asyncio.Semaphore(MOST_STORIES_AT_ONCE)
        self._running = set[asyncio.Task[None]]()
        self.begun = self.ended = 0

    async def play(self, first: int, seconds: float, per_second: float) -> None:
        """From adviser number `first` on, so many stories each second of the rush."""
        began = monotonic()
        while (passed := monotonic() - began) < seconds:
            await self._free.acquire()
            task = asyncio.create_task(self._play_one(first + self.begun))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            self.begun += 1
            await asyncio.sleep(1 / (per_second * (TENTH if passed < USUAL_PART * seconds else 1)))
        async with asyncio.timeout(LAST_ANSWERS_SECONDS):
            await asyncio.gather(*self._running)

    async def _play_one(self, number: int) -> None:
        try:
            await self._shape.play(AdviserStory(self._clients, number, self._today))
            self.ended += 1
        except UnexpectedAnswerError:
            return  # it is recorded
        finally:
            self._free.release()


async def _sample_memory(watched: list[RunningProcess], samples: list[list[float]], over: asyncio.Event) -> None:
    while not over.is_set():
        samples.append([process.resident_mb() for process in watched])
        await asyncio.sleep(SAMPLE_SECONDS)


def _beside(shape: LoadShape, cast: Cast, over: asyncio.Event) -> list[Coroutine[None, None, None]]:
    clients = cast.clients
    beside: list[Coroutine[None, None, None]] = [
        background_load.follow_feed(clients.next(Role.PLATFORM), over),
        *(background_load.ask_without_waiting(cast.impatient, over) for _ in range(IMPATIENT_CONNECTIONS)),
        *(background_load.poll_status(clients.next(Role.TRAINING_ORGANISATION), over) for _ in range(STATUS_POLLERS)),
    ]
    if shape.has_imports:
        beside.append(background_load.import_spreadsheets(clients.next(Role.ADMIN), over))
    return beside


async def play_shape(shape: LoadShape, cast: Cast, first: int, seconds: float, per_second: float) -> Played:
    """Play it with advisers from number `first` on; `per_second` is registrations in the rush. Raise TimeoutError."""
    over, samples, began = asyncio.Event(), list[list[float]](), monotonic()
    stories = _Stories(shape, cast.clients, civil_date(utc_now()))
    pace = per_second / shape.registrations_per_story
    async with asyncio.TaskGroup() as group:
        group.create_task(_sample_memory(cast.watched, samples, over))
        for going_on in _beside(shape, cast, over):
            group.create_task(until_over(going_on))
        try:
            await stories.play(first, seconds, pace)
        finally:
            over.set()
    offered = round(pace * seconds * (1 - USUAL_PART + USUAL_PART * TENTH))
    return Played(offered, stories.ended, monotonic() - began, samples)
