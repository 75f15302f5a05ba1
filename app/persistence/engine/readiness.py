"""Whether the database can serve: it answers, has the schema, takes writes, and confirms what is committed."""

import asyncio
from time import monotonic

from app.persistence.engine.connection_pool import ConnectionPool
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS, DatabaseTrouble, DatabaseUnavailable, trouble_of
from app.persistence.engine.driver_types import Row
from app.persistence.engine.schema_revision import newest_revision

PROBE_INTERVAL_SECONDS = 1.0  # between two probes, however many ask
PROBE_TIMEOUT_SECONDS = 2.0

READ_STATE = """SELECT max(version_num) AS revision, EXISTS (SELECT FROM policy) AS policy,
    current_setting('transaction_read_only') = 'on' AS read_only FROM alembic_version"""

# A hundred kilobytes do not fit into 64 kB of memory: the server needs room on its disk, as it does for a row. What is
# committed then is a message in the write-ahead log, of no table: it is confirmed as every commit is.
TRIAL_COMMIT = """SET LOCAL work_mem = '64kB';
WITH filler AS MATERIALIZED (SELECT repeat('.', 1000) AS line FROM generate_series(1, 100)) SELECT count(*) FROM filler;
SELECT pg_logical_emit_message(true, 'registrations', 'ready')"""


class ReadinessProbe:
    """Probes the database on a connection of its own, so that a trial commit that waits takes none from requests."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._probe_task: asyncio.Task[DatabaseTrouble | None] | None = None
        self._probed_at = float("-inf")
        self._is_in_doubt = False
        self._is_committing = False

    async def close(self) -> None:
        if self._probe_task is not None:
            await asyncio.gather(self._probe_task, return_exceptions=True)
        await self._pool.close()

    async def trouble(self) -> DatabaseTrouble | None:
        """What keeps the database from serving; None when nothing does. Takes a little over two seconds at most."""
        if self._probe_task is None or (
            self._probe_task.done() and monotonic() - self._probed_at >= PROBE_INTERVAL_SECONDS
        ):
            self._probed_at = monotonic()
            self._probe_task = asyncio.create_task(self._probe())
        return await asyncio.shield(self._probe_task)

    def mark_in_doubt(self) -> None:
        """Say that a commit was not confirmed: from now on `check` waits for a probe that is."""
        self._is_in_doubt = True

    async def check(self) -> None:
        """Raise DatabaseUnavailable while commits are not confirmed: each would keep a session of the server busy."""
        if self._is_in_doubt and (trouble := await self.trouble()) is not None:
            raise DatabaseUnavailable(trouble)
        self._is_in_doubt = False

    async def _probe(self) -> DatabaseTrouble | None:
        self._is_committing = False
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
                trouble = await self._probe_once()
                # A session lost since the last probe says nothing of the database: a new one does.
                return await self._probe_once() if trouble is DatabaseTrouble.AWAY else trouble
        except TimeoutError:
            return DatabaseTrouble.UNCONFIRMED if self._is_committing else DatabaseTrouble.AWAY

    async def _probe_once(self) -> DatabaseTrouble | None:
        try:
            async with self._pool.acquire() as pooled:
                trouble = _trouble_in(await pooled.connection.fetchrow(READ_STATE))
                if trouble is None:
                    self._is_committing = True
                    await pooled.connection.execute(TRIAL_COMMIT)
                return trouble
        except UNAVAILABLE_ERRORS as failure:
            return trouble_of(failure)


def _trouble_in(found: Row | None) -> DatabaseTrouble | None:
    """What the row of READ_STATE says is wrong. Raise DatabaseUnavailable when the session takes no writes."""
    # The schema is upgraded before the program that needs it: an older program still serves meanwhile.
    if found is None or found["revision"] is None or found["revision"] < newest_revision():
        return DatabaseTrouble.SCHEMA
    if found["read_only"]:
        raise DatabaseUnavailable(DatabaseTrouble.READ_ONLY)
    return None if found["policy"] else DatabaseTrouble.POLICY
