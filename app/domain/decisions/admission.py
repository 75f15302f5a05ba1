"""The decision: facts in, every reason at once or a funded right out (sections 3 and 4).

Sources of the rules: R11, R25, R26, R32 the help article of 01/07/2024 on refusals; R14, R18, R20 to R24, R27 that of
19/12/2024 on thematic modules; R15, R28, R29, R33, R35 the scheme's public site. R1 to R5 are in `post`.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.decisions.entitlements import choose_bucket, free_unit
from app.domain.decisions.in_post import PostOnDay, post_on, post_refusals
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import ccp1_obtained_by
from app.domain.facts.module import ModuleKind, Prerequisite
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Funding, Payer, Request, Unit


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    OVER_QUOTA = "over_quota"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by which rules. `offered_payers` is empty unless over quota."""

    outcome: Outcome
    policy_version: str
    rules: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()
    funding: Funding | None = None
    unit: Unit | None = None
    offered_payers: tuple[Payer, ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """Every fact the rules may read; `file` is the adviser's, without the registration being decided."""

    file: AdviserFile
    request: Request
    policy: Policy
    post: PostOnDay

    @property
    def kind(self) -> ModuleKind:
        return self.request.module.kind


def initial_training_already_funded(application: Application) -> Refusal | None:
    """R11: the scheme funds one initial training per adviser."""
    if application.kind is not ModuleKind.INITIAL_TRAINING:
        return None
    if len(application.file.entries) < application.policy.initial_training.max_funded:
        return None
    return Refusal(Reason.INITIAL_TRAINING_ALREADY_FUNDED, day=application.file.entered_on)


def initial_training_not_started(application: Application) -> Refusal | None:
    """R18, R18bis, R14: no module before entry into initial training, unless a qualification exempts from it."""
    if application.kind is not ModuleKind.THEMATIC:
        return None
    file, day = application.file, application.request.session.starts_on
    if any(since is not None and since <= day for since in (file.entered_on, file.exempted_on)):
        return None
    return Refusal(Reason.INITIAL_TRAINING_NOT_STARTED, day=file.entered_on)


def ccp1_not_obtained(application: Application) -> Refusal | None:
    """R32: CCP1 comes before the preparation of CCP2 and CCP3."""
    if application.kind is not ModuleKind.FULL_TITLE:
        return None
    day = application.request.reference_date
    if ccp1_obtained_by(application.file.certifications, day):
        return None
    return Refusal(Reason.CCP1_NOT_OBTAINED, day=day)


def employer_agreement_missing(application: Application) -> Refusal | None:
    """R33: the full title is prepared with the employer's agreement."""
    if application.kind is not ModuleKind.FULL_TITLE or application.request.employer_agreement:
        return None
    return Refusal(Reason.EMPLOYER_AGREEMENT_MISSING)


def accreditation_missing(application: Application) -> Refusal | None:
    """R28: the module Aidants Connect asks for the employer's accreditation."""
    contract = application.post.contract
    if application.request.module.prerequisite is not Prerequisite.AIDANTS_CONNECT or contract is None:
        return None
    if contract.aidants_connect_accredited:
        return None
    return Refusal(Reason.ACCREDITATION_MISSING, contract_id=contract.id)


def module_not_available_yet(application: Application) -> Refusal | None:
    """R24: Café IA is deployed from 2025-01-01; any module from the day its catalogue row says."""
    open_from = application.request.module.open_from
    if open_from is None or open_from <= application.request.session.starts_on:
        return None
    return Refusal(Reason.MODULE_NOT_AVAILABLE_YET, day=open_from)


def module_no_longer_available(application: Application) -> Refusal | None:
    """R35: the full title is no longer offered after 2025-10-20; any module after the day its catalogue row says."""
    open_until = application.request.module.open_until
    if open_until is None or application.request.session.starts_on <= open_until:
        return None
    return Refusal(Reason.MODULE_NO_LONGER_AVAILABLE, day=open_until)


def territory_not_covered(application: Application) -> Refusal | None:
    """R15: initial training is registered with the organisation of one's territory; unknown department, not raised."""
    department = application.file.adviser.department
    if application.kind is not ModuleKind.INITIAL_TRAINING or department is None:
        return None
    if application.request.organisation.delivers(ModuleKind.INITIAL_TRAINING, department):
        return None
    return Refusal(Reason.TERRITORY_NOT_COVERED)


def outside_scheme(application: Application) -> Refusal | None:
    """R29: the scheme trains mediators from outside it in thematic modules only, without funding."""
    if application.file.adviser.in_scheme:
        return None
    return Refusal(Reason.OUTSIDE_SCHEME)


RULES = (  # after those of the post, in the order of section 3
    initial_training_already_funded,
    initial_training_not_started,
    ccp1_not_obtained,
    employer_agreement_missing,
    accreditation_missing,
    module_not_available_yet,
    module_no_longer_available,
    territory_not_covered,
    outside_scheme,
)

CATALOGUE_RULES = (module_not_available_yet, module_no_longer_available)


def is_mediator_taking_a_module(file: AdviserFile, request: Request) -> bool:
    """R29: such a request meets no rule but the module's dates, and is never funded."""
    return not file.adviser.in_scheme and request.module.kind is ModuleKind.THEMATIC


def refusals(file: AdviserFile, request: Request, policy: Policy) -> tuple[Refusal, ...]:
    """Every reason to refuse, in the order of section 3; none when it is admitted."""
    application = Application(file, request, policy, post_on(file.contracts, request.session.starts_on))
    if is_mediator_taking_a_module(file, request):
        return tuple(refusal for rule in CATALOGUE_RULES if (refusal := rule(application)))
    others = tuple(refusal for rule in RULES if (refusal := rule(application)))
    return (*post_refusals(application.post), *others)


def offered_payers(file: AdviserFile, request: Request) -> tuple[Payer, ...]:
    """R25, R26: the OPCO is offered to the advisers of a private employer only."""
    post = post_on(file.contracts, request.session.starts_on)
    return (Payer.EMPLOYER, Payer.OPCO, Payer.SELF) if post.is_private else (Payer.EMPLOYER, Payer.SELF)


def decide(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """Decide a request. `file` holds the adviser's other registrations, never the one decided; `policy` is the version
    in force on the session's first day."""
    found = refusals(file, request, policy)
    return _refused(found, policy) if found else _admitted(file, request, policy)


def decide_past_registration(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """Decide a registration of the past as it stands in a file from elsewhere (import). Whoever was trained had been
    admitted, whatever is known of their contracts today: of the reasons, only that which is about funding is left."""
    application = Application(file, request, policy, post_on(file.contracts, request.session.starts_on))
    funded_before = initial_training_already_funded(application)
    return _refused((funded_before,), policy) if funded_before else _admitted(file, request, policy)


def _refused(found: tuple[Refusal, ...], policy: Policy) -> Decision:
    rules = tuple(dict.fromkeys(refusal.code.rule for refusal in found))
    return Decision(Outcome.REFUSED, policy.version, rules, found)


def _admitted(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """No reason raised: funded, or a thematic module of section 4."""
    match request.module.kind:
        case ModuleKind.INITIAL_TRAINING:
            return Decision(Outcome.ACCEPTED, policy.version, ("R10", "R11"), funding=Funding.STATE)
        case ModuleKind.FULL_TITLE:
            return Decision(Outcome.ACCEPTED, policy.version, ("R32", "R33"), funding=Funding.STATE)
        case ModuleKind.THEMATIC:  # pragma: no branch  # the last kind
            return _fund(file, request, policy)


def _fund(file: AdviserFile, request: Request, policy: Policy) -> Decision:
    """Section 4: a unit of the bucket that expires first, or over quota."""
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
    """Fund a request from a free unit without looking at the refusal reasons again (section 4.4); None without one."""
    bucket = choose_bucket(file, request.module, request.session.starts_on, policy)
    if bucket is None:
        return None
    unit = free_unit(file, bucket)
    return Decision(Outcome.ACCEPTED, policy.version, (bucket.rule,), funding=Funding.STATE, unit=unit)
