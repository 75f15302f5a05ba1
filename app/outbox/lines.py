"""Connections kept for the next delivery to the same receiver, a pool for each.

One pool for all would look at every idle connection of every receiver, twice for each request.
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import httpcore

IDLE_SECONDS = 20.0


@dataclass(slots=True)
class _Line:
    pool: httpcore.AsyncConnectionPool
    users: int = 0
    used_at: float = 0.0


class Lines:
    def __init__(self, backend: httpcore.AsyncNetworkBackend, trust: ssl.SSLContext) -> None:
        self._backend = backend
        self._trust = trust
        self._lines: dict[UUID, _Line] = {}
        self._swept_at = monotonic()

    @asynccontextmanager
    async def to(self, receiver: UUID) -> AsyncGenerator[httpcore.AsyncConnectionPool]:
        line = self._lines.get(receiver)
        if line is None:
            line = self._lines[receiver] = _Line(self._new_pool())
        line.users += 1
        try:
            yield line.pool
        finally:
            line.users -= 1
            line.used_at = monotonic()
            await self._sweep()

    async def close(self) -> None:
        for line in self._lines.values():
            await line.pool.aclose()

    def _new_pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._trust,
            max_connections=None,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._backend,
        )

    async def _sweep(self) -> None:
        """Close what nobody used for a while: an idle pool does not do so by itself."""
        now = monotonic()
        if now - self._swept_at < IDLE_SECONDS:
            return
        self._swept_at = now
        for receiver, line in [*self._lines.items()]:
            if not line.users and now - line.used_at >= IDLE_SECONDS:
                del self._lines[receiver]
                await line.pool.aclose()
