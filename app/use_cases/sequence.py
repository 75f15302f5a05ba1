"""Give committed events their place in the feeds, in an order that no reader can be surprised by."""

from datetime import datetime

from app.domain.events import TOLD_TO_ALL_CONCERNED
from app.persistence import sequencing
from app.persistence.database import Database, OutcomeUnknown


async def sequence(database: Database, now: datetime) -> int:
    """Place the events that wait, at most a batch of them; return how many, 0 when none waits or another is at it.

    Harmless anywhere at any time: whoever comes second leaves, and a process that dies here leaves nothing half done.
    """
    if not await sequencing.is_waiting(database):
        return 0
    try:
        async with database.transaction() as tx:
            if not await sequencing.take_turn(tx):
                return 0
            return await sequencing.number(tx, TOLD_TO_ALL_CONCERNED, now)
    except OutcomeUnknown:
        return 0  # they have their places or still wait for them: whoever looks next sees which
