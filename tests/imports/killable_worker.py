"""A worker in a process of its own, that dies by `kill -9` while it carries out an import.

Called with the URL of a database, and what it notes last: the how-manieth note, of those within transactions (they are
then lost) or of those after.
"""

import asyncio
import os
import signal
import sys

from app.imports import import_jobs
from app.persistence.administration import imports
from app.persistence.administration.imports import ClaimedImport, LineCounts
from app.persistence.engine.database import Reader, Transaction, open_database
from tests.fake_clock import MORNING

WITHIN, AFTER = "within", "after"


async def _run_until_killed(url: str, moment: str, last: int) -> None:
    noted = 0
    note = imports.record_progress

    async def noted_and_killed(
        reader: Reader, job: ClaimedImport, imported: int = 0, counts: LineCounts | None = None
    ) -> None:
        nonlocal noted
        await note(reader, job, imported, counts)
        noted += isinstance(reader, Transaction) == (moment == WITHIN)
        if noted == last:
            os.kill(os.getpid(), signal.SIGKILL)

    imports.record_progress = noted_and_killed
    await import_jobs.run_next_import(open_database(url, pool_size=1), lambda: MORNING, asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_run_until_killed(sys.argv[1], sys.argv[2], int(sys.argv[3])))
