"""Long work runs a few at a time, fewer than there are database connections: quick requests always find one."""

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
MAX_HEAVY_REQUESTS_PER_CLIENT = 2  # in progress at the same time
MAX_WAIT_SECONDS = 3.0

TOO_MANY_HEAVY_REQUESTS = Sentence(
    fr="Trop de demandes longues sont en cours (statistiques, exports, essais, fichiers) : elles se suivent.",
    en="Too many long requests are under way (statistics, exports, dry runs, files): they take turns.",
)

MAX_PROBES = 2  # at the same time: anybody may ask for them, as often as they like

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class ConcurrencyLimit:
    """At most `limit` works at the same time, of which `per_client` for one client."""

    def __init__(self, limit: int = MAX_HEAVY_REQUESTS, per_client: int = MAX_HEAVY_REQUESTS_PER_CLIENT) -> None:
        self._total = asyncio.Semaphore(limit)
        self._per_client = per_client
        self._by_client: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    async def run(self, client: UUID, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do the work. Raise Problem when its turn does not come within MAX_WAIT_SECONDS."""
        of_client = self._by_client.setdefault(client, asyncio.Semaphore(self._per_client))
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(MAX_WAIT_SECONDS):
                    await stack.enter_async_context(of_client)
                    await stack.enter_async_context(self._total)
            except TimeoutError:
                raise Problem("unavailable", TOO_MANY_HEAVY_REQUESTS, headers={"Retry-After": "2"}) from None
            return await work()


def limit_concurrency(probe: Endpoint) -> Endpoint:
    """The same endpoint, MAX_PROBES at the same time: the others wait, for the time limit of a request at most."""
    semaphore = asyncio.Semaphore(MAX_PROBES)

    async def limited(request: Request) -> Response:
        async with semaphore:
            return await probe(request)

    return limited
