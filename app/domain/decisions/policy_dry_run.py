"""What another version of the policy would change: open registrations decided again under both, nothing stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from app.domain.decisions.admission import decide
from app.domain.decisions.decision_consequences import DecisionCascade, apply_decision
from app.domain.decisions.reconsideration import decide_all_again
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser import AdviserId
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, RegistrationId, Status
from app.domain.facts.training_organisation import TrainingOrganisationId

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the rules leave a registration; `entitlement` is the bucket of its unit."""

    status: Status
    funding: Funding | None
    entitlement: str | None
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An open registration that two policies decide differently; `status` is the one it has, `department` the
    adviser's, None when unknown."""

    registration_id: RegistrationId
    adviser_id: AdviserId
    department: str | None
    organisation_id: TrainingOrganisationId
    status: Status
    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True)
class Totals:
    """How many people and registrations some differences concern, and the units of rights that these registrations hold
    under either policy. A refused one holds none: only its adviser's notice could bring it back."""

    people: int
    registrations: int
    units_before: int
    units_after: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of all differences, of each department (None: unknown) and of each training organisation, in the order of
    their codes and ids."""

    whole: Totals
    by_department: Mapping[str | None, Totals]
    by_organisation: Mapping[TrainingOrganisationId, Totals]


def summarise(found: Sequence[Difference]) -> Summary:
    return Summary(
        _totals(found),
        _totals_by(found, lambda item: item.department),
        _totals_by(found, lambda item: item.organisation_id),
    )


def _totals(found: Sequence[Difference]) -> Totals:
    holding = [item for item in found if item.status is not Status.REFUSED]
    return Totals(
        people=len({item.adviser_id for item in found}),
        registrations=len(found),
        units_before=sum(item.before.entitlement is not None for item in holding),
        units_after=sum(item.after.entitlement is not None for item in holding),
    )


def _totals_by(found: Iterable[Difference], key: Callable[[Difference], Key]) -> dict[Key, Totals]:
    groups: dict[Key, list[Difference]] = {}
    for item in found:
        groups.setdefault(key(item), []).append(item)
    return {value: _totals(groups[value]) for value in sorted(groups, key=lambda value: (value is None, str(value)))}


def differences(file: AdviserFile, present: Policies, proposed: Policies, *, today: date) -> tuple[Difference, ...]:
    """In order of creation. Accepted and waiting registrations are decided again as after any change (section 4.5); a
    refused one as its adviser's notice, which alone reopens it, would have it decided (R6)."""
    concerned = _open(file, today)
    before, after = (_standings(file, concerned, policies, today) for policies in (present, proposed))
    return tuple(
        _difference(file, item, before[item.id], after[item.id])
        for item in concerned
        if before[item.id] != after[item.id]
    )


def _difference(file: AdviserFile, item: Registration, before: Standing, after: Standing) -> Difference:
    organisation = item.request.organisation.id
    return Difference(item.id, file.adviser.id, file.adviser.department, organisation, item.status, before, after)


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
