"""Carry over to the next year units that an adviser could not use (report de droits, R27)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.entitlements import check_carry_over
from app.domain.events import Event, EventType, Subject, email_recipients
from app.domain.facts.adviser import AdviserId
from app.persistence.advisers import carry_overs
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.idempotency import ReplayableResponse, store_response
from app.use_cases.request_context import RequestContext
from app.use_cases.write_changes import ChangeSet, write_change_sets

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
    """Registrations that wait for such a right are promoted. Raise NotFound, NothingToCarryOver."""
    lock, decided_on = AdviserLock(LockTarget.ADVISER, adviser), grant.decided_on or context.today
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        before = await read_snapshot(tx, lock, idempotency=context.idempotency)
        through = max(context.today, decided_on).year + YEARS_AHEAD
        policy = before.policies.on(decided_on)
        check_carry_over(before.file, grant.bucket, grant.units, policy, through=through)
        row = await carry_overs.add(tx, _carry_over_row(adviser, grant, decided_on, context))
        tx.add_audit_subjects(row["id"])
        after = await read_snapshot(tx, lock)
        event = _carried_over_event(AdviserId(adviser), grant, decided_on)
        cascade = DecisionCascade(after.file, after.policies).promote_waiting(decided_on)
        await write_change_sets(tx, ChangeSet(before.file, cascade, context, events=(event,)))
        return await store_response(tx, context.idempotency, context.render(row))


def _carry_over_row(
    adviser: UUID, grant: CarryOverGrant, decided_on: date, context: RequestContext
) -> dict[str, object]:
    return {
        "id": uuid7(),
        "adviser_id": adviser,
        "bucket": grant.bucket,
        "units": grant.units,
        "motive": grant.motive,
        "decided_on": decided_on,
        "decided_by": context.client.id,
        "created_at": context.now,
    }


def _carried_over_event(adviser: AdviserId, grant: CarryOverGrant, decided_on: date) -> Event:
    return Event(
        EventType.ENTITLEMENT_CARRIED_OVER,
        Subject.ADVISER,
        adviser,
        1,
        adviser,
        None,
        {"bucket": grant.bucket, "units": grant.units, "decided_on": decided_on},
        email_recipients(EventType.ENTITLEMENT_CARRIED_OVER),
    )
