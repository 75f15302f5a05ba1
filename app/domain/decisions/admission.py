"""The decision on a request: refused with every reason, or accepted, or over the quota (sections 3 and 4).

Source of R25 and R26: the help article of 01/07/2024 on refusals. Those of the reasons to refuse are in
`admission_rules`, those of the funded rights in `entitlements`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from app.domain.decisions.admission_rules import Application, initial_training_already_funded, refusals
from app.domain.decisions.in_post import post_on
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import ModuleKind
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Request
from app.domain.facts.registration_terms import Funding, Payer, Unit
from app.domain.rights.entitlements import choose_bucket, free_unit


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    OVER_QUOTA = "over_quota"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and by which rules. `offered_payers` is empty unless over quota; `waived` are the reasons that
    a person set aside."""

    outcome: Outcome
    policy_version: str
    rules: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()
    funding: Funding | None = None
    unit: Unit | None = None
    offered_payers: tuple[Payer, ...] = ()
    waived: tuple[Reason, ...] = ()


def offered_payers(file: AdviserFile, request: Request) -> tuple[Payer, ...]:
    """R25, R26: the OPCO is offered to the advisers of a private employer only."""
    post = post_on(file.contracts, request.session.starts_on)
    return (Payer.EMPLOYER, Payer.OPCO, Payer.SELF) if post.is_private else (Payer.EMPLOYER, Payer.SELF)


def decide(file: AdviserFile, request: Request, policy: Policy, reopened: Collection[Reason] | None = None) -> Decision:
    """Decide a request. `file` holds the adviser's other registrations, never the one decided; `policy` is the version
    in force on the session's first day. Decided again, only the reasons `reopened` are read; None: all."""
    found = refusals(file, request, policy, reopened)
    return _refused(found, policy) if found else _admitted(file, request, policy)


def decide_past_registration(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """Decide a registration of the past, which an import states. Whoever was trained had been admitted, whatever is
    known of their contracts today: of the reasons to refuse, only the one about funding (R11) is looked at."""
    application = Application(file, request, policy, post_on(file.contracts, request.session.starts_on))
    funded_before = initial_training_already_funded(application)
    return _refused((funded_before,), policy) if funded_before else _admitted(file, request, policy)


def _refused(found: tuple[Refusal, ...], policy: Policy) -> Decision:
    rules = tuple(dict.fromkeys(refusal.code.rule for refusal in found))
    return Decision(Outcome.REFUSED, policy.version, rules, found)


def _admitted(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """The decision when there is no reason to refuse: a thematic module is decided by the quota, all else is funded."""
    match request.module.kind:
        case ModuleKind.INITIAL_TRAINING:
            return Decision(Outcome.ACCEPTED, policy.version, ("R10", "R11"), funding=Funding.STATE)
        case ModuleKind.FULL_TITLE:
            return Decision(Outcome.ACCEPTED, policy.version, ("R32", "R33"), funding=Funding.STATE)
        case ModuleKind.THEMATIC:  # pragma: no branch  # the last kind
            return _fund(file, request, policy)


def _fund(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """Funded with a unit of the bucket that expires first, unfunded, or over quota (section 4)."""
    if not file.adviser.in_scheme:
        return Decision(Outcome.ACCEPTED, policy.version, ("R29",), funding=Funding.NONE)
    if request.kept_unfunded:
        return Decision(Outcome.ACCEPTED, policy.version, ("R25", "R26"), funding=Funding.NONE)
    promotion = promote(file, request, policy)
    if promotion is not None:
        return promotion
    return Decision(
        Outcome.OVER_QUOTA,
        policy.version,
        ("R25", "R26"),
        (Refusal(Reason.MODULE_QUOTA_EXCEEDED),),
        offered_payers=offered_payers(file, request),
    )


def promote(file: AdviserFile, request: Request, policy: Policy) -> Decision | None:
    """Fund a request with a free unit, without looking at the reasons to refuse again (section 4.4); None when no unit
    is free, or to a mediator outside the scheme, who holds no right (R29)."""
    if not file.adviser.in_scheme:
        return None
    bucket = choose_bucket(file, request.module, request.session.starts_on, policy)
    if bucket is None:
        return None
    unit = free_unit(file, bucket)
    return Decision(Outcome.ACCEPTED, policy.version, (bucket.rule,), funding=Funding.STATE, unit=unit)
