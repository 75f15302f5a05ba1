"""What is done in the background for one registration after the other: the failure of one keeps none of the others
waiting."""

from collections.abc import Awaitable, Callable
from enum import Enum
from uuid import UUID

import structlog

from app.persistence.engine.database_errors import DatabaseTrouble, InstantTooOld, trouble_of
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from app.persistence.sessions.seats import SessionChangedMeanwhile

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.sessions")

# Nothing was written, or nothing is known of it, and the next turn looks again.
LEFT_TO_NEXT_TURN = (CommitOutcomeUnknown, SessionChangedMeanwhile, InstantTooOld)


class StepOutcome(Enum):
    DONE = "done"
    LEFT = "left"  # to another worker, or to the next turn
    FAILED = "failed"


async def isolated(step: Callable[[], Awaitable[bool]], action: str, **ids: UUID) -> StepOutcome:
    """Take a step, which says whether it did anything. A failure of its own is logged with these ids.

    Raise what is the matter with the database as a whole.
    """
    try:
        return StepOutcome.DONE if await step() else StepOutcome.LEFT
    except LEFT_TO_NEXT_TURN:
        return StepOutcome.LEFT
    except Exception as failure:
        if trouble_of(failure) not in {None, DatabaseTrouble.BUSY}:
            raise
        named = {name: str(value) for name, value in ids.items()}
        _LOG.error("a registration of a session failed", chore=action, **named, exc_info=failure)
        return StepOutcome.FAILED
