"""A worker beside a served demonstration, in a thread of its own."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread

from app.imports.import_jobs import run_import_queue
from app.outbox.session_loop import run_sessions
from app.persistence.engine.database import open_database
from tests.fake_clock import MORNING
from tests.live_server import PEPPER


@contextmanager
def a_worker(url: str) -> Generator[None]:
    """It runs imports, and what concerns whole sessions, until the block ends."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        database = open_database(url, pool_size=4, secrets=PEPPER.secrets)
        async with asyncio.TaskGroup() as group:
            for run in (run_import_queue, run_sessions):
                group.create_task(run(database, lambda: MORNING, stop))
        await database.close()

    thread = Thread(target=lambda: loop.run_until_complete(work()))
    thread.start()
    yield
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()
