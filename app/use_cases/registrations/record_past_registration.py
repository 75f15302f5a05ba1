"""Record a registration of the past, whose session was held before this service knew of it (import).

Its unit counts in the ledger and its training in the training record. Nobody is notified of it; what it changes for
coming sessions is decided and announced as usual.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.admission import Outcome
from app.domain.decisions.attendance import attended
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.decisions.refusals import Refusal
from app.domain.errors import SessionNotStarted
from app.domain.events import EventType
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration, Request, new_registration
from app.domain.facts.registration_terms import Attendance, Funding, Payer, RegistrationId, Status
from app.use_cases.changes.change_sets import DirectChange
from app.use_cases.request_context import RequestContext

EVENT_TYPES = {
    Status.COMPLETED: EventType.REGISTRATION_COMPLETED,
    Status.ABSENT_JUSTIFIED: EventType.REGISTRATION_ABSENCE_RECORDED,
    Status.ABSENT_UNJUSTIFIED: EventType.REGISTRATION_ABSENCE_RECORDED,
    Status.CANCELLED: EventType.REGISTRATION_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class HistoricalRegistration:
    """A registration as an imported file states it. `attendance` None: it was cancelled before its first day.

    `funding` is what had been agreed, None when that is not known. `columns` are those that no rule reads.
    """

    request: Request
    attendance: Attendance | None
    funding: Funding | None
    payer: Payer | None
    cancelled_on: date | None = None
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])
    id: UUID = field(default_factory=uuid7)

    @property
    def status(self) -> Status:
        return Status(self.attendance) if self.attendance is not None else Status.CANCELLED


class HistoricalRegistrationRefused(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The rules contradict what the file states: `refusals` say why, or `funding` what they would have granted."""

    def __init__(self, refusals: tuple[Refusal, ...], funding: Funding | None) -> None:
        super().__init__("not recognised")
        self.refusals = refusals
        self.funding = funding


def is_already_recorded(file: AdviserFile, historical: HistoricalRegistration) -> bool:
    """Whether the file has it already, with the same end and funding."""
    payer = Payer.STATE if historical.funding is Funding.STATE else historical.payer
    return any(
        item.status is historical.status
        and (item.funding is None or (item.funding, item.payer) == (historical.funding, payer))
        for item in registrations_of_same_session(file, historical)
    )


def registrations_of_same_session(file: AdviserFile, historical: HistoricalRegistration) -> tuple[Registration, ...]:
    """Those of the same module and first day, in any state."""
    request = historical.request
    return tuple(
        item
        for item in file.registrations
        if item.request.module.code == request.module.code and item.first_day == request.session.starts_on
    )


def record_historical_registration(
    state: DecisionCascade, historical: HistoricalRegistration, context: RequestContext
) -> tuple[DecisionCascade, DirectChange]:
    """Return the state that counts it, and its own change.

    Raise SessionNotStarted, SessionStarted, DuplicateRegistration, HistoricalRegistrationRefused.
    """
    if context.today < historical.request.session.starts_on:
        raise SessionNotStarted(historical.request.session.starts_on)
    before = state.file
    kept = historical.funding is Funding.NONE and before.adviser.in_scheme
    request = replace(historical.request, kept_unfunded=kept)
    new = replace(new_registration(RegistrationId(historical.id), request, context.now), payer=historical.payer)
    state = state.decide_registration(new, Cause.IMPORT)
    agreed, decision = state.registration(new.id), state.decisions[-1].decision
    if decision.outcome is Outcome.REFUSED or (decision.outcome is Outcome.OVER_QUOTA and historical.attendance):
        raise HistoricalRegistrationRefused(decision.refusals, None)
    if historical.funding is not None and agreed.funding is not historical.funding:
        raise HistoricalRegistrationRefused(decision.refusals, agreed.funding)
    state = state.with_registration(_ended(agreed, historical, state.policies, context.today))
    columns = {"cancelled_on": historical.cancelled_on, **historical.columns}
    change = DirectChange(new.id, (EVENT_TYPES[historical.status],), columns=columns, is_history=True)
    day = historical.cancelled_on or new.first_day
    return apply_consequences(state, before, today=context.today, day=day, apart_from=new.id), change


def _ended(agreed: Registration, historical: HistoricalRegistration, policies: Policies, today: date) -> Registration:
    """Raise SessionStarted, SessionNotStarted."""
    if historical.attendance is None:
        on = historical.cancelled_on or agreed.first_day
        return agreed.cancelled(on, today=today, regularisation=True)
    return attended(agreed, historical.attendance, policies.on(agreed.first_day), today=today)
