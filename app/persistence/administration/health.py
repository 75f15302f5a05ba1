"""Whether the database can serve, and counts of what waits in it, for probes and metrics."""

from datetime import datetime

from app.persistence.engine.database import Database, Reader
from app.persistence.engine.database_errors import DatabaseTrouble
from app.persistence.engine.listen_notify import WORKER_APPLICATION_NAME
from app.persistence.engine.readers import read_count

OLDEST_UNSEQUENCED = "SELECT occurred_at FROM outbox WHERE sequenced_at IS NULL ORDER BY id LIMIT 1"

COUNT_LANES = """SELECT l.channel, CASE WHEN w.status = 'disabled' THEN 'disabled' WHEN openings = 0 THEN 'closed'
    WHEN open_until > now() THEN 'open' ELSE 'half_open' END AS state, count(*) AS lanes
FROM lane l LEFT JOIN webhook_endpoint w ON w.id = l.id WHERE w.status IS DISTINCT FROM 'deleted' GROUP BY 1, 2"""

COUNT_WORKERS = f"""SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = '{WORKER_APPLICATION_NAME}'"""


async def database_trouble(database: Database) -> DatabaseTrouble | None:
    """What keeps the database from serving; None when it answers, has this program's schema or a newer one and at
    least one policy, takes writes and confirms commits. Takes three seconds at most."""
    return await database.readiness.trouble()


async def count_lanes(reader: Reader) -> dict[tuple[str, str], int]:
    """How many lanes by channel and state of the circuit breaker: closed, open, half_open; or disabled."""
    return {(row["channel"], row["state"]): row["lanes"] for row in await reader.many(COUNT_LANES)}


async def count_workers(reader: Reader) -> int:
    """How many workers are connected to this database."""
    return await read_count(reader, COUNT_WORKERS)


async def oldest_unsequenced(reader: Reader) -> datetime | None:
    """The instant of the oldest event without a position; None when each has one."""
    row = await reader.one(OLDEST_UNSEQUENCED)
    return row["occurred_at"] if row else None
