"""What is still to be done: events without a position, deliveries, imports."""

import asyncio
from dataclasses import asdict, dataclass
from time import monotonic

import asyncpg

COUNT = """SELECT (SELECT count(*) FROM outbox WHERE sequenced_at IS NULL) AS unsequenced,
    (SELECT count(*) FROM delivery WHERE channel = 'webhook' AND state IN ('due', 'in_flight')) AS webhooks,
    (SELECT count(*) FROM delivery WHERE channel = 'email' AND state IN ('due', 'in_flight')) AS emails,
    (SELECT count(*) FROM import_job WHERE status IN ('waiting', 'running')) AS imports,
    (SELECT count(*) FROM delivery WHERE state = 'dead') AS given_up"""
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Queues:
    """How many of each wait, and how many deliveries were given up."""

    unsequenced: int
    webhooks: int
    emails: int
    imports: int
    given_up: int

    @property
    def are_drained(self) -> bool:
        return not any((self.unsequenced, self.webhooks, self.emails, self.imports))

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in asdict(self).items())


async def count_queues(connection: "asyncpg.Connection[asyncpg.Record]") -> Queues:
    row = await connection.fetchrow(COUNT)
    return Queues(**dict(row or {}))


async def wait_until_drained(url: str, seconds: float) -> tuple[float, Queues]:
    """How long it took, at most `seconds`, and what is left then."""
    connection, began = await asyncpg.connect(url), monotonic()
    try:
        while True:
            queues, passed = await count_queues(connection), monotonic() - began
            if queues.are_drained or passed >= seconds:
                return passed, queues
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await connection.close()
