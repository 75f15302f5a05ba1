"""The adviser over quota keeps the registration without funding, or cancels it (R26)."""

from uuid import UUID

from app.domain.decisions.decision_cascade import DecisionCascade
from app.domain.events import EventType
from app.domain.facts.registration import Chooser, Payer
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext
from app.use_cases.write_outcome import DirectChange, write_direct_change


async def keep_unfunded(
    database: Database, registration: UUID, payer: Payer, context: RequestContext, chooser: Chooser
) -> ReplayableResponse:
    """`chooser` is told to everybody. Raise Missing, InvalidTransition, PayerNotOffered."""
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        kept = snapshot.registration().kept(payer)
        change = DirectChange(
            kept.id,
            (EventType.REGISTRATION_KEPT_UNFUNDED,),
            snapshot.registration_row,
            event_data={"chosen_by": chooser},
        )
        return await write_direct_change(
            tx,
            snapshot.file,
            DecisionCascade(snapshot.file, snapshot.policies).with_registration(kept),
            change,
            context,
        )


async def decline_over_quota(
    database: Database, registration: UUID, context: RequestContext, chooser: Chooser
) -> ReplayableResponse:
    """`chooser` is told to everybody. Raise Missing, InvalidTransition."""
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        declined = snapshot.registration().declined()
        columns, said = {"cancelled_on": context.today}, {"chosen_by": chooser}
        change = DirectChange(
            declined.id, (EventType.REGISTRATION_CANCELLED,), snapshot.registration_row, columns, said
        )
        return await write_direct_change(
            tx,
            snapshot.file,
            DecisionCascade(snapshot.file, snapshot.policies).with_registration(declined),
            change,
            context,
        )
