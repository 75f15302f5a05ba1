"""Carry over to the next year units that an adviser could not use (report de droits, R27)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.event_recipients import email_recipients
from app.domain.events import Event, EventType, Subject
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import CarryOver
from app.domain.facts.plausible_dates import check_fact
from app.domain.rights.carry_overs import carry_over
from app.persistence.advisers import carry_overs
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.use_cases.changes.change_sets import ChangeSet
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.request_context import RequestContext

YEARS_AHEAD = 1


@dataclass(frozen=True, slots=True)
class CarryOverGrant:
    """A carry-over as the support decides it; `decided_on` None: today in Paris."""

    bucket: str
    units: int
    motive: str
    decided_on: date | None


async def grant_carry_over(
    database: Database, adviser: UUID, grant: CarryOverGrant, context: RequestContext
) -> ReplayableResponse:
    """Registrations that wait for such a right are promoted.

    Raise NotFound, ImplausibleDate, OutsideScheme, NothingToCarryOver, TooLateToCarryOver.
    """
    lock = AdviserLock(LockTarget.ADVISER, adviser)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        before = await read_snapshot(tx, lock, idempotency=context.idempotency)
        row = await _store_grant(tx, before, grant, context)
        await write_change_sets(tx, await _consequences(tx, lock, before, row, context))
        return await store_response(tx, context.idempotency, context.render(row))


async def carry_over_deed(
    tx: Transaction, lock: AdviserLock, snapshot: AdviserSnapshot, granted: CarryOverGrant, context: RequestContext
) -> ChangeSet:
    """The same within the transaction of another use case, which holds the lock and writes what is returned."""
    row = await _store_grant(tx, snapshot, granted, context)
    return await _consequences(tx, lock, snapshot, row, context)


async def _store_grant(
    tx: Transaction, snapshot: AdviserSnapshot, grant: CarryOverGrant, context: RequestContext
) -> Row:
    check_fact("/decided_on", grant.decided_on, context.today)
    decided_on = grant.decided_on or context.today
    carried = carry_over(
        snapshot.file,
        grant.bucket,
        grant.units,
        snapshot.policies.on(decided_on),
        decided_on=decided_on,
        through=context.today.year + YEARS_AHEAD,
    )
    row = await carry_overs.add(tx, _carry_over_row(snapshot.adviser_id, carried, grant.motive, decided_on, context))
    tx.add_audit_subjects(row["id"])
    return row


async def _consequences(
    tx: Transaction, lock: AdviserLock, before: AdviserSnapshot, row: Row, context: RequestContext
) -> ChangeSet:
    """Whoever waits for such a right is promoted; the file is read again, with all that the transaction wrote."""
    after = await read_snapshot(tx, lock)
    cascade = DecisionCascade(after.file, after.policies).promote_waiting(row["decided_on"])
    return ChangeSet(before.file, cascade, context, events=(_carried_over_event(before.adviser_id, row),))


def _carry_over_row(
    adviser: AdviserId, carried: CarryOver, motive: str, decided_on: date, context: RequestContext
) -> dict[str, object]:
    return {
        "id": uuid7(),
        "adviser_id": adviser,
        "bucket": carried.bucket,
        "units": carried.units,
        "motive": motive,
        "decided_on": decided_on,
        "decided_by": context.client.id,
        "created_at": context.now,
        "valid_from": carried.opens_on,
        "valid_until": carried.expires_on,
    }


def _carried_over_event(adviser: AdviserId, row: Row) -> Event:
    return Event(
        EventType.ENTITLEMENT_CARRIED_OVER,
        Subject.ADVISER,
        adviser,
        1,
        adviser,
        None,
        {name: row[name] for name in ("bucket", "units", "decided_on", "valid_from", "valid_until")},
        email_recipients(EventType.ENTITLEMENT_CARRIED_OVER),
    )
