"""What a process that was killed, or a request that was given up, leaves to the server to undo."""

import asyncio

from app.persistence.engine.database import Database

# As the owner: who acts as a role of the service is not shown what other sessions do.
STATEMENTS_UNDER_WAY = """SELECT count(*) AS number FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""


async def wait_until_idle(owner: Database) -> None:
    """Return once no other session of this database is in a transaction; what leaked would stay."""
    row = await owner.one(STATEMENTS_UNDER_WAY)
    while row and row["number"]:
        await asyncio.sleep(0.05)
        row = await owner.one(STATEMENTS_UNDER_WAY)
