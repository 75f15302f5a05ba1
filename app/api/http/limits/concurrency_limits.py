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

MAX_HEAVY_REQUESTS = 4  # per process, of its sixteen connections
MAX_HEAVY_REQUESTS_PER_CLIENT = 2  # client
MAX_WAIT_SECONDS = 3.0

TOO_MANY_HEAVY_REQUESTS = Sentence(
    fr="Trop de demandes longues sont en cours (statistiques, exports, essais, fichiers) : elles se suivent.",
    en="Too many long requests are under way (statistics, exports, dry runs, files): they take turns.",
)

MAX_PROBES = 2  # anybody may ask for them, as often as they like

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class ConcurrencyLimit:
    """`at_once` places, of which a client has `of_one` at most."""

    def __init__(self, limit: int = MAX_HEAVY_REQUESTS, per_client: int = MAX_HEAVY_REQUESTS_PER_CLIENT) -> None:
        self._total = asyncio.Semaphore(limit)
        self._per_client = per_client
        self._by_client: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    async def run(self, client: UUID, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it in a place. Raise Problem when none comes free in time."""
        own = self._by_client.setdefault(client, asyncio.Semaphore(self._per_client))
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(MAX_WAIT_SECONDS):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._total)
            except TimeoutError:
                raise Problem("unavailable", TOO_MANY_HEAVY_REQUESTS, headers={"Retry-After": "2"}) from None
            return await work()


def limit_concurrency(probe: Endpoint) -> Endpoint:
    """The same, so many at once: the others wait for their turn, as long as a request may."""
    places = asyncio.Semaphore(MAX_PROBES)

    async def taking_turns(request: Request) -> Response:
        async with places:
            return await probe(request)

    return taking_turns
