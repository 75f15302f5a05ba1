"""Whether the database can serve: it answers, has the schema, takes writes, and confirms what is committed."""

import asyncio
from time import monotonic

from app.persistence.engine.connection_pool import Pool
from app.persistence.engine.database_errors import UNREACHABLE, NotReady, Unready, trouble_of
from app.persistence.engine.driver_types import Row
from app.persistence.schema.migrations import newest_revision

APART_SECONDS = 1.0  # between two looks, however many ask
PATIENCE_SECONDS = 2.0

READINESS = """SELECT max(version_num) AS revision, EXISTS (SELECT FROM policy) AS policy,
    current_setting('transaction_read_only') = 'on' AS read_only FROM alembic_version"""

# Sixty-four kilobytes and a few more do not fit into the memory allowed: the server needs room on its disk, as it does
# for a row. What is committed then is a word in its journal, of no table: it is confirmed as every commit is.
TRIAL = """SET LOCAL work_mem = '64kB';
WITH filler AS MATERIALIZED (SELECT repeat('.', 1000) AS line FROM generate_series(1, 100)) SELECT count(*) FROM filler;
SELECT pg_logical_emit_message(true, 'registrations', 'ready')"""


class Readiness:
    """Asked on a connection of its own, so that a commit which waits takes none of those that serve."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._looking: asyncio.Task[Unready | None] | None = None
        self._begun = float("-inf")
        self._is_doubted = False
        self._is_committing = False

    async def close(self) -> None:
        if self._looking is not None:
            await asyncio.gather(self._looking, return_exceptions=True)
        await self._pool.close()

    async def trouble(self) -> Unready | None:
        """What stands in the way; None when nothing does. Within a little over two seconds."""
        if self._looking is None or (self._looking.done() and monotonic() - self._begun >= APART_SECONDS):
            self._begun = monotonic()
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    def doubt(self) -> None:
        """Nobody heard that a commit was done: the next ones begin once it is known that they can be."""
        self._is_doubted = True

    async def check(self) -> None:
        """Raise NotReady while commits are in doubt and not confirmed: each would keep a session of the server busy."""
        if self._is_doubted and (trouble := await self.trouble()) is not None:
            raise NotReady(trouble)
        self._is_doubted = False

    async def _look(self) -> Unready | None:
        self._is_committing = False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                trouble = await self._tried()
                # A session lost since the last look says nothing of the database: a new one does.
                return await self._tried() if trouble is Unready.AWAY else trouble
        except TimeoutError:
            return Unready.UNCONFIRMED if self._is_committing else Unready.AWAY

    async def _tried(self) -> Unready | None:
        try:
            async with self._pool.lend() as lent:
                trouble = _trouble_in(await lent.connection.fetchrow(READINESS))
                if trouble is None:
                    self._is_committing = True
                    await lent.connection.execute(TRIAL)
                return trouble
        except UNREACHABLE as failure:
            return trouble_of(failure)


def _trouble_in(found: Row | None) -> Unready | None:
    """Raise NotReady when the session is of no use: it takes no writes."""
    # The schema is brought forward before the program that needs it: an older program still serves meanwhile.
    if found is None or found["revision"] is None or found["revision"] < newest_revision():
        return Unready.SCHEMA
    if found["read_only"]:
        raise NotReady(Unready.READ_ONLY)
    return None if found["policy"] else Unready.POLICY
