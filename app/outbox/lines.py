"""Connections kept for the next delivery to the same place: the one given back last is lent first.

The library's own pool walks through its connections several times for each request.
"""

import ssl
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic

from httpcore import URL, AsyncHTTPConnection, AsyncNetworkBackend

IDLE_SECONDS = 20.0


class Lines:
    def __init__(self, backend: AsyncNetworkBackend, trust: ssl.SSLContext) -> None:
        self._backend = backend
        self._trust = trust
        self._free: defaultdict[str, list[AsyncHTTPConnection]] = defaultdict(list)
        self._swept_at = monotonic()

    @asynccontextmanager
    async def to(self, url: str) -> AsyncGenerator[AsyncHTTPConnection]:
        """Lend a connection, for one request."""
        origin = URL(url).origin
        place = str(origin)
        line = await self._kept(place) or AsyncHTTPConnection(
            origin, self._trust, keepalive_expiry=IDLE_SECONDS, network_backend=self._backend
        )
        try:
            yield line
        finally:
            if line.is_available():
                self._free[place].append(line)
            else:
                await line.aclose()
            await self._sweep()

    async def close(self) -> None:
        for lines in self._free.values():
            for line in lines:
                await line.aclose()

    async def _kept(self, place: str) -> AsyncHTTPConnection | None:
        """One that the other side has not closed meanwhile."""
        while free := self._free[place]:
            line = free.pop()
            if not line.has_expired():
                return line
            await line.aclose()
        return None

    async def _sweep(self) -> None:
        """Close what nobody used for a while."""
        now = monotonic()
        if now - self._swept_at < IDLE_SECONDS:
            return
        self._swept_at = now
        for place, lines in [*self._free.items()]:
            expired = [line for line in lines if line.has_expired()]
            self._free[place] = [line for line in lines if line not in expired]
            for line in expired:
                await line.aclose()
            if not self._free[place]:
                del self._free[place]
