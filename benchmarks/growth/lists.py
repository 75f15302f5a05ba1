"""Statistics, lists of what is due, and what the worker does by itself: each within a second, however much there is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from time import monotonic

from app.clock import utc_now
from app.persistence.administration.statistics import Grouping, Measure, Period, count_registrations
from app.persistence.administration.stored_responses import delete_expired_responses
from app.persistence.advisers.personal_data import find_inactive
from app.persistence.engine.database import Database, open_database
from app.persistence.outbox import deliveries, delivery_claims
from app.persistence.outbox.assign_feed_positions import delete_expired_events
from app.persistence.outbox.deliveries import Channel
from app.use_cases.advisers.anonymise_adviser import BEFORE_FIRST
from app.use_cases.advisers.remind_advisers import remind_next_batch
from app.use_cases.notifications.sequence_events import sequence_events
from benchmarks.dataset import SECRET
from benchmarks.growth.database import GrownDatabase

NOW = utc_now()
LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)  # nothing is older: what is deleted by age is looked for, and not found
YEARS = 3
LIST_SECONDS = 1.0
LAST_YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
BY_OUTCOME = (Grouping.STATUS, Grouping.FUNDING)

Work = Callable[[Database], Awaitable[object]]


def _count(*groups: Grouping, period: Period | None = None, measures: tuple[Measure, ...] = ()) -> Work:
    return lambda database: count_registrations(database, period or Period(), groups, measures, owner=None)


LISTS: Mapping[str, Work] = {
    "statistics by month, status and funding": _count(Grouping.MONTH, *BY_OUTCOME),
    "statistics by month of a year": _count(Grouping.MONTH, period=LAST_YEAR),
    "statistics by module, and how many are funded": _count(Grouping.MODULE, measures=(Measure.FUNDED,)),
    "statistics by department": _count(Grouping.DEPARTMENT, measures=(Measure.FUNDED,)),
    "statistics by reason and status": _count(Grouping.REASON, Grouping.STATUS),
    "statistics by what became of those over quota": _count(Grouping.OVER_QUOTA),
    "statistics, medians of everything": _count(measures=tuple(Measure)),
    "reminders, the next hundred advisers": lambda database: remind_next_batch(database, NOW),
    "advisers inactive for years": lambda database: find_inactive(database, NOW, YEARS, BEFORE_FIRST),
    "deliveries that are due": lambda database: delivery_claims.claim(
        database, {Channel.WEBHOOK: 16, Channel.EMAIL: 4}, lane_limit=4
    ),
    "deliveries that wait, counted": deliveries.count_undelivered,
    "events without a position": lambda database: sequence_events(database, NOW),
    "events past their time": lambda database: delete_expired_events(database, LONG_AGO),
    "answers past their time": lambda database: delete_expired_responses(database, LONG_AGO),
}


async def _seconds(url: str, work: Work) -> float:
    database = open_database(url, pool_size=2, secrets=(SECRET,))
    try:
        await work(database)  # the statement is prepared, and what it reads is in memory
        begun = monotonic()
        await work(database)
        return monotonic() - begun
    finally:
        await database.close()


def measure_lists(grown: GrownDatabase) -> dict[str, float]:
    """Seconds, by name; infinity for what the server broke off."""
    found = dict[str, float]()
    for name, work in LISTS.items():
        try:
            found[name] = asyncio.run(_seconds(grown.url, work))
        except Exception as failure:  # noqa: BLE001  # a statement that takes too long is a result
            print(f"{name}: {failure!r}")
            found[name] = float("inf")
    return found
