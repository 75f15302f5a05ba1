"""Polling, for what notifies nobody of its change: a metric, a log."""

import asyncio
from collections.abc import Callable, Collection

from app.metrics import REGISTRY

TIMEOUT_S = 20


def failure_count(name: str) -> float:
    return REGISTRY.get_sample_value("background_failures_total", {"chore": name}) or 0.0


def last_turn(name: str) -> float:
    return REGISTRY.get_sample_value("background_last_turn_timestamp_seconds", {"chore": name}) or 0.0


async def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(TIMEOUT_S * 100):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def wait_until_all(names: Collection[str], are: Callable[[str], bool]) -> None:
    """Wait until all are; fail with those that are not."""
    try:
        await wait_until(lambda: all(map(are, names)))
    except TimeoutError:
        assert {name for name in names if not are(name)} == set()


async def wait_until_all_failed_twice(names: Collection[str]) -> None:
    """A second failure shows that the task was started again."""
    before = {name: failure_count(name) for name in names}
    await wait_until_all(names, lambda name: failure_count(name) >= before[name] + 2)
