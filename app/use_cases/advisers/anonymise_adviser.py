"""Anonymise an adviser: what was decided, funded and counted stays, the identity is erased everywhere (section 10).

Nobody can be convened any more: a seat of a session to come is free for the first who waits, who is given it as any
other seat is. Of a session that has begun, it stays taken: it was.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Subject
from app.domain.facts.adviser import AdviserId
from app.domain.facts.calendar import civil_date
from app.persistence.advisers import advisers, personal_data
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import LockTarget, NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.identities.identity_digests import IdentityDigester, get_or_create_digester
from app.persistence.outbox import messages
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.sessions import seats
from app.use_cases.changes.changes_as_rows import event_row
from app.use_cases.errors import PreconditionFailed
from app.use_cases.preconditions import Precondition

BEFORE_FIRST = UUID(int=0)
INACTIVITY_ACTION = "anonymiseInactiveAdviser"  # in the audit log, when no request asked for it


async def anonymise(
    database: Database, adviser: UUID, precondition: Precondition, now: datetime, audit_entry: AuditEntry
) -> None:
    """Anonymise for good; a second time changes nothing. Raise NotFound, PreconditionFailed, PreconditionRequired."""
    digester = await get_or_create_digester(database)
    async with database.transaction(audit_entry=audit_entry) as tx:
        tx.add_audit_subjects(adviser)
        present = await advisers.lock(tx, adviser)
        if present is None:
            raise NotFound(LockTarget.ADVISER)
        precondition.check(present["version"])
        if present["anonymised_at"] is None:
            await _erase(tx, present, digester, now)


@dataclass(slots=True)
class InactivityRound:
    """Goes round all advisers, in the order of their ids, for those inactive for `years`: each statement looks at a
    limited number of them."""

    database: Database
    years: int
    _reached: UUID = BEFORE_FIRST

    async def anonymise_next(self, now: datetime) -> bool:
        """Anonymise the next inactive adviser; return whether there was one before the end of the round."""
        while True:
            found = await personal_data.find_inactive(self.database, now, self.years, self._reached)
            if found["id"] is not None:
                await _anonymise_inactive(self.database, found, now)
            self._reached = found["reached"] or BEFORE_FIRST  # not past one whom a failure left as they are
            if found["id"] is not None:
                return True
            if found["reached"] is None:
                return False


async def _anonymise_inactive(database: Database, inactive: Row, now: datetime) -> None:
    expected = Precondition(frozenset({inactive["version"]}))
    with suppress(PreconditionFailed):  # not inactive any more
        await anonymise(database, inactive["id"], expected, now, AuditEntry(None, INACTIVITY_ACTION, None, now))


async def _erase(transaction: Transaction, present: Row, digester: IdentityDigester, now: datetime) -> None:
    adviser = AdviserId(present["id"])
    row = await personal_data.erase(transaction, present, digester, now)
    # Nothing about them changes any more: nobody is to wait behind them, nor for a seat that they will not take.
    await seats.leave_for_good(transaction, adviser, civil_date(now), now)
    await messages.skip_emails_about(transaction, adviser)
    event = Event(
        EventType.ADVISER_ANONYMISED,
        Subject.ADVISER,
        adviser,
        row["version"],
        adviser,
        None,
        {"anonymised_on": civil_date(now)},
        email_recipients(EventType.ADVISER_ANONYMISED),
    )
    await registrations.write(transaction, Changes(events=[event_row(event, now)]))
