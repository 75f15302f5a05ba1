"""A process that reminds advisers, and kills itself (`kill -9`) at the given step."""

import asyncio
import os
import signal
import sys
from typing import Never

from app.persistence.engine.database import open_database
from app.use_cases.advisers import remind_advisers as reminding
from tests.fake_clock import MORNING

# What it does last; but for the last one, nothing of it is committed.
STEPS = ("insert_new_reminders", "write", "record_progress", "committed")


async def _kill_itself(*_: object) -> Never:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


async def main(url: str, step: str) -> None:
    """Remind two advisers, then end."""
    reminding.BATCH = 2
    if step == "write":
        reminding.registrations.write = _kill_itself  # type: ignore[attr-defined]  # what the module calls
    elif step != "committed":
        setattr(reminding, step, _kill_itself)
    await reminding.remind_next_batch(open_database(url, pool_size=1), MORNING)
    await _kill_itself()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
