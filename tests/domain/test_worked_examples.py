"""The worked examples of the evidence dossier (section 4.8), by number; 19 is an obligation, 41 offers payers."""

from dataclasses import dataclass

import pytest

from app.domain.decisions.admission import decide
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.contract import LegalForm
from app.domain.facts.module import Module
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration, Request
from app.domain.facts.registration_terms import Payer, Status
from app.domain.record.obligations import ObligationStatus, obligations
from tests.domain.file_outcomes import outcome_label
from tests.domain_builders import (
    CAFE_IA,
    FULL_TITLE,
    INITIAL,
    POLICIES,
    POLICY,
    REMN_CCP1,
    THEMATIC,
    a_certification,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    cascade_of_requests,
    day,
)

READING_B = Policies((a_policy(entered_on_or_after=day("2025-01-01")),))


@dataclass(frozen=True)
class Example:
    """Requests made one after the other, and the outcome of each."""

    file: AdviserFile
    requests: tuple[Request, ...]
    outcomes: tuple[str, ...]
    policies: Policies = POLICIES


def sessions(*first_days: str, module: Module = THEMATIC) -> tuple[Request, ...]:
    return tuple(a_request(day(first_day), module=module) for first_day in first_days)


def held(
    first_day: str, unit: str | None, status: Status = Status.COMPLETED, module: Module = THEMATIC
) -> Registration:
    return a_registration(1, a_request(day(first_day), module=module), status=status, unit=unit)


def entered(entered_on: str, *registrations: Registration, carry_overs: dict[str, int] | None = None) -> AdviserFile:
    return a_file(entered_on=day(entered_on), registrations=registrations, carry_overs=carry_overs)


OVER = "over quota"
TRAINED_IN_2021 = entered("2021-05-17")
IN_APRIL_2024 = entered("2024-04-15")
EXEMPT_AND_HIRED_LATE = a_file(
    entered_on=None, certifications=(a_certification(),), contracts=(a_contract(starts_on=day("2025-11-24")),)
)
LATE_AND_CARRIED = a_file(
    entered_on=None,
    certifications=(a_certification(),),
    contracts=(a_contract(starts_on=day("2025-11-24")),),
    carry_overs={"civil_year:2025": 1},
)
OLD_CONTRACT = a_contract(number=1, ends_on=day("2025-08-31"))
RENEWAL = a_contract(number=2, starts_on=day("2025-09-01"), renews=1, missing=("contract_uploaded_on", "validated_on"))
TWO_EMPLOYERS = a_file(
    contracts=(a_contract(terminated_on=day("2025-08-29")), a_contract(number=2, starts_on=day("2025-09-01"))),
    registrations=(held("2025-04-08", "civil_year:2025#1"),),
)
CCP1_FAILED = a_certification(REMN_CCP1, outcome=CertificationOutcome.FAILED)

EXAMPLES = {
    "1": Example(TRAINED_IN_2021, sessions("2024-05-15"), ("civil_year:2024",)),
    "2": Example(TRAINED_IN_2021, sessions("2024-05-15", "2024-10-03"), ("civil_year:2024", OVER)),
    "3": Example(TRAINED_IN_2021, sessions("2024-05-15", "2025-02-10"), ("civil_year:2024", "civil_year:2025")),
    "4": Example(a_file(), sessions("2025-03-20"), ("civil_year:2024",)),
    "5": Example(a_file(), sessions("2025-03-20", "2025-09-18"), ("civil_year:2024", "civil_year:2025")),
    "6": Example(a_file(), sessions("2025-03-12", "2025-03-27"), ("civil_year:2024", "civil_year:2025")),
    "7": Example(a_file(), sessions("2025-04-02", "2025-06-05"), ("civil_year:2025", OVER)),
    "8": Example(a_file(), (a_request(day("2025-03-31"), ends_on=day("2025-04-01")),), ("civil_year:2024",)),
    "9": Example(a_file(), (a_request(day("2025-04-15"), requested_on=day("2025-03-10")),), ("civil_year:2025",)),
    "10": Example(
        LATE_AND_CARRIED,
        sessions("2026-03-05", "2026-09-10"),
        ("carry_over:civil_year:2025", "civil_year:2026"),
    ),
    "11": Example(EXEMPT_AND_HIRED_LATE, sessions("2026-03-05", "2026-09-10"), ("civil_year:2026", OVER)),
    "12": Example(
        a_file(carry_overs={"civil_year:2025": 1}),
        sessions("2026-05-12", "2026-11-30"),
        ("carry_over:civil_year:2025", "civil_year:2026"),
    ),
    "13": Example(
        a_file(carry_overs={"civil_year:2025": 1}),
        sessions("2027-02-02", "2027-02-16"),
        ("civil_year:2027", OVER),
    ),
    "14": Example(
        a_file(registrations=(held("2025-05-06", "civil_year:2025#1", Status.ABSENT_UNJUSTIFIED),)),
        sessions("2025-10-07"),
        (OVER,),
    ),
    "15": Example(
        a_file(registrations=(held("2025-05-06", None, Status.ABSENT_JUSTIFIED),)),
        sessions("2025-10-07"),
        ("civil_year:2025",),
    ),
    "16": Example(
        a_file(),
        (*sessions("2025-04-10", module=CAFE_IA), *sessions("2025-06-03")),
        ("supplementary:cafe-ia", "civil_year:2025"),
    ),
    "17": Example(
        a_file(registrations=(held("2025-02-11", "civil_year:2025#1"),)),
        sessions("2025-11-13", module=CAFE_IA),
        ("supplementary:cafe-ia",),
    ),
    "18": Example(
        a_file(registrations=(held("2025-04-10", "supplementary:cafe-ia#1", module=CAFE_IA),)),
        sessions("2026-04-14", module=CAFE_IA),
        (OVER,),
    ),
    "20": Example(a_file(), sessions("2024-12-31", module=CAFE_IA), ("module_not_available_yet",)),
    "21": Example(IN_APRIL_2024, sessions("2024-06-10", "2024-10-08"), ("first_year", "first_year")),
    "22": Example(
        IN_APRIL_2024, sessions("2024-06-10", "2024-10-08", "2024-12-03"), ("first_year", "first_year", OVER)
    ),
    "23": Example(
        IN_APRIL_2024, sessions("2024-06-10", "2024-10-08", "2025-02-20"), ("first_year", "first_year", OVER)
    ),
    "24": Example(
        IN_APRIL_2024,
        sessions("2024-06-10", "2024-10-08", "2025-05-20"),
        ("first_year", "first_year", "civil_year:2025"),
    ),
    "25": Example(
        IN_APRIL_2024,
        sessions("2024-10-08", "2025-02-11", "2025-06-12"),
        ("first_year", "first_year", "civil_year:2025"),
    ),
    "26": Example(
        IN_APRIL_2024,
        sessions("2024-10-08", "2025-02-11", "2026-02-03"),
        ("first_year", "first_year", "civil_year:2026"),
    ),
    "26b": Example(
        IN_APRIL_2024,
        sessions("2024-10-08", "2025-02-11", "2025-10-14"),
        ("first_year", "first_year", "civil_year:2025"),
    ),
    "27": Example(
        IN_APRIL_2024,
        sessions("2024-10-08", "2025-02-11", "2025-06-12", "2025-11-18"),
        ("first_year", "first_year", "civil_year:2025", OVER),
    ),
    "28": Example(
        IN_APRIL_2024,
        sessions("2024-10-08", "2025-05-20", "2025-09-09"),
        ("first_year", "civil_year:2025", OVER),
    ),
    "29": Example(
        entered("2024-04-15", carry_overs={"first_year": 1}),
        sessions("2024-10-08", "2025-05-20", "2025-09-09"),
        ("first_year", "civil_year:2025", "carry_over:first_year"),
    ),
    "30": Example(
        entered("2024-11-04"),
        sessions("2025-03-11", "2025-06-17", "2025-12-02"),
        ("first_year", "first_year", "civil_year:2025"),
    ),
    "31": Example(
        entered("2024-11-04"),
        sessions("2025-03-11", "2025-06-17", "2026-01-20"),
        ("first_year", "first_year", "civil_year:2026"),
    ),
    "32": Example(
        entered("2025-01-20"),
        sessions("2025-04-08", "2025-11-04", "2026-01-08", "2026-02-10"),
        ("first_year", "first_year", OVER, "civil_year:2026"),
    ),
    "33": Example(
        IN_APRIL_2024,
        sessions("2024-06-10", "2024-10-08", "2025-02-20"),
        ("civil_year:2024", OVER, "civil_year:2025"),
        READING_B,
    ),
    "34": Example(entered("2023-02-06"), sessions("2024-09-10"), ("civil_year:2024",)),
    "35": Example(a_file(contracts=(a_contract(ends_on=day("2025-05-31")),)), sessions("2025-06-10"), ("not_in_post",)),
    "36": Example(
        a_file(contracts=(a_contract(ends_on=day("2025-06-05")),)),
        (a_request(day("2025-06-04"), ends_on=day("2025-06-12")),),
        ("civil_year:2025",),
    ),
    "37": Example(
        a_file(contracts=(OLD_CONTRACT, RENEWAL)),
        sessions("2025-09-15"),
        ("contract_not_uploaded, renewal_not_validated",),
    ),
    "38": Example(TWO_EMPLOYERS, sessions("2025-11-18"), (OVER,)),
    "39": Example(
        a_file(entered_on=None),
        (*sessions("2025-09-15", module=INITIAL), *sessions("2025-09-08", "2025-09-25")),
        ("funded", "initial_training_not_started", "first_year"),
    ),
    "40": Example(a_file(entered_on=None, in_scheme=False, contracts=()), sessions("2025-05-13"), ("unfunded",)),
    "42": Example(entered("2024-02-29"), sessions("2025-02-28", "2025-03-01"), ("first_year", "civil_year:2025")),
    "43": Example(IN_APRIL_2024, sessions("2024-06-10", "2025-04-15"), ("first_year", "first_year")),
    "44": Example(
        IN_APRIL_2024, sessions("2024-06-10", "2024-07-09", "2024-09-10"), ("first_year", "first_year", OVER)
    ),
    "45": Example(entered("2022-10-03"), sessions("2025-09-15", module=INITIAL), ("initial_training_already_funded",)),
    "46": Example(
        a_file(certifications=(CCP1_FAILED,)),
        (a_request(day("2025-01-20"), module=FULL_TITLE, employer_agreement=True),),
        ("ccp1_not_obtained",),
    ),
    "47": Example(
        a_file(certifications=(a_certification(REMN_CCP1),)),
        (a_request(day("2026-01-12"), module=FULL_TITLE, employer_agreement=True),),
        ("module_no_longer_available",),
    ),
    "48": Example(
        entered("2024-03-04"),
        (*sessions("2024-06-10", "2024-10-08"), a_request(day("2025-03-18"), requested_on=day("2025-02-20"))),
        ("first_year", "first_year", "civil_year:2025"),
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_the_dossier_s_example_is_decided_as_it_says(example: Example) -> None:
    actual = cascade_of_requests(example.file, *example.requests, policies=example.policies).decisions

    assert tuple(outcome_label(recorded.decision) for recorded in actual) == example.outcomes


def test_a_supplement_alone_does_not_meet_the_year_as_example_19_says() -> None:
    file = a_file(registrations=(held("2025-04-10", "supplementary:cafe-ia#1", module=CAFE_IA),))

    actual = obligations(file, POLICY, day("2025-12-31"))[-1]

    assert (actual.period, actual.followed, actual.status) == ("civil_year:2025", 0, ObligationStatus.DUE)


def test_a_private_employer_s_opco_may_pay_as_example_41_says() -> None:
    spent = held("2025-04-08", "civil_year:2025#1")
    file = a_file(contracts=(a_contract(legal_form=LegalForm.PRIVATE),), registrations=(spent,))

    actual = decide(file, a_request(day("2025-10-07")), POLICY)

    assert actual.offered_payers == (Payer.EMPLOYER, Payer.OPCO, Payer.SELF)
