"""A worker in a process of its own, which kills itself with SIGKILL while it carries out an import.

Called with the URL of a database and when to die: after so many records of progress, `within` transactions (which are
then lost) or `after` them.
"""

import asyncio
import os
import signal
import sys

from app.imports import import_jobs
from app.persistence.administration import imports
from app.persistence.administration.import_kind import LineCounts
from app.persistence.administration.imports import ClaimedImport
from app.persistence.engine.database import Reader, Transaction, open_database
from tests.fake_clock import MORNING

WITHIN, AFTER = "within", "after"


async def _run_until_killed(url: str, moment: str, last: int) -> None:
    recorded = 0
    record_progress = imports.record_progress

    async def record_and_die(
        reader: Reader, job: ClaimedImport, imported: int = 0, counts: LineCounts | None = None
    ) -> None:
        nonlocal recorded
        await record_progress(reader, job, imported, counts)
        recorded += isinstance(reader, Transaction) == (moment == WITHIN)
        if recorded == last:
            os.kill(os.getpid(), signal.SIGKILL)

    imports.record_progress = record_and_die
    await import_jobs.run_next_import(open_database(url, pool_size=1), lambda: MORNING, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_run_until_killed(sys.argv[1], sys.argv[2], int(sys.argv[3])))
