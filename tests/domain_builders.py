"""Builders of domain values. Their defaults admit: a test names only what it is about."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.recorded_decisions import Cause
from app.domain.facts.adviser import Adviser, AdviserId, InitialTraining
from app.domain.facts.adviser_file import AdviserFile, CarryOver
from app.domain.facts.calendar import Dated, first_day, last_day
from app.domain.facts.certification import Certification, CertificationOutcome, Qualification, QualificationCode
from app.domain.facts.contract import AdministrativeFile, Contract, ContractId, LegalForm
from app.domain.facts.module import Module, ModuleCode, ModuleKind, Prerequisite
from app.domain.facts.policy import (
    AttendancePolicy,
    CertificationPolicy,
    CivilYear,
    InitialTrainingPolicy,
    OverQuota,
    Policies,
    Policy,
    Requests,
    Supplementary,
    Support,
    TwoModules,
)
from app.domain.facts.published_session import PublishedSession
from app.domain.facts.registration import Registration, Request, new_registration
from app.domain.facts.registration_terms import Funding, Payer, RegistrationId, Seat, Status, Unit
from app.domain.facts.session import Session, SessionFormat, SessionId
from app.domain.facts.training_organisation import (
    Territory,
    TrainingDelivery,
    TrainingOrganisation,
    TrainingOrganisationId,
)

day: Final = date.fromisoformat

ENTERED_ON: Final = day("2022-03-14")
HIRED_ON: Final = day("2022-01-10")
FILED_ON: Final = day("2022-01-17")
REQUESTED_ON: Final = day("2025-04-01")
FIRST_DAY: Final = day("2025-05-13")
POLICY_FROM: Final = day("2024-01-01")
CUT_OFF: Final = day("2024-01-01")
OPENED_AT: Final = datetime(2025, 4, 1, 8, tzinfo=UTC)

ADVISER_ID: Final = AdviserId(UUID(int=4_000))
ORGANISATION_ID: Final = TrainingOrganisationId(UUID(int=5_000))
SESSION_ID: Final = SessionId(UUID(int=6_000))

REMN_CCP1: Final = Qualification(
    QualificationCode("remn-ccp1"),
    (),
    exempts_from_initial_training=True,
    valid_from=day("2019-07-13"),
    valid_until=day("2025-07-12"),
)
REMN_CCP2: Final = Qualification(QualificationCode("remn-ccp2"), (), exempts_from_initial_training=False)
REMN: Final = Qualification(
    QualificationCode("remn"),
    (QualificationCode("remn-ccp1"), QualificationCode("remn-ccp2"), QualificationCode("remn-ccp3")),
    exempts_from_initial_training=True,
)
MEDIATEUR_CCP1: Final = Qualification(
    QualificationCode("mediateur-numerique-ccp1"),
    (),
    exempts_from_initial_training=True,
    valid_from=day("2025-07-13"),
)
CATIC: Final = Qualification(QualificationCode("catic"), (), exempts_from_initial_training=True)
PIX: Final = Qualification(QualificationCode("pix"), (), exempts_from_initial_training=False)


def contract_id(number: int) -> ContractId:
    return ContractId(UUID(int=number))


def registration_id(number: int) -> RegistrationId:
    return RegistrationId(UUID(int=number))


def a_contract(
    *,
    number: int = 1,
    starts_on: date = HIRED_ON,
    ends_on: date | None = None,
    terminated_on: date | None = None,
    renews: int | None = None,
    legal_form: LegalForm = LegalForm.PUBLIC,
    accredited: bool = False,
    missing: Collection[str] = (),
) -> Contract:
    """`missing` names the facts of the administrative file that the employer has not given yet."""
    file = AdministrativeFile(
        ds_filed="ds_file_number" not in missing,
        contract_uploaded_on=None if "contract_uploaded_on" in missing else FILED_ON,
        validated_on=None if "validated_on" in missing else FILED_ON,
    )
    return Contract(
        id=contract_id(number),
        starts_on=starts_on,
        ends_on=ends_on,
        terminated_on=terminated_on,
        renews_contract_id=None if renews is None else contract_id(renews),
        legal_form=legal_form,
        aidants_connect_accredited=accredited,
        file=file,
    )


def a_certification(
    qualification: Qualification = CATIC,
    *,
    outcome: CertificationOutcome = CertificationOutcome.OBTAINED,
    on: date = day("2020-06-30"),  # noqa: B008  # a date never changes
) -> Certification:
    return Certification(qualification, outcome, on)


def a_carry_over(
    bucket: str = "civil_year:2025", units: int = 1, *, opens_on: date | None = None, expires_on: date | None = None
) -> CarryOver:
    """Its window is that of the year after the bucket's; of a first year, that of one entered on 15 April 2024."""
    year = int(bucket.partition(":")[2]) + 1 if ":" in bucket else 2026
    opening = first_day(year) if ":" in bucket else day("2025-04-16")
    return CarryOver(bucket, units, opens_on or opening, expires_on or last_day(year))


def a_file(
    *,
    entered_on: date | None = ENTERED_ON,
    ended_on: date | None = None,
    department: str | None = "35",
    in_scheme: bool = True,
    contracts: tuple[Contract, ...] | None = None,
    certifications: tuple[Certification, ...] = (),
    registrations: tuple[Registration, ...] = (),
    carry_overs: Mapping[str, int] | None = None,
) -> AdviserFile:
    """`entered_on` and `ended_on` are those of the imported initial training; `carry_overs` are units by bucket."""
    history = InitialTraining(entered_on, ended_on) if entered_on else None
    return AdviserFile(
        Adviser(ADVISER_ID, department, in_scheme=in_scheme, initial_training=history),
        (a_contract(),) if contracts is None else contracts,
        certifications,
        registrations,
        tuple(a_carry_over(bucket, units) for bucket, units in (carry_overs or {}).items()),
    )


def a_module(
    code: str = "thematic-a",
    *,
    kind: ModuleKind = ModuleKind.THEMATIC,
    open_from: date | None = None,
    open_until: date | None = None,
    supplementary: bool = False,
    prerequisite: Prerequisite = Prerequisite.NONE,
) -> Module:
    return Module(ModuleCode(code), kind, open_from, open_until, supplementary, prerequisite)


CAFE_IA: Final = a_module("cafe-ia", open_from=day("2025-01-01"), supplementary=True)
INITIAL: Final = a_module("initial", kind=ModuleKind.INITIAL_TRAINING)
FULL_TITLE: Final = a_module("full-title", kind=ModuleKind.FULL_TITLE, open_until=day("2025-10-20"))
ACCREDITED: Final = a_module("aidants-connect", prerequisite=Prerequisite.AIDANTS_CONNECT)
THEMATIC: Final = a_module()


def an_organisation(*territories: Territory, kind: ModuleKind = ModuleKind.INITIAL_TRAINING) -> TrainingOrganisation:
    covered = territories or (Territory.NATIONAL,)
    return TrainingOrganisation(ORGANISATION_ID, tuple(TrainingDelivery(kind, territory) for territory in covered))


NATIONAL: Final = an_organisation()


def a_session(
    starts_on: date = FIRST_DAY, *, ends_on: date | None = None, published: SessionId | None = None
) -> Session:
    """`published` is the id of a published session, None when the registration carries its own days."""
    return Session(starts_on, ends_on or starts_on, SessionFormat.REMOTE, published)


def a_published_session(
    starts_on: date = FIRST_DAY,
    *,
    ends_on: date | None = None,
    maximum: int | None = 12,
    taken: int = 0,
    waiting: int = 0,
    closes_on: date | None = None,
    confirmed: bool = False,
    cancelled: bool = False,
) -> PublishedSession:
    """Twelve seats, all free, and registration open to the last."""
    return PublishedSession(
        session=a_session(starts_on, ends_on=ends_on, published=SESSION_ID),
        module=THEMATIC.code,
        organisation=ORGANISATION_ID,
        minimum=None,
        maximum=maximum,
        taken=taken,
        waiting=waiting,
        closes_on=closes_on,
        is_confirmed=confirmed,
        is_cancelled=cancelled,
    )


def a_request(
    starts_on: date = FIRST_DAY,
    *,
    ends_on: date | None = None,
    module: Module = THEMATIC,
    organisation: TrainingOrganisation = NATIONAL,
    requested_on: date = REQUESTED_ON,
    employer_agreement: bool = False,
    kept_unfunded: bool = False,
    notified_on: date | None = None,
    published: SessionId | None = None,
) -> Request:
    session = a_session(starts_on, ends_on=ends_on, published=published)
    return Request(module, organisation, session, requested_on, employer_agreement, kept_unfunded, notified_on)


def a_registration(
    number: int = 1,
    request: Request | None = None,
    *,
    status: Status = Status.ACCEPTED,
    funding: Funding | None = None,
    payer: Payer | None = None,
    unit: str | None = None,
    offered_payers: tuple[Payer, ...] = (),
    derogated: bool = False,
    seat: Seat | None = None,
) -> Registration:
    """Funded by the State as soon as it holds a unit. `number` is its id and its place in the order of creation."""
    return Registration(
        id=registration_id(number),
        request=request or a_request(),
        status=status,
        funding=Funding.STATE if unit else funding,
        payer=Payer.STATE if unit else payer,
        unit=Unit(unit) if unit else None,
        offered_payers=offered_payers,
        version=1,
        created_at=OPENED_AT + timedelta(minutes=number),
        derogated=derogated,
        seat=seat,
    )


def a_waiting_registration(number: int = 1, request: Request | None = None) -> Registration:
    payers = (Payer.EMPLOYER, Payer.SELF)
    return a_registration(number, request, status=Status.AWAITING_CHOICE, offered_payers=payers)


def an_initial_registration(
    number: int = 1, starts_on: date = FIRST_DAY, *, ends_on: date | None = None, status: Status = Status.ACCEPTED
) -> Registration:
    request = a_request(starts_on, ends_on=ends_on, module=INITIAL)
    return a_registration(number, request, status=status, funding=Funding.STATE, payer=Payer.STATE)


def a_policy(
    *,
    effective_from: date = POLICY_FROM,
    entered_on_or_after: date = CUT_OFF,
    window_months: int = 12,
    grace: Mapping[int, date] | None = None,
    max_funded: int = 1,
    enter_within_months: int | None = None,
    absence_consumes: bool = True,
    absence_counts: bool = False,
) -> Policy:
    """The published values (section 8)."""
    return Policy(
        effective_from=effective_from,
        two_modules=TwoModules(entered_on_or_after, count=2, window_months=window_months),
        civil_year=CivilYear(count=1, first_year=2024, grace=grace or {2024: day("2025-03-31")}),
        supplementary=Supplementary(day("2025-01-01"), count=1),
        over_quota=OverQuota(reply_days=None, remind_days=7),
        requests=Requests(months_ahead=36),
        attendance=AttendancePolicy(
            correction_days=30, valid_absence_motives=("medical_certificate", "force_majeure", "employer_need")
        ),
        support=Support(answer_days=60),
        initial_training=InitialTrainingPolicy(
            max_funded,
            (
                Dated(day("2021-01-01"), (105, 280, 350, 420)),
                Dated(day("2024-03-01"), (70, 175, 315)),
                Dated(day("2025-10-21"), (175,)),
            ),
            enter_within_months=enter_within_months,
            unjustified_absence_counts=absence_counts,
        ),
        certification=CertificationPolicy(
            (Dated(day("2021-01-01"), 6), Dated(day("2024-01-01"), 2)),
            (
                Dated(day("2021-01-01"), ("medical_certificate", "force_majeure", "covid_test")),
                Dated(day("2023-11-28"), ("medical_certificate", "force_majeure")),
            ),
        ),
        unjustified_absence_consumes=absence_consumes,
        support_email="support@example.org",
    )


POLICY: Final = a_policy()
POLICIES: Final = Policies((POLICY,))


def a_submission(number: int, request: Request) -> Registration:
    """A registration as it stands before its first decision."""
    return new_registration(registration_id(number), request, OPENED_AT + timedelta(minutes=number))


def cascade_of_requests(file: AdviserFile, *requests: Request, policies: Policies = POLICIES) -> DecisionCascade:
    """The decisions on these requests, submitted one after the other."""
    cascade = DecisionCascade(file, policies)
    for number, request in enumerate(requests, start=len(file.registrations) + 1):
        cascade = cascade.decide_registration(a_submission(number, request), Cause.REQUEST)
    return cascade


def with_contracts(file: AdviserFile, *contracts: Contract) -> AdviserFile:
    return replace(file, contracts=contracts)
