"""A decision of the present version of the rules is taken again the same, from its facts alone."""

from dataclasses import replace

import pytest

from app.domain.decisions.admission import Decision, Outcome
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.derogations import Derogation
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause, Facts, replay
from app.domain.decisions.refusals import Reason
from app.domain.errors import ReasonsRemain
from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.policy import Policies
from app.domain.facts.registration_terms import Funding, Unit
from app.domain.facts.training_organisation import Territory
from tests.domain_builders import (
    FULL_TITLE,
    INITIAL,
    POLICIES,
    a_certification,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    an_initial_registration,
    an_organisation,
    cascade_of_requests,
    day,
)

TWO_VERSIONS = Policies((a_policy(), a_policy(effective_from=day("2025-01-01"))))
FUNDED = a_registration(unit="civil_year:2025#1")


def test_every_decision_is_taken_again_the_same_from_its_facts() -> None:
    cascade = cascade_of_requests(
        a_file(),
        a_request(day("2025-05-13")),
        a_request(day("2025-06-03")),
        a_request(day("2021-06-03")),
        policies=TWO_VERSIONS,
    )

    actual = [replay(recorded.cause, recorded.facts, TWO_VERSIONS) for recorded in cascade.decisions]

    assert actual == [recorded.decision for recorded in cascade.decisions]
    assert [decision.outcome for decision in actual if decision] == ["accepted", "over_quota", "refused"]


def test_a_promotion_is_taken_again_without_looking_at_the_refusals() -> None:
    facts = Facts(a_file(entered_on=day("2024-04-15"), contracts=()), a_request(day("2024-06-10")))

    actual = replay(Cause.PROMOTION, facts, TWO_VERSIONS)

    unit = Unit("first_year#1")
    assert actual == Decision(Outcome.ACCEPTED, "2024-01-01", ("R20",), funding=Funding.STATE, unit=unit)


def test_a_promotion_without_a_unit_is_not_taken_again() -> None:
    facts = Facts(a_file(registrations=(FUNDED,)), a_request(day("2025-06-03")))

    actual = replay(Cause.PROMOTION, facts, POLICIES)

    assert actual is None


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause not in {Cause.PROMOTION, Cause.IMPORT}])
def test_any_other_cause_looks_at_the_refusals(cause: Cause) -> None:
    facts = Facts(a_file(contracts=()), a_request())

    actual = replay(cause, facts, POLICIES)

    assert actual is not None
    assert actual.outcome is Outcome.REFUSED


TWO_MODULES = (a_request(day("2025-05-13")), a_request(day("2025-06-03")))
FAR_AWAY = a_request(module=INITIAL, organisation=an_organisation(Territory.OVERSEAS))
CHANGES = {
    Cause.FILE_CHANGED: (a_file(), a_file(contracts=(a_contract(terminated_on=day("2025-05-20")),)), TWO_MODULES),
    Cause.INITIAL_TRAINING_CHANGED: (a_file(), a_file(entered_on=day("2025-05-20")), TWO_MODULES),
    Cause.EXEMPTION_CHANGED: (
        a_file(entered_on=None, certifications=(a_certification(),)),
        a_file(entered_on=None),
        TWO_MODULES,
    ),
    Cause.SCHEME_CHANGED: (a_file(), a_file(in_scheme=False), TWO_MODULES),
    Cause.DEPARTMENT_CHANGED: (a_file(entered_on=None, department="974"), a_file(entered_on=None), (FAR_AWAY,)),
}


@pytest.mark.parametrize("cause", CHANGES, ids=str)
def test_what_a_change_decided_is_taken_again_the_same(cause: Cause) -> None:
    first, changed, requests = CHANGES[cause]
    before = cascade_of_requests(first, *requests).file
    after = DecisionCascade(replace(changed, registrations=before.registrations), POLICIES)

    decisions = apply_consequences(after, before, today=day("2025-05-01")).decisions

    assert {recorded.cause for recorded in decisions} == {cause}
    assert [replay(recorded.cause, recorded.facts, POLICIES) for recorded in decisions] == [
        recorded.decision for recorded in decisions
    ]


def test_the_reasons_that_were_not_opened_are_not_read_again() -> None:
    """Out of post, with a department that its organisation does not cover: only the latter was opened."""
    facts = Facts(a_file(entered_on=None, contracts=()), FAR_AWAY, (Reason.TERRITORY_NOT_COVERED,))

    actual = replay(Cause.DEPARTMENT_CHANGED, facts, POLICIES)

    assert actual is not None
    assert [refusal.code for refusal in actual.refusals] == [Reason.TERRITORY_NOT_COVERED]


def test_no_reason_may_be_opened() -> None:
    used = EarlierUsage((), (Unit("civil_year:2025#1"),))
    facts = Facts(replace(a_file(contracts=()), former=used), a_request(), ())

    actual = replay(Cause.FILE_CHANGED, facts, POLICIES)

    assert actual is not None
    assert actual.outcome is Outcome.OVER_QUOTA


DEROGATION = Derogation((Reason.NOT_IN_POST,), Funding.STATE)


def test_a_derogation_is_taken_again_as_a_person_decided_it() -> None:
    facts = Facts(a_file(contracts=()), a_request(), derogation=DEROGATION)

    actual = replay(Cause.DEROGATION, facts, POLICIES)

    unit = Unit("derogation#1")
    waived = (Reason.NOT_IN_POST,)
    assert actual == Decision(Outcome.ACCEPTED, "2024-01-01", ("R1",), funding=Funding.STATE, unit=unit, waived=waived)


def test_a_derogation_whose_reasons_remain_is_not_taken_again() -> None:
    facts = Facts(a_file(contracts=()), a_request(module=FULL_TITLE), derogation=DEROGATION)

    with pytest.raises(ReasonsRemain):
        replay(Cause.DEROGATION, facts, POLICIES)


def test_an_import_is_taken_again_without_looking_at_the_post() -> None:
    files = (a_file(), a_file(entered_on=None, registrations=(an_initial_registration(2),)))
    facts = [Facts(replace(file, contracts=()), a_request(module=INITIAL)) for file in files]

    decisions = [replay(Cause.IMPORT, item, POLICIES) for item in facts]

    assert [[refusal.code for refusal in decision.refusals] for decision in decisions if decision] == [
        [Reason.INITIAL_TRAINING_ALREADY_FUNDED]
    ] * 2


def test_the_policy_is_that_of_the_first_day() -> None:
    facts = [Facts(AdviserFile(a_file().adviser), a_request(day(on))) for on in ("2024-12-31", "2025-01-01")]

    versions = [decision.policy_version for item in facts if (decision := replay(Cause.REQUEST, item, TWO_VERSIONS))]

    assert versions == ["2024-01-01", "2025-01-01"]
