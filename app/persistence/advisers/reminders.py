"""The reminders sent to advisers, once each, and the progress of the daily round that finds them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from app.persistence.engine.database import Transaction
from app.persistence.engine.driver_types import Row

BEFORE_FIRST = UUID(int=0)

# One worker at a time holds the row; the others skip it. A worker whose clock is a day behind finds nothing to do.
CLAIM_ROUND = f"""WITH mine AS (
    SELECT id FROM reminder_round WHERE day < $1 OR (day = $1 AND reached IS NOT NULL) FOR UPDATE SKIP LOCKED
)
UPDATE reminder_round r SET day = $1, reached = CASE WHEN r.day < $1 THEN '{BEFORE_FIRST}' ELSE r.reached END
FROM mine WHERE r.id = mine.id RETURNING r.reached"""

RECORD_PROGRESS = "UPDATE reminder_round SET reached = $1"

INSERT_REMINDERS = """INSERT INTO reminder (adviser_id, key, told_at)
SELECT g.adviser_id, g.key, $3 FROM unnest($1::uuid[], $2::text[]) AS g (adviser_id, key)
ON CONFLICT DO NOTHING RETURNING adviser_id, key"""

# Of each registration that waits, the decision that asked: the first since any other outcome. Its personal link is
# valid, and says the same last day as the message that asked.
FIND_AWAITED_CHOICES = """SELECT DISTINCT ON (r.id) r.id AS registration_id, k.id AS decision_id,
    (k.decided_at AT TIME ZONE 'Europe/Paris')::date AS asked_on
FROM registration r JOIN decision k ON k.registration_id = r.id AND k.outcome = 'over_quota'
WHERE r.adviser_id = ANY($1) AND r.status = 'awaiting_choice' AND NOT EXISTS (
    SELECT FROM decision l WHERE l.registration_id = r.id AND l.outcome <> k.outcome
        AND (l.decided_at, l.id) > (k.decided_at, k.id))
ORDER BY r.id, k.decided_at, k.id"""


async def claim_round(transaction: Transaction, day: date) -> UUID | None:
    """Claim the round of this day until the transaction ends: the id of the adviser to go on after. None when the day
    is done, or another worker holds it."""
    row = await transaction.one(CLAIM_ROUND, day)
    return row["reached"] if row else None


async def awaited_choices(transaction: Transaction, advisers: Sequence[UUID]) -> list[Row]:
    """The choices over quota that wait for an answer of these advisers: registration, decision that asked, and day."""
    return await transaction.many(FIND_AWAITED_CHOICES, [*advisers])


async def record_progress(transaction: Transaction, adviser: UUID | None) -> None:
    """Store the last adviser checked; None when the day is done."""
    await transaction.run(RECORD_PROGRESS, adviser)


async def insert_new_reminders(
    transaction: Transaction, reminders: Sequence[tuple[UUID, str]], now: datetime
) -> frozenset[tuple[UUID, str]]:
    """Insert these (adviser, key), and return those that were not there."""
    if not reminders:
        return frozenset()
    advisers, keys = zip(*reminders, strict=True)
    rows = await transaction.many(INSERT_REMINDERS, list(advisers), list(keys), now)
    return frozenset((row["adviser_id"], row["key"]) for row in rows)
