"""What follows from a change: registrations decided again, promoted, made regularisable (sections 4.4 and 4.5)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.domain.decisions.admission import Decision, Outcome, decide, offered_payers, promote, recognise, refusals
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
class Ruling:
    """A decision with its cause and the facts it read: enough to take it again."""

    registration_id: RegistrationId
    cause: Cause
    facts: Facts
    decision: Decision


def replay(cause: Cause, facts: Facts, policies: Policies) -> Decision | None:
    """Take a past decision again from its facts; None when a promotion would not be made."""
    policy = policies.on(facts.request.session.starts_on)
    take = promote if cause is Cause.PROMOTION else _rule_for(cause)
    return take(facts.file, facts.request, policy)


def _rule_for(cause: Cause) -> Callable[[AdviserFile, Request, Policy], Decision]:
    """What decides a registration by itself, whatever waits."""
    return recognise if cause is Cause.IMPORT else decide


def decided(registration: Registration, decision: Decision) -> Registration:
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
class Proceedings:
    """An adviser's file as it stands, and the rulings that brought it there. Each step returns the next state."""

    file: AdviserFile
    policies: Policies
    rulings: tuple[Ruling, ...] = ()

    def registration(self, registration: RegistrationId) -> Registration:
        return next(item for item in self.file.registrations if item.id == registration)

    def having(self, registration: Registration) -> "Proceedings":
        return replace(self, file=self.file.having(registration))

    def ruled(self, registration: Registration, cause: Cause) -> "Proceedings":
        """Decide a registration on the file as it stands, its own unit given back.

        Raises DuplicateRegistration when another active one has its module and first day.
        """
        twin = self.file.twin(registration)
        if twin is not None:
            raise DuplicateRegistration(twin.id, twin.request.organisation.id)
        facts = Facts(self.file.without(registration.id), registration.request)
        decision = _rule_for(cause)(facts.file, facts.request, self.policies.on(registration.first_day))
        return self._with(registration, Ruling(registration.id, cause, facts, decision))

    def _with(self, registration: Registration, ruling: Ruling) -> "Proceedings":
        after = decided(registration, ruling.decision)
        return replace(self, file=self.file.having(after), rulings=(*self.rulings, ruling))

    def decided_again(self, cause: Cause, *, today: date, apart_from: RegistrationId | None = None) -> "Proceedings":
        """Decide again, in order of creation, the accepted and waiting registrations whose session has not started;
        once more when that changed an entry into initial training; then give freed units to those who wait."""
        state = self
        for registration in self.file.registrations:
            if registration.id != apart_from:
                state = state._reconsidered(registration, cause, today)
        if state.file.entries != self.file.entries:
            return state.decided_again(Cause.INITIAL_TRAINING_CHANGED, today=today, apart_from=apart_from)
        return state.promoted()

    def _reconsidered(self, registration: Registration, cause: Cause, today: date) -> "Proceedings":
        waits = registration.status is Status.AWAITING_CHOICE
        if registration.first_day > today and (waits or registration.status is Status.ACCEPTED):
            state = self.ruled(registration, cause)
            return self if state.keeps(registration) else state
        if waits:
            payers = offered_payers(self.file, registration.request)
            return self.having(replace(registration, offered_payers=payers))
        return self

    def keeps(self, registration: Registration) -> bool:
        """Whether it stands as it was, but for the ordinal of its unit."""
        after = self.registration(registration.id)
        same_bucket = after.entitlement == registration.entitlement
        return same_bucket and replace(after, unit=registration.unit) == registration

    def settled(self, before: AdviserFile, *, today: date, apart_from: RegistrationId) -> "Proceedings":
        """What one registration's change brings to the others: all decided again when it changed an entry into initial
        training, those who wait promoted when it gave a unit back."""
        if self.file.entries != before.entries:
            return self.decided_again(Cause.INITIAL_TRAINING_CHANGED, today=today, apart_from=apart_from)
        return self.promoted() if before.held_units - self.file.held_units else self

    def promoted(self) -> "Proceedings":
        """Give free units to the waiting registrations, oldest first, each whose session fits one (section 4.4)."""
        state = self
        for registration in self.file.registrations:
            if registration.status is Status.AWAITING_CHOICE:
                state = state._promoted(registration)
        return state

    def _promoted(self, registration: Registration) -> "Proceedings":
        facts = Facts(self.file.without(registration.id), registration.request)
        decision = promote(facts.file, facts.request, self.policies.on(registration.first_day))
        if decision is None:
            return self
        return self._with(registration, Ruling(registration.id, Cause.PROMOTION, facts, decision))


def newly_regularisable(before: AdviserFile, after: AdviserFile, policies: Policies) -> tuple[Registration, ...]:
    """The refused registrations that a change of the file left without any reason (section 4.5): their adviser is told
    to give notice. Not one whose remaining reason nobody can put right, nor one that an active twin has replaced."""
    found: list[Registration] = []
    for registration in after.registrations:
        if registration.status is not Status.REFUSED:
            continue
        policy, request = policies.on(registration.first_day), registration.request
        was_refused = refusals(before.without(registration.id), request, policy)
        if was_refused and not refusals(after, request, policy) and after.twin(registration) is None:
            found.append(registration)
    return tuple(found)
