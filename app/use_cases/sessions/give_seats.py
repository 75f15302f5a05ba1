"""Give seats that have become free to the first who wait; cancel who still waits on the first day (section 5ter).

A seat that becomes free is not given in the transaction that frees it: the first who waits is another adviser, whose
lock must be taken before that of the session. It cannot be lost: what is to be done is read off the sessions, and
nobody overtakes those who wait meanwhile.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.errors import AdviserAnonymised
from app.domain.events import EventType
from app.domain.facts.calendar import civil_date
from app.domain.facts.registration_terms import CancellationCause, Seat
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.sessions import seats
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.request_context import RequestContext, empty_response
from app.use_cases.sessions.apply_session_deed import cancel_with_session
from app.use_cases.sessions.isolated_failures import StepOutcome, isolated

BATCH = 50
# Nobody asks for it: decisions and the audit log name the service itself.
SERVICE_ITSELF = Client(UUID(int=0), Role.ADMIN, None)


async def give_next_seats(database: Database, now: datetime) -> bool:
    """Give free seats, at most BATCH of them, to the first who wait; return whether one was given.

    Any number of processes may call it: a seat is given to the first who waits once the session is locked.
    """
    found = await seats.seats_to_give(database, civil_date(now), BATCH)
    outcomes = [
        await isolated(partial(_give, database, row["session_id"], row["registration_id"], now), "giveSeat", **row)
        for row in found
    ]
    return StepOutcome.DONE in outcomes


async def _give(database: Database, session: UUID, registration: UUID, now: datetime) -> bool:
    lock, context = AdviserLock(LockTarget.REGISTRATION, registration), _context("giveSeat", now)
    try:
        async with database.transaction(lock, audit_entry=context.audit_entry) as tx:
            await _give_in(tx, await read_snapshot(tx, lock), session, context)
    except (_SomebodyElse, AdviserAnonymised):
        return False  # who is anonymised has left the queue
    return True


async def _give_in(tx: Transaction, snapshot: AdviserSnapshot, session: UUID, context: RequestContext) -> None:
    present = snapshot.registration()
    place = await seats.give(tx, session, present.id, context.now)
    if place is None:
        raise _SomebodyElse
    seated = replace(present, seat=Seat.SEATED)
    cascade = DecisionCascade(snapshot.file, snapshot.policies).with_registration(seated)
    change = DirectChange(seated.id, (EventType.REGISTRATION_SEAT_GIVEN,), snapshot.registration_row)
    await write_change_sets(tx, ChangeSet(snapshot.file, cascade, context, (change,), places={seated.id: place}))


async def cancel_waiting_in_vain(database: Database, now: datetime) -> bool:
    """Cancel who still waits for a seat on the first day, at most BATCH; return whether anybody was. The day of
    the deed is the session's first day, however late this is called."""
    found = await seats.waiting_in_vain(database, civil_date(now), BATCH)
    outcomes = list[StepOutcome]()
    for row in found:
        registration = row["registration_id"]
        step = partial(_cancel, database, registration, row["starts_on"], now)
        outcomes.append(await isolated(step, "cancelWithoutSeat", registration_id=registration))
    return StepOutcome.DONE in outcomes


async def _cancel(database: Database, registration: UUID, first_day: date, now: datetime) -> bool:
    lock, context = AdviserLock(LockTarget.REGISTRATION, registration), _context("cancelWithoutSeat", now)
    with suppress(AdviserAnonymised):  # who has left the queue
        async with database.transaction(lock, audit_entry=context.audit_entry) as tx:
            snapshot = await read_snapshot(tx, lock)
            await _cancel_without_seat(tx, snapshot, first_day, context)
    return True


async def _cancel_without_seat(
    tx: Transaction, snapshot: AdviserSnapshot, first_day: date, context: RequestContext
) -> None:
    """Unless it was given a seat, or is over, meanwhile."""
    present = snapshot.registration()
    if present.seat is not Seat.WAITING:
        return
    change_set = cancel_with_session(snapshot, present, CancellationCause.NO_SEAT, first_day, context)
    if change_set is not None:
        await write_change_sets(tx, change_set)


def _context(action: str, now: datetime) -> RequestContext:
    return RequestContext(SERVICE_ITSELF, now, empty_response, audit_entry=AuditEntry(None, action, None, now))


class _SomebodyElse(Exception):  # noqa: N818  # what happened, not a mistake
    """The seat was given, or somebody else is the first: this transaction is undone."""
