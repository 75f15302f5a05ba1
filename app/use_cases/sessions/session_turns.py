"""Those who want seats of one session take turns within a process: else they would hold all its connections, waiting
for the lock of one row, while registrations to other sessions wait for a connection."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

TURNS_AT_ONCE = 2  # while one commits, the next decides


@dataclass(slots=True)
class Turns:
    """Those of one session, and how many hold or await one."""

    semaphore: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS_AT_ONCE))
    users: int = 0


@dataclass(slots=True)
class SessionTurns:
    """By session; a session without anybody is forgotten."""

    _turns: dict[UUID, Turns] = field(default_factory=dict[UUID, Turns])

    @asynccontextmanager
    async def of(self, session: UUID) -> AsyncGenerator[None, None]:
        """Wait for a turn, first come first served."""
        turns = self._turns.setdefault(session, Turns())
        turns.users += 1
        try:
            async with turns.semaphore:
                yield
        finally:
            turns.users -= 1
            if not turns.users:
                del self._turns[session]
