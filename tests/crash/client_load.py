"""Clients that retry until they are answered, and a reader that follows the feed."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

from tests.crash.fork_server import TIMEOUT_S
from tests.http_builders import adviser_body, contract_body, registration_body
from tests.live_server import idempotency_headers

# Each on a day of its own: sessions that share one raise each other's version.
SESSIONS = {
    "numerique-responsable": "2025-05-13",
    "cybersecurite": "2025-05-14",
    "intelligence-artificielle": "2025-05-15",
}
ALREADY_THERE = "precondition-required"  # of a PUT whose first answer was lost
RETRYABLE_CODES = {
    "unavailable",
    "outcome-unknown",
    "idempotency-in-flight",
}  # what a client is told that should try again
PAUSE_SECONDS = 0.1


class ClientLoad:
    """`answered` are the first responses to registrations, by idempotency key; `repeated` counts why a request was sent
    again."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.answered = dict[str, dict[str, Any]]()
        self.retries = Counter[str]()
        self.seen = list[str]()
        self._moved = asyncio.Condition()

    async def wait_for_more(self, count: int) -> None:
        """Return once so many more registrations are answered."""
        wanted = len(self.answered) + count
        async with asyncio.timeout(2 * TIMEOUT_S), self._moved:
            await self._moved.wait_for(lambda: len(self.answered) >= wanted)

    async def request_until_answered(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Retry until there is a response, and return it."""
        while True:
            try:
                response = await self._client.request(method, path, **request)
            except httpx.TransportError as failure:
                self.retries[type(failure).__name__] += 1
            else:
                code = "" if response.is_success else response.json()["code"]
                if code in {"", ALREADY_THERE}:
                    return response
                assert code in RETRYABLE_CODES, response.text
                self.retries[code] += 1
            await asyncio.sleep(PAUSE_SECONDS)  # as a client does

    async def register(self, over: asyncio.Event) -> None:
        """One adviser after the other: three modules at once, each requested twice at once; one of them is funded."""
        while not over.is_set():
            adviser = str(uuid4())
            await self.request_until_answered("PUT", f"/v1/advisers/{adviser}", json=adviser_body(id=adviser))
            await self.request_until_answered("PUT", f"/v1/contracts/{uuid4()}", json=contract_body(adviser))
            await asyncio.gather(*(self._register_twice_at_once(adviser, module) for module in SESSIONS))

    async def _register_twice_at_once(self, adviser: str, module: str) -> None:
        headers = idempotency_headers()
        body = registration_body(adviser, module_code=module, starts_on=SESSIONS[module])
        first, second = await asyncio.gather(
            *(self.request_until_answered("POST", "/v1/registrations", json=body, headers=headers) for _ in range(2))
        )
        assert first.content == second.content
        async with self._moved:
            self.answered[headers["Idempotency-Key"]] = first.json()
            self._moved.notify_all()

    async def follow(self, over: asyncio.Event) -> None:
        """Read the feed, to its end once `over` is set."""
        parameters = {"limit": "50"}
        while True:
            is_last = over.is_set()
            read = (
                await self.request_until_answered("GET", "/v1/events", params=parameters, headers={"Prefer": "wait=1"})
            ).json()
            self.seen += [event["id"] for event in read["data"]]
            parameters["after"] = read["next"]
            if is_last and read["up_to_date"]:
                return


@asynccontextmanager
async def load_on(base_url: str, api_key: str) -> AsyncGenerator[ClientLoad]:
    headers, limits = {"Authorization": f"Bearer {api_key}"}, httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=base_url, headers=headers, limits=limits, timeout=TIMEOUT_S) as client:
        yield ClientLoad(client)
