"""The other entrance: what is done beside the API. Events get their places; what was kept long enough is forgotten."""

import asyncio

import structlog

from app.clock import utc_now
from app.outbox.sequencer import place_events
from app.persistence.attempts import forget_old_answers
from app.persistence.database import Database
from app.persistence.failures import UNREACHABLE
from app.persistence.sequencing import forget_old_events

EVERY_SECONDS = 600.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.worker")


async def work(database: Database, stop: asyncio.Event) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the work."""
    async with asyncio.TaskGroup() as group:
        group.create_task(place_events(database, utc_now, stop))
        group.create_task(_tidy(database, stop))


async def _tidy(database: Database, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            answers = await forget_old_answers(database, utc_now())
            events = 0
            while forgotten := await forget_old_events(database, utc_now()):
                events += forgotten
            _LOG.info("tidied", answers_forgotten=answers, events_forgotten=events)
        except UNREACHABLE as failure:
            _LOG.warning("the database does not answer", exc_info=failure)
        try:
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue
