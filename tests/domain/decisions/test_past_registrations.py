"""A registration of the past is counted, not judged: only the rules that count funded rights apply."""

import pytest

from app.domain.decisions.admission import Decision, Outcome, decide, decide_past_registration
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.recorded_decisions import Cause, Facts, replay
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.errors import DuplicateRegistration
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module
from app.domain.facts.registration_terms import Funding, Payer, Status, Unit
from tests.domain.file_outcomes import registration_numbered
from tests.domain_builders import (
    ACCREDITED,
    CAFE_IA,
    ENTERED_ON,
    FULL_TITLE,
    INITIAL,
    POLICIES,
    POLICY,
    THEMATIC,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    a_submission,
    an_initial_registration,
    day,
)

UNFILED = a_contract(missing=("ds_file_number", "contract_uploaded_on", "validated_on"))
HELD = day("2025-05-13")


def test_a_file_that_was_never_completed_does_not_matter_any_more() -> None:
    file, request = a_file(contracts=(UNFILED,)), a_request(HELD)

    actual = decide_past_registration(file, request, POLICY)

    assert decide(file, request, POLICY).outcome is Outcome.REFUSED
    unit = Unit("civil_year:2025#1")
    assert actual == Decision(Outcome.ACCEPTED, POLICY.version, ("R22",), funding=Funding.STATE, unit=unit)


@pytest.mark.parametrize("module", [THEMATIC, CAFE_IA, ACCREDITED])
def test_a_right_is_used_by_one_registration_only(module: Module) -> None:
    file = a_file()
    unit = decide_past_registration(file, a_request(HELD, module=module), POLICY).unit

    again = decide_past_registration(
        file.with_registration(a_registration(1, a_request(HELD), unit=unit)), a_request(HELD, module=module), POLICY
    )

    assert (again.outcome, again.funding, again.unit) == (Outcome.OVER_QUOTA, None, None)
    assert again.refusals == (Refusal(Reason.MODULE_QUOTA_EXCEEDED),)


def test_without_a_known_post_there_is_no_right_to_use() -> None:
    assert decide_past_registration(a_file(contracts=()), a_request(HELD), POLICY).outcome is Outcome.OVER_QUOTA


def test_what_was_kept_without_funding_uses_no_right() -> None:
    actual = decide_past_registration(a_file(contracts=()), a_request(HELD, kept_unfunded=True), POLICY)

    assert actual == Decision(Outcome.ACCEPTED, POLICY.version, ("R25", "R26"), funding=Funding.NONE)


def test_a_mediator_outside_the_scheme_used_no_right() -> None:
    actual = decide_past_registration(a_file(in_scheme=False), a_request(HELD), POLICY)

    assert actual == Decision(Outcome.ACCEPTED, POLICY.version, ("R29",), funding=Funding.NONE)


@pytest.mark.parametrize(("module", "rules"), [(INITIAL, ("R10", "R11")), (FULL_TITLE, ("R32", "R33"))])
def test_a_training_outside_the_quota_was_funded(module: Module, rules: tuple[str, ...]) -> None:
    actual = decide_past_registration(
        a_file(entered_on=None, contracts=()), a_request(day("2023-05-15"), module=module), POLICY
    )

    assert actual == Decision(Outcome.ACCEPTED, POLICY.version, rules, funding=Funding.STATE)


@pytest.mark.parametrize(
    "file", [a_file(), a_file(entered_on=None, registrations=(an_initial_registration(1, ENTERED_ON),))]
)
def test_only_one_initial_training_was_funded(file: AdviserFile) -> None:
    actual = decide_past_registration(file, a_request(HELD, module=INITIAL), POLICY)

    reasons = (Refusal(Reason.INITIAL_TRAINING_ALREADY_FUNDED, day=ENTERED_ON),)
    assert actual == Decision(Outcome.REFUSED, POLICY.version, ("R11",), reasons)


def test_a_second_initial_training_was_funded_where_the_policy_funds_two() -> None:
    actual = decide_past_registration(a_file(), a_request(HELD, module=INITIAL), a_policy(max_funded=2))

    assert actual.outcome is Outcome.ACCEPTED


def test_its_decision_names_its_cause_and_is_taken_again_the_same() -> None:
    file = a_file(contracts=(UNFILED,))

    actual = DecisionCascade(file, POLICIES).decide_registration(a_submission(1, a_request(HELD)), Cause.IMPORT)

    (recorded,) = actual.decisions
    assert (recorded.cause, recorded.facts) == (Cause.IMPORT, Facts(file, a_request(HELD)))
    assert replay(Cause.IMPORT, recorded.facts, POLICIES) == recorded.decision
    registration = registration_numbered(actual, 1)
    assert (registration.status, registration.payer) == (Status.ACCEPTED, Payer.STATE)
    assert registration.unit == "civil_year:2025#1"


def test_it_may_not_duplicate_another() -> None:
    file = a_file(registrations=(a_registration(1, a_request(HELD)),))

    with pytest.raises(DuplicateRegistration):
        DecisionCascade(file, POLICIES).decide_registration(a_submission(2, a_request(HELD)), Cause.IMPORT)
