import pytest

from app.domain.decisions.admission import Decision, Outcome, decide
from app.domain.decisions.refusals import Absence, Reason, Refusal
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.certification import Certification, CertificationOutcome
from app.domain.facts.contract import LegalForm
from app.domain.facts.module import ModuleKind, Prerequisite
from app.domain.facts.registration import Request
from app.domain.facts.registration_terms import Funding, Payer, Status, Unit
from app.domain.facts.training_organisation import Territory
from tests.domain.file_outcomes import outcome_label
from tests.domain_builders import (
    ACCREDITED,
    FULL_TITLE,
    INITIAL,
    POLICY,
    REMN,
    REMN_CCP1,
    a_certification,
    a_contract,
    a_file,
    a_module,
    a_policy,
    a_registration,
    a_request,
    an_initial_registration,
    an_organisation,
    contract_id,
    day,
)

NEWCOMER = a_file(entered_on=None)
QUALIFIED = a_file(certifications=(a_certification(REMN_CCP1, on=day("2023-06-15")),))
AGREED = a_request(module=FULL_TITLE, employer_agreement=True)
NONE_LEFT = a_file(registrations=(a_registration(1, a_request(day("2025-04-08")), unit="civil_year:2025#1"),))


@pytest.mark.parametrize(
    ("file", "request_", "expected"),
    [
        pytest.param(
            a_file(),
            a_request(),
            Decision(
                Outcome.ACCEPTED,
                "2024-01-01",
                ("R22",),
                funding=Funding.STATE,
                unit=Unit("civil_year:2025#1"),
            ),
            id="a thematic module, on a unit",
        ),
        pytest.param(
            NEWCOMER,
            a_request(module=INITIAL),
            Decision(Outcome.ACCEPTED, "2024-01-01", ("R10", "R11"), funding=Funding.STATE),
            id="initial training",
        ),
        pytest.param(
            QUALIFIED,
            AGREED,
            Decision(Outcome.ACCEPTED, "2024-01-01", ("R32", "R33"), funding=Funding.STATE),
            id="the full title",
        ),
        pytest.param(
            a_file(in_scheme=False),
            a_request(),
            Decision(Outcome.ACCEPTED, "2024-01-01", ("R29",), funding=Funding.NONE),
            id="a mediator's module, unfunded",
        ),
        pytest.param(
            a_file(),
            a_request(kept_unfunded=True),
            Decision(Outcome.ACCEPTED, "2024-01-01", ("R25", "R26"), funding=Funding.NONE),
            id="a module kept, unfunded though a unit is free",
        ),
        pytest.param(
            NONE_LEFT,
            a_request(),
            Decision(
                Outcome.OVER_QUOTA,
                "2024-01-01",
                ("R25", "R26"),
                (Refusal(Reason.MODULE_QUOTA_EXCEEDED),),
                offered_payers=(Payer.EMPLOYER, Payer.SELF),
            ),
            id="over quota",
        ),
        pytest.param(
            a_file(contracts=(a_contract(missing=("validated_on", "ds_file_number")),)),
            a_request(),
            Decision(
                Outcome.REFUSED,
                "2024-01-01",
                ("R3", "R5"),
                (
                    Refusal(Reason.DS_FILE_MISSING, contract_id=contract_id(1)),
                    Refusal(Reason.RECRUITMENT_NOT_VALIDATED, contract_id=contract_id(1)),
                ),
            ),
            id="refused",
        ),
    ],
)
def test_a_decision_says_all(file: AdviserFile, request_: Request, expected: Decision) -> None:
    actual = decide(file, request_, POLICY)

    assert actual == expected


def test_a_decision_names_the_version_of_its_policy() -> None:
    actual = decide(a_file(), a_request(), a_policy(effective_from=day("2025-02-01")))

    assert actual.policy_version == "2025-02-01"


@pytest.mark.parametrize(
    ("legal_form", "expected"),
    [
        pytest.param(LegalForm.PRIVATE, (Payer.EMPLOYER, Payer.OPCO, Payer.SELF), id="by a private employer"),
        pytest.param(LegalForm.PUBLIC, (Payer.EMPLOYER, Payer.SELF), id="not by a public one"),
        pytest.param(LegalForm.UNDETERMINED, (Payer.EMPLOYER, Payer.SELF), id="not by an undetermined one"),
    ],
)
def test_the_opco_is_offered(legal_form: LegalForm, expected: tuple[Payer, ...]) -> None:
    file = a_file(contracts=(a_contract(legal_form=legal_form),), registrations=NONE_LEFT.registrations)

    actual = decide(file, a_request(), POLICY)

    assert actual.offered_payers == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(NEWCOMER, "funded", id="the first is funded"),
        pytest.param(a_file(entered_on=day("2030-01-01")), "initial_training_already_funded", id="imported"),
        pytest.param(
            a_file(entered_on=None, registrations=(an_initial_registration(1, day("2026-09-15")),)),
            "initial_training_already_funded",
            id="accepted here, though later",
        ),
        pytest.param(
            a_file(
                entered_on=None,
                registrations=(an_initial_registration(1, day("2025-02-03"), status=Status.COMPLETED),),
            ),
            "initial_training_already_funded",
            id="completed here",
        ),
        pytest.param(
            a_file(
                entered_on=None,
                registrations=(an_initial_registration(1, day("2025-02-03"), status=Status.CANCELLED),),
            ),
            "funded",
            id="not cancelled here",
        ),
        pytest.param(
            a_file(
                entered_on=None,
                registrations=(an_initial_registration(1, day("2025-02-03"), status=Status.ABSENT_UNJUSTIFIED),),
            ),
            "funded",
            id="not missed here",
        ),
    ],
)
def test_initial_training_is_funded_once(file: AdviserFile, expected: str) -> None:
    actual = decide(file, a_request(module=INITIAL), POLICY)

    assert outcome_label(actual) == expected


def test_a_second_initial_training_tells_the_day_of_the_first() -> None:
    actual = decide(a_file(), a_request(module=INITIAL), POLICY)

    assert actual.refusals == (Refusal(Reason.INITIAL_TRAINING_ALREADY_FUNDED, day=day("2022-03-14")),)


def test_the_policy_says_how_many_initial_trainings_are_funded() -> None:
    actual = decide(a_file(), a_request(module=INITIAL), a_policy(max_funded=2))

    assert outcome_label(actual) == "funded"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(a_file(entered_on=day("2025-05-13")), "first_year", id="entered that day"),
        pytest.param(a_file(entered_on=day("2025-05-14")), "initial_training_not_started", id="not the next day"),
        pytest.param(NEWCOMER, "initial_training_not_started", id="not never"),
        pytest.param(
            a_file(entered_on=None, registrations=(an_initial_registration(1, day("2025-05-13")),)),
            "first_year",
            id="registered that day",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2025-05-13")),)),
            "civil_year:2025",
            id="exempt that day",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2025-05-14")),)),
            "initial_training_not_started",
            id="not exempt the next day",
        ),
        pytest.param(
            a_file(entered_on=day("2025-09-15"), certifications=(a_certification(),)),
            "civil_year:2025",
            id="exempt, before entry",
        ),
    ],
)
def test_a_module_waits_for_initial_training(file: AdviserFile, expected: str) -> None:
    actual = decide(file, a_request(), POLICY)

    assert outcome_label(actual) == expected


def test_a_module_too_early_tells_the_day_of_entry() -> None:
    actual = decide(a_file(entered_on=day("2025-09-15")), a_request(), POLICY)

    assert actual.refusals == (Refusal(Reason.INITIAL_TRAINING_NOT_STARTED, day=day("2025-09-15")),)


@pytest.mark.parametrize(
    ("certification", "requested_on", "expected"),
    [
        pytest.param(a_certification(REMN_CCP1, on=day("2025-02-10")), "2025-02-10", "funded", id="that day"),
        pytest.param(
            a_certification(REMN_CCP1, on=day("2025-02-10")), "2025-02-09", "ccp1_not_obtained", id="not the eve"
        ),
        pytest.param(a_certification(REMN_CCP1, on=day("2025-05-13")), "2025-06-02", "funded", id="on the first day"),
        pytest.param(
            a_certification(REMN_CCP1, on=day("2025-05-14")), "2025-06-02", "ccp1_not_obtained", id="never after it"
        ),
        pytest.param(a_certification(REMN), "2025-04-01", "funded", id="in a title"),
        pytest.param(
            a_certification(REMN_CCP1, outcome=CertificationOutcome.FAILED),
            "2025-04-01",
            "ccp1_not_obtained",
            id="not failed",
        ),
    ],
)
def test_the_full_title_needs_a_ccp1_by_the_reference_date(
    certification: Certification, requested_on: str, expected: str
) -> None:
    request = a_request(module=FULL_TITLE, employer_agreement=True, requested_on=day(requested_on))

    actual = decide(a_file(certifications=(certification,)), request, POLICY)

    assert outcome_label(actual) == expected


def test_a_missing_ccp1_tells_the_reference_date() -> None:
    actual = decide(a_file(), AGREED, POLICY)

    assert actual.refusals == (Refusal(Reason.CCP1_NOT_OBTAINED, day=day("2025-04-01")),)


def test_the_full_title_needs_the_employer_s_agreement() -> None:
    actual = decide(QUALIFIED, a_request(module=FULL_TITLE), POLICY)

    assert actual.refusals == (Refusal(Reason.EMPLOYER_AGREEMENT_MISSING),)


@pytest.mark.parametrize(
    ("accredited", "expected"),
    [
        pytest.param(False, (Refusal(Reason.ACCREDITATION_MISSING, contract_id=contract_id(1)),), id="not accredited"),
        pytest.param(True, (), id="accredited"),
    ],
)
def test_aidants_connect_needs_an_accredited_employer(*, accredited: bool, expected: tuple[Refusal, ...]) -> None:
    file = a_file(contracts=(a_contract(accredited=accredited),))

    actual = decide(file, a_request(module=ACCREDITED), POLICY)

    assert actual.refusals == expected


def test_the_accreditation_is_that_of_the_contract_read() -> None:
    accredited = a_contract(number=2, starts_on=day("2025-05-01"), accredited=True)

    actual = decide(a_file(contracts=(a_contract(), accredited)), a_request(module=ACCREDITED), POLICY)

    assert outcome_label(actual) == "civil_year:2025"


def test_no_accreditation_is_read_without_a_contract() -> None:
    actual = decide(a_file(contracts=()), a_request(module=ACCREDITED), POLICY)

    assert actual.refusals == (Refusal(Reason.NOT_IN_POST, Absence.NO_CONTRACT),)


def test_a_prerequisite_is_asked_of_every_kind() -> None:
    module = a_module(kind=ModuleKind.INITIAL_TRAINING, prerequisite=Prerequisite.AIDANTS_CONNECT)

    actual = decide(NEWCOMER, a_request(module=module), POLICY)

    assert outcome_label(actual) == "accreditation_missing"


@pytest.mark.parametrize(
    ("starts_on", "expected"),
    [
        pytest.param("2025-03-02", (Refusal(Reason.MODULE_NOT_AVAILABLE_YET, day=day("2025-03-03")),), id="eve"),
        pytest.param("2025-03-03", (), id="its first day"),
        pytest.param("2025-10-20", (), id="its last day"),
        pytest.param("2025-10-21", (Refusal(Reason.MODULE_NO_LONGER_AVAILABLE, day=day("2025-10-20")),), id="morrow"),
    ],
)
def test_a_module_has_its_days(starts_on: str, expected: tuple[Refusal, ...]) -> None:
    module = a_module(open_from=day("2025-03-03"), open_until=day("2025-10-20"))

    actual = decide(a_file(), a_request(day(starts_on), module=module), POLICY)

    assert actual.refusals == expected


@pytest.mark.parametrize(
    ("department", "territory", "expected"),
    [
        pytest.param("35", Territory.MAINLAND, "funded", id="mainland by mainland"),
        pytest.param("35", Territory.OVERSEAS, "territory_not_covered", id="not mainland by overseas"),
        pytest.param("974", Territory.OVERSEAS, "funded", id="overseas by overseas"),
        pytest.param("974", Territory.MAINLAND, "territory_not_covered", id="not overseas by mainland"),
        pytest.param("974", Territory.NATIONAL, "funded", id="everywhere by national"),
        pytest.param(None, Territory.OVERSEAS, "funded", id="anywhere when the department is unknown"),
    ],
)
def test_initial_training_belongs_to_a_territory(department: str | None, territory: Territory, expected: str) -> None:
    request = a_request(module=INITIAL, organisation=an_organisation(territory))

    actual = decide(a_file(entered_on=None, department=department), request, POLICY)

    assert outcome_label(actual) == expected


def test_a_territory_not_covered_has_no_other_fact() -> None:
    request = a_request(module=INITIAL, organisation=an_organisation(Territory.OVERSEAS))

    actual = decide(NEWCOMER, request, POLICY)

    assert actual.refusals == (Refusal(Reason.TERRITORY_NOT_COVERED),)


def test_a_module_belongs_to_no_territory() -> None:
    actual = decide(a_file(), a_request(organisation=an_organisation(Territory.OVERSEAS)), POLICY)

    assert outcome_label(actual) == "civil_year:2025"


IN_SEPTEMBER = a_request(day("2025-09-15"), ends_on=day("2025-12-19"), module=INITIAL)


@pytest.mark.parametrize(
    ("entered_on", "expected"),
    [
        pytest.param("2025-09-14", "initial_training_already_funded", id="another on the eve"),
        pytest.param("2025-09-15", "funded", id="that very one on its first day"),
        pytest.param("2025-12-19", "funded", id="that very one on its last day"),
        pytest.param("2025-12-20", "initial_training_already_funded", id="another on the morrow"),
    ],
)
def test_an_imported_entry_is(entered_on: str, expected: str) -> None:
    actual = decide(a_file(entered_on=day(entered_on)), IN_SEPTEMBER, POLICY)

    assert outcome_label(actual) == expected


@pytest.mark.parametrize(
    ("obtained_on", "expected"),
    [
        pytest.param("2025-05-05", "funded", id="by the day of the notice"),
        pytest.param("2025-05-06", "ccp1_not_obtained", id="not after it"),
    ],
)
def test_a_ccp1_obtained_since_the_request_counts(obtained_on: str, expected: str) -> None:
    request = a_request(module=FULL_TITLE, employer_agreement=True, notified_on=day("2025-05-05"))

    actual = decide(a_file(certifications=(a_certification(REMN_CCP1, on=day(obtained_on)),)), request, POLICY)

    assert outcome_label(actual) == expected


def test_a_ccp1_obtained_after_the_first_day_counts_on_no_notice() -> None:
    request = a_request(
        ends_on=day("2025-05-20"), module=FULL_TITLE, employer_agreement=True, notified_on=day("2025-05-20")
    )

    actual = decide(a_file(certifications=(a_certification(REMN_CCP1, on=day("2025-05-14")),)), request, POLICY)

    assert outcome_label(actual) == "ccp1_not_obtained"


def test_decided_again_only_the_reasons_opened_are_read() -> None:
    file = a_file(contracts=(a_contract(missing=("ds_file_number", "validated_on")),), certifications=())

    actual = decide(file, AGREED, POLICY, (Reason.CCP1_NOT_OBTAINED, Reason.DS_FILE_MISSING))

    assert outcome_label(actual) == "ds_file_missing, ccp1_not_obtained"
