"""The library's connection pools, one for each receiver.

A pool looks at all its connections at each request, twice: one for all receivers would double what a delivery costs,
and one that hangs would make the others' dearer.
"""

import ssl
from dataclasses import dataclass
from math import inf
from time import monotonic
from uuid import UUID

from httpcore2 import AsyncConnectionPool, AsyncNetworkBackend

# Longer than a delivery may last: nothing is under way in a pool that nobody asked for since.
IDLE_SECONDS = 20.0


@dataclass(slots=True)
class _Kept:
    """A pool that was last asked for at the monotonic instant `used_at`, in seconds."""

    pool: AsyncConnectionPool
    used_at: float


class ConnectionPools:
    """New connections go through `network`; `trust` says whose certificates are believed."""

    def __init__(self, network: AsyncNetworkBackend, trust: ssl.SSLContext) -> None:
        self._network = network
        self._trust = trust
        self._kept: dict[UUID, _Kept] = {}

    async def to(self, receiver: UUID) -> AsyncConnectionPool:
        """The receiver's pool, for one delivery. Pools that were not asked for in IDLE_SECONDS are closed."""
        now = monotonic()
        kept = self._kept.get(receiver) or _Kept(self._new(), now)
        kept.used_at = now
        self._kept[receiver] = kept
        await self._close(last_used_before=now - IDLE_SECONDS)
        return kept.pool

    async def close(self) -> None:
        await self._close(last_used_before=inf)

    def _new(self) -> AsyncConnectionPool:
        """Without a limit, since the relay bounds what is under way: nobody waits for a connection."""
        return AsyncConnectionPool(
            self._trust, max_connections=None, keepalive_expiry=IDLE_SECONDS, network_backend=self._network
        )

    async def _close(self, last_used_before: float) -> None:
        unused = [receiver for receiver, kept in self._kept.items() if kept.used_at < last_used_before]
        for pool in [self._kept.pop(receiver).pool for receiver in unused]:
            await pool.aclose()
