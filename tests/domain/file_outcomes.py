"""How a test reads what became of a file's registrations."""

from app.domain.decisions.admission import Decision, Outcome
from app.domain.decisions.decision_cascade import Proceedings
from app.domain.decisions.refusals import Refusal
from app.domain.facts.registration import Funding, Registration, Status
from tests.domain_builders import registration_id


def codes(refusals: tuple[Refusal, ...]) -> list[str]:
    return [refusal.code.value for refusal in refusals]


def said(decision: Decision) -> str:
    """The bucket used, `funded` without one, `unfunded`, `over quota`, or the reasons to refuse."""
    match decision.outcome:
        case Outcome.REFUSED:
            return ", ".join(codes(decision.refusals))
        case Outcome.OVER_QUOTA:
            return "over quota"
        case Outcome.ACCEPTED if decision.funding is Funding.NONE:
            return "unfunded"
        case Outcome.ACCEPTED:
            return decision.unit.rpartition("#")[0] if decision.unit else "funded"


def stands(registration: Registration) -> str:
    """Its unit when it holds one, else its status."""
    if registration.status is Status.ACCEPTED and registration.unit:
        return registration.unit
    return registration.status.value


def standing(proceedings: Proceedings) -> list[str]:
    return [stands(registration) for registration in proceedings.file.registrations]


def ruled_numbers(proceedings: Proceedings) -> list[int]:
    return [ruling.registration_id.int for ruling in proceedings.rulings]


def numbered(proceedings: Proceedings, number: int) -> Registration:
    return next(item for item in proceedings.file.registrations if item.id == registration_id(number))
