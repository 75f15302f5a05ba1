"""Show what the rules see of an adviser (the one read that calls the domain)."""

from datetime import date
from uuid import UUID

from app.domain.facts.registration import Registration
from app.domain.record.training_record import TrainingRecord, limited_to, training_record
from app.persistence.advisers import advisers
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.catalogue import read_qualifications, read_supplementary_modules
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.use_cases.request_context import RequestContext


async def show_training_record(
    database: Database, adviser: UUID, *, on: date | None, history: bool, context: RequestContext
) -> tuple[TrainingRecord, tuple[Registration, ...]]:
    """The record on the day `on` (None: today in Paris), and the registrations that the caller may see, in order of
    creation. `history` adds the rights that have expired. A training organisation is shown the contracts of its own
    sessions only. Raise NotFound."""
    day, owner = on or context.today, context.client.training_organisation_id
    if await advisers.read(database.for_tenant(owner), adviser, owner=owner) is None:
        raise NotFound(LockTarget.ADVISER)
    snapshot = await read_snapshot(database, AdviserLock(LockTarget.ADVISER, adviser))
    policy = snapshot.policies.on(day)
    record = training_record(
        snapshot.file,
        await read_qualifications(database),
        await read_supplementary_modules(database),
        policy,
        day,
        history=history,
    )
    seen = tuple(item for item in snapshot.file.registrations if owner in {None, item.request.organisation.id})
    return record if owner is None else limited_to(seen, record, snapshot.file, policy), seen
