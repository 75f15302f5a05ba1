"""A person accepts a registration, setting published reasons aside (dérogation, section 5bis)."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.decisions import derogations
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.refusals import Reason
from app.domain.events import EventType
from app.domain.facts.registration_terms import Funding, Payer
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.registrations import registrations
from app.use_cases.changes.change_sets import ChangeSet, DirectChange
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class Derogation:
    """What a person decides, and why. `payer` is who pays when the State does not, None when nobody is named."""

    waived: tuple[Reason, ...]
    funding: Funding
    payer: Payer | None
    motive: str


async def derogate(
    database: Database, registration: UUID, derogation: Derogation, context: RequestContext
) -> ReplayableResponse:
    """Raise NotFound, InvalidTransition, DuplicateRegistration, ReasonsRemain."""
    lock = context.lock_of(registration)
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        return await write_direct_change(tx, await derogation_deed(tx, snapshot, registration, derogation, context))


async def derogation_deed(
    tx: Transaction, snapshot: AdviserSnapshot, registration: UUID, derogation: Derogation, context: RequestContext
) -> ChangeSet:
    """What the derogation changes; an initial training accepted so has the adviser's others decided again.

    Raise InvalidTransition, DuplicateRegistration, ReasonsRemain.
    """
    present = snapshot.registration(registration)
    decided = derogations.Derogation(derogation.waived, derogation.funding, derogation.payer)
    cascade = DecisionCascade(snapshot.file, snapshot.policies).derogate(present, decided)
    cascade = apply_consequences(cascade, snapshot.file, today=context.today, apart_from=present.id)
    set_aside = cascade.decisions[0].decision.waived
    change = DirectChange(
        present.id,
        (EventType.REGISTRATION_DEROGATED,),
        snapshot.registration_row,
        event_data={"waived": [*set_aside]},
    )
    adviser, motive = snapshot.adviser_id, derogation.motive
    await registrations.add_derogation(tx, present.id, adviser, motive, context.now, context.client.id)
    return ChangeSet(snapshot.file, cascade, context, (change,))
