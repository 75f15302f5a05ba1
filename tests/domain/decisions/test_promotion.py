import pytest

from app.domain.decisions.attendance import attended
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.recorded_decisions import Cause, Facts
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Attendance, Funding, Payer, Status
from tests.domain.file_outcomes import decided_numbers, registration_numbered, units_or_statuses
from tests.domain_builders import (
    CAFE_IA,
    POLICIES,
    POLICY,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    a_waiting_registration,
    cascade_of_requests,
    day,
)

SPENT_IN_2025 = a_registration(1, a_request(day("2025-05-13")), unit="civil_year:2025#1")
GIVEN_BACK = a_registration(1, a_request(day("2025-05-13")), status=Status.CANCELLED)
LONG_AGO = "2024-01-01"


def waiting(number: int, first_day: str) -> Registration:
    return a_waiting_registration(number, a_request(day(first_day)))


def promoted(file: AdviserFile, of: str = LONG_AGO) -> DecisionCascade:
    """After a deed of that day."""
    return DecisionCascade(file, POLICIES).promote_waiting(day(of))


def test_a_freed_unit_goes_to_the_oldest_one_waiting() -> None:
    file = a_file(registrations=(GIVEN_BACK, waiting(2, "2025-11-04"), waiting(3, "2025-06-03")))

    actual = promoted(file)

    assert units_or_statuses(actual) == ["cancelled", "civil_year:2025#1", "awaiting_choice"]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param("2025-06-02", ["civil_year:2025#1", "awaiting_choice"], id="the eve, that session"),
        pytest.param("2025-06-03", ["civil_year:2025#1", "awaiting_choice"], id="the day itself, that session"),
        pytest.param("2025-06-04", ["awaiting_choice", "civil_year:2025#1"], id="the morrow, one to come"),
        pytest.param("2025-11-05", ["awaiting_choice", "awaiting_choice"], id="later than both, none"),
    ],
)
def test_a_right_freed_on_a_day_never_goes_to_a_session_that_had_begun(of: str, expected: list[str]) -> None:
    file = a_file(registrations=(GIVEN_BACK, waiting(2, "2025-06-03"), waiting(3, "2025-11-04")))

    actual = promoted(file, of)

    assert units_or_statuses(actual)[1:] == expected


def test_a_mediator_s_module_is_never_promoted() -> None:
    actual = promoted(a_file(in_scheme=False, registrations=(waiting(1, "2025-06-03"),)))

    assert actual.decisions == ()


def test_a_promoted_registration_is_funded_with_no_choice_left() -> None:
    actual = promoted(a_file(registrations=(waiting(1, "2025-06-03"),)))

    assert registration_numbered(actual, 1) == a_registration(1, a_request(day("2025-06-03")), unit="civil_year:2025#1")


def test_a_promotion_records_the_facts_it_read() -> None:
    file = a_file(registrations=(GIVEN_BACK, waiting(2, "2025-06-03")))

    actual = promoted(file).decisions[0]

    facts = Facts(a_file(registrations=file.registrations[:1]), a_request(day("2025-06-03")))
    assert (actual.cause, actual.facts, actual.decision.rules) == (Cause.PROMOTION, facts, ("R22",))


def test_nobody_is_promoted_without_a_free_unit() -> None:
    file = a_file(registrations=(SPENT_IN_2025, waiting(2, "2025-06-03")))

    actual = promoted(file)

    assert actual == DecisionCascade(file, POLICIES)


def test_a_unit_goes_to_the_first_whose_session_fits() -> None:
    file = a_file(
        registrations=(
            a_registration(1, a_request(day("2024-05-14")), unit="civil_year:2024#1"),
            waiting(2, "2024-11-05"),
            waiting(3, "2025-10-07"),
        )
    )

    actual = promoted(file)

    assert (units_or_statuses(actual)[1:], decided_numbers(actual)) == (["awaiting_choice", "civil_year:2025#1"], [3])


def test_several_free_units_promote_several() -> None:
    file = a_file(
        entered_on=day("2024-04-15"),
        registrations=(waiting(1, "2024-06-10"), waiting(2, "2024-10-08"), waiting(3, "2024-12-03")),
    )

    actual = promoted(file)

    assert units_or_statuses(actual) == ["first_year#1", "first_year#2", "awaiting_choice"]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            a_file(contracts=(a_contract(missing=("validated_on",)),), registrations=(waiting(1, "2025-06-03"),)),
            id="of the employer's file",
        ),
        pytest.param(
            a_file(contracts=(a_contract(terminated_on=day("2025-04-30")),), registrations=(waiting(1, "2025-06-03"),)),
            id="of the post",
        ),
    ],
)
def test_a_promotion_does_not_look_at_the_reasons_to_refuse(file: AdviserFile) -> None:
    actual = promoted(file)

    assert units_or_statuses(actual) == ["civil_year:2025#1"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(Attendance.ABSENT_JUSTIFIED, "civil_year:2025#1", id="promotes after a justified absence"),
        pytest.param(Attendance.ABSENT_UNJUSTIFIED, "awaiting_choice", id="not after an unjustified one"),
        pytest.param(Attendance.COMPLETED, "awaiting_choice", id="not after attendance"),
    ],
)
def test_an_attendance(outcome: Attendance, expected: str) -> None:
    after = attended(SPENT_IN_2025, outcome, POLICY, today=day("2025-05-13"))
    file = a_file(registrations=(after, waiting(2, "2025-10-07")))

    actual = promoted(file)

    assert units_or_statuses(actual)[1] == expected


def test_a_carry_over_promotes() -> None:
    spent = a_registration(1, a_request(day("2026-05-12")), unit="civil_year:2026#1")
    file = a_file(carry_overs={"civil_year:2025": 1}, registrations=(spent, waiting(2, "2026-10-06")))

    actual = promoted(file)

    assert units_or_statuses(actual)[1] == "carry_over:civil_year:2025#1"


def test_a_supplement_is_promoted_on_its_own_right() -> None:
    file = a_file(registrations=(a_waiting_registration(1, a_request(module=CAFE_IA)),))

    actual = promoted(file)

    assert units_or_statuses(actual) == ["supplementary:cafe-ia#1"]


@pytest.mark.parametrize(
    "registration",
    [
        pytest.param(a_registration(status=Status.REFUSED), id="refused"),
        pytest.param(a_registration(status=Status.CANCELLED), id="cancelled"),
        pytest.param(
            a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF), id="kept"
        ),
    ],
)
def test_only_those_who_wait_are_promoted(registration: Registration) -> None:
    actual = promoted(a_file(registrations=(registration,)))

    assert actual.decisions == ()


def test_the_policy_of_the_first_day_promotes() -> None:
    policies = Policies((a_policy(), a_policy(effective_from=day("2025-06-01"))))
    file = a_file(registrations=(waiting(1, "2024-05-31"), waiting(2, "2025-06-01")))

    actual = DecisionCascade(file, policies).promote_waiting(day(LONG_AGO))

    assert [recorded.decision.policy_version for recorded in actual.decisions] == ["2024-01-01", "2025-06-01"]


def test_one_over_quota_waits_until_a_unit_is_given_back() -> None:
    requests = (a_request(day("2025-05-13")), a_request(day("2025-06-03")))
    over_quota = cascade_of_requests(a_file(), *requests)

    actual = over_quota.with_registration(GIVEN_BACK).promote_waiting(day(LONG_AGO))

    assert units_or_statuses(over_quota) == ["civil_year:2025#1", "awaiting_choice"]
    assert units_or_statuses(actual) == ["cancelled", "civil_year:2025#1"]
