"""Decide a refused registration again, when the adviser gives notice that the file is in order (R6)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.events import EventType, event_type_of_decision
from app.domain.facts.plausible_dates import check_fact
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.changes.change_sets import ChangeSet, DirectChange, data_after_the_fact
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class AdviserNotice:
    """The adviser's notice that the file is in order; `on` None: today in Paris. It may bring the employer's
    agreement."""

    on: date | None = None
    employer_agreement: bool = False


async def reexamine(
    database: Database, registration: UUID, notice: AdviserNotice, context: RequestContext
) -> ReplayableResponse:
    """Both the notice and the outcome are announced.

    Raise NotFound, InvalidTransition, ImplausibleDate, SessionEnded, DuplicateRegistration.
    """
    lock, on = context.lock_of(registration), notice.on or context.today
    async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
        snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency)
        check_fact("/notified_on", on, context.today)
        notified = snapshot.registration().with_adviser_notice(on, employer_agreement=notice.employer_agreement)
        cascade = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(notified, Cause.RE_EXAMINATION)
        cascade = apply_consequences(cascade, snapshot.file, today=context.today, day=on, apart_from=notified.id)
        outcome = event_type_of_decision(cascade.registration(notified.id))
        event_types = (EventType.REGISTRATION_REGULARISATION_NOTIFIED, outcome)
        data = data_after_the_fact(notified.first_day, context)
        change = DirectChange(notified.id, event_types, snapshot.registration_row, event_data=data)
        return await write_direct_change(tx, ChangeSet(snapshot.file, cascade, context, (change,)))
