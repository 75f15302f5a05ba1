"""A derogation (dérogation): a person's decision that sets published reasons aside (section 5bis)."""

from dataclasses import dataclass

from app.domain.decisions.admission import Decision, Outcome, decide
from app.domain.decisions.refusals import Reason
from app.domain.errors import ReasonsRemain
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Request
from app.domain.facts.registration_terms import Funding, Payer
from app.domain.rights.buckets import DEROGATION
from app.domain.rights.entitlements import lowest_free


@dataclass(frozen=True, slots=True)
class Derogation:
    """The reasons that a person sets aside, and who pays; `payer` is None when the State does or nobody is named."""

    waived: tuple[Reason, ...]
    funding: Funding
    payer: Payer | None = None


def derogate(file: AdviserFile, request: Request, derogation: Derogation, policy: Policy) -> Decision:
    """Accept a request although reasons stand. `file` holds the adviser's other registrations. Funded, it holds a unit
    of a bucket of its own, so that ledgers tell it from rights.

    Raise ReasonsRemain when one stands that is not set aside.
    """
    standing = tuple(refusal.code for refusal in decide(file, request, policy).refusals)
    remaining = tuple(code for code in standing if code not in derogation.waived)
    if remaining:
        raise ReasonsRemain(remaining)
    return Decision(
        Outcome.ACCEPTED,
        policy.version,
        tuple(dict.fromkeys(code.rule for code in standing)),
        funding=derogation.funding,
        unit=lowest_free(DEROGATION, file.held_units) if derogation.funding is Funding.STATE else None,
        waived=standing,
    )
