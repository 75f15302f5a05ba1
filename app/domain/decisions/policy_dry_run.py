"""What another version of the policy would change: open registrations decided again under both, nothing stored."""

from dataclasses import dataclass
from datetime import date

from app.domain.decisions.admission import decide
from app.domain.decisions.decision_consequences import DecisionCascade, apply_decision
from app.domain.decisions.reconsideration import decide_all_again
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Funding, Registration, RegistrationId, Status


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rules leave a registration; `entitlement` is the bucket of its unit."""

    status: Status
    funding: Funding | None
    entitlement: str | None
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An open registration that two policies decide differently; `status` is the one it has."""

    registration_id: RegistrationId
    adviser_id: AdviserId
    status: Status
    before: Standing
    after: Standing


def differences(file: AdviserFile, present: Policies, proposed: Policies, *, today: date) -> tuple[Difference, ...]:
    """In order of creation. Accepted and waiting registrations are decided again as after any change (section 4.5); a
    refused one as its adviser's notice, which alone reopens it, would have it decided (R6)."""
    concerned = _open(file, today)
    before, after = (_standings(file, concerned, policies, today) for policies in (present, proposed))
    return tuple(
        Difference(item.id, file.adviser.id, item.status, before[item.id], after[item.id])
        for item in concerned
        if before[item.id] != after[item.id]
    )


def _open(file: AdviserFile, today: date) -> list[Registration]:
    """Those whose session has not started: accepted, waiting, or refused and not replaced by an active duplicate."""
    to_come = [item for item in file.registrations if item.first_day > today]
    active = {Status.ACCEPTED, Status.AWAITING_CHOICE}
    return [item for item in to_come if item.status in active or _is_re_examinable(file, item)]


def _is_re_examinable(file: AdviserFile, registration: Registration) -> bool:
    return registration.status is Status.REFUSED and file.duplicate_of(registration) is None


def _standings(
    file: AdviserFile, concerned: list[Registration], policies: Policies, today: date
) -> dict[RegistrationId, Standing]:
    state = decide_all_again(DecisionCascade(file, policies), today=today)
    return {item.id: _standing(state, state.registration(item.id)) for item in concerned}


def _standing(state: DecisionCascade, registration: Registration) -> Standing:
    refusals: tuple[Refusal, ...] = ()
    if registration.status is Status.REFUSED:
        policy = state.policies.on(registration.first_day)
        decision = decide(state.file.without_registration(registration.id), registration.request, policy)
        registration, refusals = apply_decision(registration, decision), decision.refusals
    elif registration.status is Status.AWAITING_CHOICE:
        refusals = (Refusal(Reason.MODULE_QUOTA_EXCEEDED),)
    return Standing(registration.status, registration.funding, registration.entitlement, refusals)
