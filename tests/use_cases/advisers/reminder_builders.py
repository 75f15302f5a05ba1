"""Advisers who have reminders due, and rounds of reminders."""

from datetime import datetime
from uuid import UUID

from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.use_cases.advisers.remind_advisers import remind_next_batch
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import a_contract, an_adviser, day

# Two months after the end of initial training, both exams are due: on 30 June. The first year ends on 3 August.
ENTERED_ON, ENDED_ON, DUE_ON = day("2025-08-03"), day("2026-04-30"), day("2026-06-30")


async def an_adviser_to_remind(database: Database) -> UUID:
    """An adviser with both exams due, and two units of the first year left."""
    adviser = await an_adviser(database, initial_training_entered_on=ENTERED_ON, initial_training_ended_on=ENDED_ON)
    await a_contract(database, adviser)
    return adviser


async def remind_until_done(database: Database, now: datetime = MORNING) -> int:
    """Remind until the round is complete, or another process has it; return the number of batches."""
    looks = 1
    while await remind_next_batch(database, now):
        looks += 1
    return looks


async def reminder_events(database: Database) -> list[Row]:
    """The events of reminders, in the order of their positions."""
    return await database.many(
        "SELECT * FROM outbox WHERE type IN ('certification.due', 'entitlement.expiring') ORDER BY id"
    )
