"""What the worker has still to do for sessions, for metrics."""

from datetime import date

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row

MEASURE = """SELECT (SELECT min(requested_at) FROM session_deed WHERE finished_at IS NULL) AS oldest_deed,
    (SELECT count(*) FROM session WHERE seats_waiting > 0 AND seats_taken < capacity AND cancelled_at IS NULL
        AND starts_on > $1) AS to_give"""


async def measure_session_work(reader: Reader, today: date) -> Row:
    """`oldest_deed` is when the oldest deed that is not finished was asked for, None when there is none; `to_give` how
    many sessions have a free seat that somebody waits for."""
    return await reader.one(MEASURE, today) or {}
