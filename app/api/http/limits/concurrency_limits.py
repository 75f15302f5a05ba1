"""Work that takes long has places of its own, fewer than there are connections: what is quick always finds one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response

from app.api.http.problems.problem_details import Problem
from app.wording.languages import Sentence

HEAVY_AT_ONCE = 4  # per process, of its sixteen connections
HEAVY_OF_ONE = 2  # client
WAIT_SECONDS = 3.0

CROWDED = Sentence(
    fr="Trop de demandes longues sont en cours (statistiques, exports, essais, fichiers) : elles se suivent.",
    en="Too many long requests are under way (statistics, exports, dry runs, files): they take turns.",
)

PROBES_AT_ONCE = 2  # anybody may ask for them, as often as they like

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class Share:
    """`at_once` places, of which a client has `of_one` at most."""

    def __init__(self, at_once: int = HEAVY_AT_ONCE, of_one: int = HEAVY_OF_ONE) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._of_one = of_one
        self._own: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    async def carry_out(self, client: UUID, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it in a place. Raise Problem when none comes free in time."""
        own = self._own.setdefault(client, asyncio.Semaphore(self._of_one))
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._all)
            except TimeoutError:
                raise Problem("unavailable", CROWDED, headers={"Retry-After": "2"}) from None
            return await work()


def few_at_once(probe: Endpoint) -> Endpoint:
    """The same, so many at once: the others wait for their turn, as long as a request may."""
    places = asyncio.Semaphore(PROBES_AT_ONCE)

    async def taking_turns(request: Request) -> Response:
        async with places:
            return await probe(request)

    return taking_turns
