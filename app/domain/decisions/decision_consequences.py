"""What follows from a change: registrations decided again, promoted, made regularisable (sections 4.4 and 4.5)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.domain.decisions.admission import (
    Decision,
    Outcome,
    decide,
    decide_past_registration,
    offered_payers,
    promote,
)
from app.domain.decisions.admission_rules import refusals
from app.domain.errors import DuplicateRegistration
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies, Policy
from app.domain.facts.registration import Funding, Payer, Registration, RegistrationId, Request, Status


class Cause(StrEnum):
    """Why a decision was taken."""

    REQUEST = "request"
    RE_EXAMINATION = "re_examination"
    RESCHEDULED = "rescheduled"
    FILE_CHANGED = "file_changed"
    INITIAL_TRAINING_CHANGED = "initial_training_changed"
    PROMOTION = "promotion"
    IMPORT = "import"
    """Its session was held before this service knew of it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision read, but the policy that its version names."""

    file: AdviserFile
    request: Request


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """A decision with its cause and the facts it read: enough to take it again."""

    registration_id: RegistrationId
    cause: Cause
    facts: Facts
    decision: Decision


def replay(cause: Cause, facts: Facts, policies: Policies) -> Decision | None:
    """Take a past decision again from its facts; None when a promotion would not be made."""
    policy = policies.on(facts.request.session.starts_on)
    take = promote if cause is Cause.PROMOTION else _decider_for(cause)
    return take(facts.file, facts.request, policy)


def _decider_for(cause: Cause) -> Callable[[AdviserFile, Request, Policy], Decision]:
    """The function that decides a registration for this cause; a promotion has its own."""
    return decide_past_registration if cause is Cause.IMPORT else decide


def apply_decision(registration: Registration, decision: Decision) -> Registration:
    """The registration as the decision leaves it."""
    request = registration.request
    match decision.outcome:
        case Outcome.ACCEPTED:
            status, payer = Status.ACCEPTED, registration.payer if request.kept_unfunded else None
            payer = Payer.STATE if decision.funding is Funding.STATE else payer
        case Outcome.REFUSED:
            status, payer, request = Status.REFUSED, None, replace(request, kept_unfunded=False)
        case Outcome.OVER_QUOTA:  # pragma: no branch  # the last outcome
            status, payer = Status.AWAITING_CHOICE, None
    return replace(
        registration,
        request=request,
        status=status,
        funding=decision.funding,
        payer=payer,
        unit=decision.unit,
        offered_payers=decision.offered_payers,
    )


@dataclass(frozen=True, slots=True)
class DecisionCascade:
    """An adviser's file as it stands, and the decisions that brought it there. Each step returns the next state."""

    file: AdviserFile
    policies: Policies
    decisions: tuple[RecordedDecision, ...] = ()

    def registration(self, registration: RegistrationId) -> Registration:
        return next(item for item in self.file.registrations if item.id == registration)

    def with_registration(self, registration: Registration) -> "DecisionCascade":
        return replace(self, file=self.file.with_registration(registration))

    def decide_registration(self, registration: Registration, cause: Cause) -> "DecisionCascade":
        """Decide a registration on the file as it stands, its own unit given back.

        Raise DuplicateRegistration when another active one has its module and first day.
        """
        duplicate = self.file.duplicate_of(registration)
        if duplicate is not None:
            raise DuplicateRegistration(duplicate.id, duplicate.request.organisation.id)
        facts = Facts(self.file.without_registration(registration.id), registration.request)
        decision = _decider_for(cause)(facts.file, facts.request, self.policies.on(registration.first_day))
        return self._with_decision(registration, RecordedDecision(registration.id, cause, facts, decision))

    def _with_decision(self, registration: Registration, recorded: RecordedDecision) -> "DecisionCascade":
        after = apply_decision(registration, recorded.decision)
        return replace(self, file=self.file.with_registration(after), decisions=(*self.decisions, recorded))

    def reconsider_all(
        self, cause: Cause, *, today: date, apart_from: RegistrationId | None = None
    ) -> "DecisionCascade":
        """Decide again, in order of creation, the accepted and waiting registrations whose session has not started;
        once more when that changed an entry into initial training; then give freed units to those who wait."""
        state = self
        for registration in self.file.registrations:
            if registration.id != apart_from:
                state = state._reconsider(registration, cause, today)
        if state.file.entries != self.file.entries:
            return state.reconsider_all(Cause.INITIAL_TRAINING_CHANGED, today=today, apart_from=apart_from)
        return state.promote_waiting()

    def _reconsider(self, registration: Registration, cause: Cause, today: date) -> "DecisionCascade":
        waits = registration.status is Status.AWAITING_CHOICE
        if registration.first_day > today and (waits or registration.status is Status.ACCEPTED):
            state = self.decide_registration(registration, cause)
            return self if state.leaves_unchanged(registration) else state
        if waits:
            payers = offered_payers(self.file, registration.request)
            return self.with_registration(replace(registration, offered_payers=payers))
        return self

    def leaves_unchanged(self, registration: Registration) -> bool:
        """Whether it stands as it was, but for the ordinal of its unit."""
        after = self.registration(registration.id)
        same_bucket = after.entitlement == registration.entitlement
        return same_bucket and replace(after, unit=registration.unit) == registration

    def apply_consequences(self, before: AdviserFile, *, today: date, apart_from: RegistrationId) -> "DecisionCascade":
        """What one registration's change brings to the others: all decided again when it changed an entry into initial
        training, those who wait promoted when it gave a unit back."""
        if self.file.entries != before.entries:
            return self.reconsider_all(Cause.INITIAL_TRAINING_CHANGED, today=today, apart_from=apart_from)
        return self.promote_waiting() if before.held_units - self.file.held_units else self

    def promote_waiting(self) -> "DecisionCascade":
        """Give free units to the waiting registrations, oldest first, each whose session fits one (section 4.4)."""
        state = self
        for registration in self.file.registrations:
            if registration.status is Status.AWAITING_CHOICE:
                state = state._promote(registration)
        return state

    def _promote(self, registration: Registration) -> "DecisionCascade":
        facts = Facts(self.file.without_registration(registration.id), registration.request)
        decision = promote(facts.file, facts.request, self.policies.on(registration.first_day))
        if decision is None:
            return self
        return self._with_decision(registration, RecordedDecision(registration.id, Cause.PROMOTION, facts, decision))


def newly_regularisable(before: AdviserFile, after: AdviserFile, policies: Policies) -> tuple[Registration, ...]:
    """The refused registrations that a change of the file left without any reason to refuse (section 4.5): their
    adviser is told to give notice. One that an active duplicate has replaced is left out."""
    found: list[Registration] = []
    for registration in after.registrations:
        if registration.status is not Status.REFUSED:
            continue
        policy, request = policies.on(registration.first_day), registration.request
        was_refused = refusals(before.without_registration(registration.id), request, policy)
        if was_refused and not refusals(after, request, policy) and after.duplicate_of(registration) is None:
            found.append(registration)
    return tuple(found)
