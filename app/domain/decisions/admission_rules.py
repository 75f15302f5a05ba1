"""Every reason to refuse a request, from the facts about its adviser (section 3).

Sources of the rules: R11, R32 the help article of 01/07/2024 on refusals; R14, R18, R24 that of 19/12/2024 on thematic
modules; R15, R28, R29, R33, R35 the scheme's public site. R1 to R5 are in `in_post`.
"""

from collections.abc import Collection
from dataclasses import dataclass

from app.domain.decisions.in_post import PostOnDay, post_on, post_refusals
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import ccp1_obtained_by
from app.domain.facts.module import ModuleKind, Prerequisite
from app.domain.facts.policy import Policy
from app.domain.facts.registration import Request


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
    """R11: the scheme funds one initial training per adviser; the history of the very training decided is no other."""
    if application.kind is not ModuleKind.INITIAL_TRAINING:
        return None
    others = application.file.entries_other_than(application.request.session)
    if len(others) < application.policy.initial_training.max_funded:
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


def refusals(
    file: AdviserFile, request: Request, policy: Policy, reopened: Collection[Reason] | None = None
) -> tuple[Refusal, ...]:
    """Every reason to refuse, in the order of section 3; none when it is admitted. `reopened` are the only ones looked
    at (section 4.5), None: all."""
    found = _every_refusal(file, request, policy)
    return found if reopened is None else tuple(refusal for refusal in found if refusal.code in reopened)


def _every_refusal(file: AdviserFile, request: Request, policy: Policy) -> tuple[Refusal, ...]:
    application = Application(file, request, policy, post_on(file.contracts, request.session.starts_on))
    if is_mediator_taking_a_module(file, request):
        return tuple(refusal for rule in CATALOGUE_RULES if (refusal := rule(application)))
    others = tuple(refusal for rule in RULES if (refusal := rule(application)))
    return (*post_refusals(application.post), *others)
