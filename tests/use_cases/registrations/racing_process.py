"""One of several processes that register the same advisers under the same keys, in batches.

python -m tests.use_cases.registrations.racing_process DATABASE_URL SEED [--without-the-version]
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from app.persistence import registration_batches
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.engine.transactions.idempotency import AlreadyCompleted
from app.persistence.engine.transactions.transaction_errors import RequestInFlight
from app.persistence.registration_batches import FileRequest
from app.use_cases.registrations.register_in_batches import RegistrationBatches
from tests.use_cases.registrations.batch_builders import a_batch_context
from tests.use_cases.use_case_builders import FIRST_DAY, a_new_registration

REGISTRATIONS_OF_EACH = 5
AT_ONCE = 48
PROCESSES = 2
SECONDS_TO_DECIDE = 0.03
TRY_AGAIN: tuple[type[Exception], ...] = (
    RequestInFlight,
    *UNAVAILABLE_ERRORS,
)  # the other process has it, or all connections are lent
COMPARED = "AND a.file_version = decided.file_version"


async def race(url: str, seed: int) -> None:
    """Register each adviser five times, each under its key, in an order of this process's own."""
    database = open_database(url)
    batches, turn = RegistrationBatches(database), asyncio.Semaphore(AT_ONCE)
    people = [row["id"] for row in await database.many("SELECT id FROM adviser ORDER BY id")]
    wanted = [(adviser, number) for adviser in people for number in range(REGISTRATIONS_OF_EACH)]
    Random(seed).shuffle(wanted)  # noqa: S311  # an order, not a secret

    async def register(adviser: UUID, number: int) -> None:
        key = f"{adviser}-{number}"
        async with turn:
            while True:
                try:
                    await batches.register(
                        a_new_registration(adviser, FIRST_DAY + timedelta(number)), a_batch_context(key, key)
                    )
                except AlreadyCompleted:
                    return
                except TRY_AGAIN:
                    await asyncio.sleep(0.01)

    await both_are_here(database)
    await asyncio.gather(*(register(*each) for each in wanted))
    await batches.close()
    await database.close()


async def both_are_here(database: Database) -> None:
    """Wait for the other process: on a busy machine one would have ended before the other has started."""
    await database.one("INSERT INTO racing_process DEFAULT VALUES")
    while len(await database.many("SELECT FROM racing_process")) < PROCESSES:  # noqa: ASYNC110  # another process
        await asyncio.sleep(0.01)


def decide_slowly() -> None:
    """Let the other process write between what is read here and what is written."""
    genuine = registration_batches.read_files

    async def read_files(connection: AsyncpgConnection, requests: Sequence[FileRequest]) -> list[Row]:
        rows = await genuine(connection, requests)
        await asyncio.sleep(SECONDS_TO_DECIDE)
        return rows

    registration_batches.read_files = read_files


def ignore_the_version() -> None:
    genuine = registration_batches.WRITE
    registration_batches.WRITE = genuine.replace(COMPARED, "")
    assert genuine != registration_batches.WRITE


if __name__ == "__main__":
    decide_slowly()
    if sys.argv[3:] == ["--without-the-version"]:
        ignore_the_version()
    asyncio.run(race(sys.argv[1], int(sys.argv[2])))
