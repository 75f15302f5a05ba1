"""How a test reads what became of a file's registrations."""

from app.domain.decisions.admission import Decision, Outcome
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.refusals import Refusal
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Status
from tests.domain_builders import registration_id


def refusal_codes(refusals: tuple[Refusal, ...]) -> list[str]:
    return [refusal.code.value for refusal in refusals]


def outcome_label(decision: Decision) -> str:
    """The bucket used, `funded` without one, `unfunded`, `over quota`, or the reasons to refuse."""
    match decision.outcome:
        case Outcome.REFUSED:
            return ", ".join(refusal_codes(decision.refusals))
        case Outcome.OVER_QUOTA:
            return "over quota"
        case Outcome.ACCEPTED if decision.funding is Funding.NONE:
            return "unfunded"
        case Outcome.ACCEPTED:
            return decision.unit.rpartition("#")[0] if decision.unit else "funded"


def unit_or_status(registration: Registration) -> str:
    """Its unit when it holds one, else its status."""
    if registration.status is Status.ACCEPTED and registration.unit:
        return registration.unit
    return registration.status.value


def units_or_statuses(cascade: DecisionCascade) -> list[str]:
    return [unit_or_status(registration) for registration in cascade.file.registrations]


def decided_numbers(cascade: DecisionCascade) -> list[int]:
    return [recorded.registration_id.int for recorded in cascade.decisions]


def registration_numbered(cascade: DecisionCascade, number: int) -> Registration:
    return next(item for item in cascade.file.registrations if item.id == registration_id(number))
