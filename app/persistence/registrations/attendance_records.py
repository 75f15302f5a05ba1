"""Reports of attendance: each is kept, the latest one counts."""

from uuid import UUID

from pydantic import TypeAdapter

from app.domain.decisions.attendance import MissedDay
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row

MISSED_DAYS: TypeAdapter[tuple[MissedDay, ...]] = TypeAdapter(tuple[MissedDay, ...])
MAX_RECORDS = 100

ADD = """INSERT INTO attendance_record (id, registration_id, adviser_id, outcome, motive, note, absences, recorded_at,
    recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
LATEST_FIRST = """SELECT id, outcome, motive, note, absences::text AS absences, recorded_at, recorded_by
FROM attendance_record WHERE registration_id = $1 ORDER BY recorded_at DESC, id DESC LIMIT $2"""


async def add(transaction: Transaction, row: Row) -> None:
    """Insert a report; its `absences` are days missed."""
    values = {**row, "absences": MISSED_DAYS.dump_json(row["absences"]).decode()}
    await transaction.run(ADD, *values.values())


async def read_all(reader: Reader, registration: UUID) -> list[Row]:
    """Latest first: at most MAX_RECORDS."""
    return await reader.many(LATEST_FIRST, registration, MAX_RECORDS)


async def read_latest(reader: Reader, registration: UUID) -> Row | None:
    return await reader.one(LATEST_FIRST, registration, 1)


def missed_days(row: Row) -> tuple[MissedDay, ...]:
    """The days missed that a report lists."""
    return MISSED_DAYS.validate_json(row["absences"])
