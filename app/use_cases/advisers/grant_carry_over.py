"""Give back, for the next year, units that an adviser could not use (report de droits, R27)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.decision_cascade import Proceedings
from app.domain.decisions.entitlements import check_carry_over
from app.domain.events import Event, EventType, Subject, written_to
from app.persistence.advisers import carry_overs
from app.persistence.advisers.adviser_files import read_dossier
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import Lock, Target
from app.persistence.engine.transactions.idempotency import Answer, remember
from app.use_cases.request_context import Asked
from app.use_cases.write_outcome import Conclusion, conclude

YEARS_AHEAD = 1


@dataclass(frozen=True, slots=True)
class Report:
    """A carry-over as the support desk decides it; `decided_on` defaults to today in Paris."""

    bucket: str
    units: int
    motive: str
    decided_on: date | None


async def carry_over(database: Database, adviser: UUID, report: Report, asked: Asked) -> Answer:
    """Whoever waits for such a right is promoted. Raise Missing, NothingToCarryOver."""
    lock, decided_on = Lock(Target.ADVISER, adviser), report.decided_on or asked.today
    async with database.transaction(lock, asked.attempt, asked.trace) as tx:
        before = await read_dossier(tx, lock, attempt=asked.attempt)
        through = max(asked.today, decided_on).year + YEARS_AHEAD
        policy = before.policies.on(decided_on)
        check_carry_over(before.file, report.bucket, report.units, policy, through=through)
        row = await carry_overs.add(
            tx,
            {
                "id": uuid7(),
                "adviser_id": adviser,
                "bucket": report.bucket,
                "units": report.units,
                "motive": report.motive,
                "decided_on": decided_on,
                "decided_by": asked.client.id,
                "created_at": asked.now,
            },
        )
        tx.concerns(row["id"])
        after = await read_dossier(tx, lock)
        told = Event(
            EventType.ENTITLEMENT_CARRIED_OVER,
            Subject.ADVISER,
            adviser,
            1,
            after.adviser_id,
            None,
            {"bucket": report.bucket, "units": report.units, "decided_on": decided_on},
            written_to(EventType.ENTITLEMENT_CARRIED_OVER),
        )
        proceedings = Proceedings(after.file, after.policies).promoted()
        await conclude(tx, Conclusion(before.file, proceedings, asked, events=(told,)))
        return await remember(tx, asked.attempt, asked.worded(row))
