"""The other entrance: what is done on a clock, beside the API. For now, answers past their promise are forgotten."""

import asyncio
import logging

from app.clock import utc_now
from app.persistence.attempts import forget_old_answers
from app.persistence.database import Database
from app.persistence.failures import UNREACHABLE

EVERY_SECONDS = 600.0

_LOG = logging.getLogger("app.worker")


async def work(database: Database, stop: asyncio.Event) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the work."""
    while not stop.is_set():
        try:
            forgotten = await forget_old_answers(database, utc_now())
            _LOG.info("answers forgotten: %d", forgotten)
        except UNREACHABLE as failure:
            _LOG.warning("the database does not answer: %s", type(failure).__name__)
        try:
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue
