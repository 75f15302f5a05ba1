"""The clients of the API that play the load shapes: each keeps within its rate limit by waiting when it is told to."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
from uuid_utils.compat import uuid7

from app.api.identity.api_key_secrets import Pepper, generate_key
from app.clock import utc_now
from app.persistence.administration.api_keys import add_key
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client, add_client
from app.persistence.engine.database import open_database
from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import SECRET
from benchmarks.keep_alive_connections import Answer, KeepAliveConnections
from benchmarks.rush.recorded_answers import RecordedAnswers

TOO_MANY_REQUESTS = 429
_NO_HEADERS: Mapping[str, str] = {}


async def add_api_clients(url: str, counts: Mapping[Role, int]) -> dict[Role, list[str]]:
    """The secrets of the keys of so many new clients of each role."""
    database, pepper = open_database(url, pool_size=1, secrets=(SECRET,)), Pepper((SECRET,))
    secrets: dict[Role, list[str]] = {role: [] for role in counts}
    async with database.transaction() as tx:
        for role, count in counts.items():
            organisation = LA_MEDNUM if role is Role.TRAINING_ORGANISATION else None
            for number in range(count):
                key, client = generate_key(), Client(uuid7(), role, organisation)
                await add_client(tx, client, f"rush {role} {number}", utc_now())
                await add_key(tx, key.id, client.id, pepper.digest(key.secret), expires_at=None, now=utc_now())
                secrets[role].append(key.secret)
    await database.close()
    return secrets


@dataclass(frozen=True, slots=True)
class ApiClient:
    """One client: `secret` is its key."""

    connections: KeepAliveConnections
    secret: str
    answers: RecordedAnswers

    async def send(
        self, kind: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """One request, recorded. Raise UnexpectedAnswerError when there is no answer."""
        sent = {"Authorization": f"Bearer {self.secret}", **headers}
        if body is not None and not isinstance(body, bytes):
            sent["Content-Type"], body = "application/json", orjson.dumps(body)
        began = perf_counter()
        try:
            answer = await self.connections.request(method, path, sent, body or b"")
        except (OSError, TimeoutError) as failure:
            raise self.answers.refuse(kind, repr(failure)) from None
        self.answers.add(kind, answer, perf_counter() - began)
        if answer.status == TOO_MANY_REQUESTS:
            self.answers.limited[kind] += 1
        return answer

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        expected: Collection[int] = (200, 201),
    ) -> Answer:
        """Send until the answer is no 429, each time as late as told. Raise UnexpectedAnswerError."""
        if method == "POST":
            headers = {**headers, "Idempotency-Key": str(uuid4())}
        while True:
            answer = await self.send(kind, method, path, body, headers)
            if answer.status != TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(float(answer.header("Retry-After") or "1"))
        if answer.status not in expected:
            raise self.answers.refuse(kind, f"{answer.status} {answer.body[:300].decode(errors='replace')}")
        return answer


class ApiClients:
    """The clients of all roles, who take turns."""

    def __init__(
        self, connections: KeepAliveConnections, secrets: Mapping[Role, Sequence[str]], answers: RecordedAnswers
    ) -> None:
        self.answers = answers
        self._turns = {
            role: cycle([ApiClient(connections, secret, answers) for secret in found])
            for role, found in secrets.items()
        }

    def next(self, role: Role) -> ApiClient:
        return next(self._turns[role])
