"""An adviser's file with the decisions that brought it there: decided, derogated, promoted (section 4)."""

from dataclasses import dataclass, replace
from datetime import date

from app.domain.decisions.admission import Decision, Outcome, decide, decide_past_registration, promote
from app.domain.decisions.derogations import Derogation, derogate
from app.domain.decisions.recorded_decisions import Cause, Facts, RecordedDecision
from app.domain.errors import DuplicateRegistration
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer, RegistrationId, Status


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
        self._check_no_duplicate(registration)
        facts = Facts(self.file.without_registration(registration.id), registration.request)
        take = decide_past_registration if cause is Cause.IMPORT else decide
        decision = take(facts.file, facts.request, self.policies.on(registration.first_day))
        return self.with_decision(registration, RecordedDecision(registration.id, cause, facts, decision))

    def _check_no_duplicate(self, registration: Registration) -> None:
        """Raise DuplicateRegistration."""
        duplicate = self.file.duplicate_of(registration)
        if duplicate is not None:
            raise DuplicateRegistration(duplicate.id, duplicate.request.organisation.id)

    def with_decision(self, registration: Registration, recorded: RecordedDecision) -> "DecisionCascade":
        """The registration as the decision leaves it, the decision recorded."""
        after = apply_decision(registration, recorded.decision)
        return replace(self, file=self.file.with_registration(after), decisions=(*self.decisions, recorded))

    def derogate(self, registration: Registration, derogation: Derogation) -> "DecisionCascade":
        """A person accepts it, setting reasons aside (section 5bis).

        Raise InvalidTransition, DuplicateRegistration, ReasonsRemain.
        """
        registration.check_derogable()
        self._check_no_duplicate(registration)
        facts = Facts(self.file.without_registration(registration.id), registration.request, derogation=derogation)
        decision = derogate(facts.file, facts.request, derogation, self.policies.on(registration.first_day))
        recorded = RecordedDecision(registration.id, Cause.DEROGATION, facts, decision)
        state = self.with_decision(registration, recorded)
        accepted = state.registration(registration.id)
        payer = accepted.payer or derogation.payer
        kept = replace(accepted.request, kept_unfunded=accepted.funding is Funding.NONE and payer is not None)
        return state.with_registration(replace(accepted, derogated=True, payer=payer, request=kept))

    def promote_waiting(self, day: date) -> "DecisionCascade":
        """Give free units to the registrations that wait for a session on `day`, the day of the deed, or later: oldest
        first, each whose session fits one (section 4.4)."""
        state = self
        for registration in self.file.registrations:
            if registration.status is Status.AWAITING_CHOICE and registration.first_day >= day:
                state = state._promote(registration)
        return state

    def _promote(self, registration: Registration) -> "DecisionCascade":
        facts = Facts(self.file.without_registration(registration.id), registration.request)
        decision = promote(facts.file, facts.request, self.policies.on(registration.first_day))
        if decision is None:
            return self
        return self.with_decision(registration, RecordedDecision(registration.id, Cause.PROMOTION, facts, decision))
