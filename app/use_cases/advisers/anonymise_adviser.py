"""Forget who an adviser is: what was decided, funded and counted stays, the person is nowhere any more (section 10)."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from app.domain.events import Event, EventType, Subject, written_to
from app.domain.facts.adviser import AdviserId
from app.persistence import registrations
from app.persistence.advisers import personal_data
from app.persistence.advisers.identity_digests import Digester, digester_of
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Missing, Target
from app.persistence.engine.transactions.audit_entries import Trace
from app.persistence.engine.upsert import ADVISERS
from app.persistence.outbox import messages
from app.persistence.registrations import Changes
from app.use_cases.civil_date import civil_date
from app.use_cases.errors import Stale
from app.use_cases.preconditions import Expected
from app.use_cases.write_outcome import event_row

BY_AGE = "anonymiseInactiveAdviser"  # in the audit log, where nobody asked


async def anonymise(database: Database, adviser: UUID, expected: Expected, now: datetime, trace: Trace) -> None:
    """For good; once is enough. Raise Missing, Stale, PreconditionMissing."""
    digester = await digester_of(database)
    async with database.transaction(trace=trace) as tx:
        tx.concerns(adviser)
        present = await ADVISERS.read(tx, adviser, locking=True)
        if present is None:
            raise Missing(Target.ADVISER)
        expected.check(present["version"])
        if present["anonymised_at"] is None:
            await _forget(tx, present, digester, now)


async def anonymise_an_inactive_adviser(database: Database, now: datetime, years: int) -> bool:
    """Whether there was one left to anonymise after so many years without anything."""
    inactive = await personal_data.find_inactive(database, now, years)
    if inactive is None:
        return False
    expected = Expected(frozenset({inactive["version"]}))
    with suppress(Stale):  # not inactive any more
        await anonymise(database, inactive["id"], expected, now, Trace(None, BY_AGE, None, now))
    return True


async def _forget(transaction: Transaction, present: Row, digester: Digester, now: datetime) -> None:
    adviser = AdviserId(present["id"])
    row = await personal_data.erase(transaction, present, digester, now)
    await messages.skip_those_about(transaction, adviser)
    told = Event(
        EventType.ADVISER_ANONYMISED,
        Subject.ADVISER,
        adviser,
        row["version"],
        adviser,
        None,
        {"anonymised_on": civil_date(now)},
        written_to(EventType.ADVISER_ANONYMISED),
    )
    await registrations.write(transaction, Changes(events=[event_row(told, now)]))
