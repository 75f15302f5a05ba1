import pytest

from app.domain.decisions.admission import Decision, Outcome
from app.domain.decisions.decision_consequences import DecisionCascade, apply_decision
from app.domain.decisions.recorded_decisions import Cause, Facts, RecordedDecision
from app.domain.decisions.refusals import Reason, Refusal
from app.domain.errors import DuplicateRegistration
from app.domain.facts.policy import Policies
from app.domain.facts.registration import Registration, Request, new_registration
from app.domain.facts.registration_terms import Funding, Payer, Status, Unit
from tests.domain.file_outcomes import registration_numbered, units_or_statuses
from tests.domain_builders import (
    OPENED_AT,
    POLICIES,
    a_file,
    a_module,
    a_policy,
    a_registration,
    a_request,
    a_submission,
    a_waiting_registration,
    cascade_of_requests,
    day,
    registration_id,
)

TWO_VERSIONS = Policies((a_policy(), a_policy(effective_from=day("2025-01-01"))))


def accepted(funding: Funding, unit: str | None = None) -> Decision:
    return Decision(Outcome.ACCEPTED, "2024-01-01", (), funding=funding, unit=Unit(unit) if unit else None)


REFUSED = Decision(Outcome.REFUSED, "2024-01-01", ("R3",), (Refusal(Reason.DS_FILE_MISSING),))
OVER_QUOTA = Decision(
    Outcome.OVER_QUOTA,
    "2024-01-01",
    ("R25",),
    (Refusal(Reason.MODULE_QUOTA_EXCEEDED),),
    offered_payers=(Payer.EMPLOYER, Payer.SELF),
)
FUNDED = a_registration(unit="civil_year:2025#1")
FUNDED_LATER = a_registration(2, a_request(day("2026-05-12")), unit="civil_year:2026#1")
KEPT = a_registration(1, a_request(kept_unfunded=True), funding=Funding.NONE, payer=Payer.SELF)


@pytest.mark.parametrize(
    ("before", "decision", "expected"),
    [
        pytest.param(
            a_waiting_registration(), accepted(Funding.STATE, "civil_year:2025#1"), FUNDED, id="funded on a unit"
        ),
        pytest.param(
            a_submission(1, a_request()),
            accepted(Funding.STATE),
            a_registration(funding=Funding.STATE, payer=Payer.STATE),
            id="funded without a unit",
        ),
        pytest.param(
            a_submission(1, a_request()),
            accepted(Funding.NONE),
            a_registration(funding=Funding.NONE),
            id="unfunded, without a payer",
        ),
        pytest.param(FUNDED, accepted(Funding.NONE), a_registration(funding=Funding.NONE), id="funded no more"),
        pytest.param(KEPT, accepted(Funding.NONE), KEPT, id="kept, with its payer"),
        pytest.param(FUNDED, REFUSED, a_registration(status=Status.REFUSED), id="refused, with nothing"),
        pytest.param(KEPT, REFUSED, a_registration(status=Status.REFUSED), id="refused, kept no more"),
        pytest.param(FUNDED, OVER_QUOTA, a_waiting_registration(), id="waiting, with payers to choose from"),
    ],
)
def test_a_decision_leaves_a_registration(before: Registration, decision: Decision, expected: Registration) -> None:
    actual = apply_decision(before, decision)

    assert actual == expected


def test_a_decision_records_the_facts_it_read() -> None:
    file = a_file(registrations=(a_registration(1, a_request(day("2024-05-14")), unit="civil_year:2024#1"),))
    request = a_request()

    actual = DecisionCascade(file, POLICIES).decide_registration(a_submission(2, request), Cause.REQUEST)

    unit = Unit("civil_year:2025#1")
    decision = Decision(Outcome.ACCEPTED, "2024-01-01", ("R22",), funding=Funding.STATE, unit=unit)
    assert actual.decisions == (RecordedDecision(registration_id(2), Cause.REQUEST, Facts(file, request), decision),)
    assert actual.file.registrations[1:] == (a_registration(2, request, unit=unit),)


def test_a_registration_decided_again_gives_its_own_unit_back_first() -> None:
    file = a_file(registrations=(FUNDED,))

    actual = DecisionCascade(file, POLICIES).decide_registration(FUNDED, Cause.RE_EXAMINATION)

    assert (actual.decisions[0].facts.file, actual.file) == (a_file(), file)


def test_decisions_follow_one_another() -> None:
    actual = cascade_of_requests(a_file(), a_request(day("2025-05-13")), a_request(day("2025-06-03")))

    assert [recorded.registration_id for recorded in actual.decisions] == [registration_id(1), registration_id(2)]
    assert units_or_statuses(actual) == ["civil_year:2025#1", "awaiting_choice"]


def test_a_registration_without_any_decision_may_join_the_file() -> None:
    actual = DecisionCascade(a_file(), POLICIES).with_registration(FUNDED)

    assert actual == DecisionCascade(a_file(registrations=(FUNDED,)), POLICIES)


def test_the_policy_is_that_of_the_first_day() -> None:
    requests = (a_request(day("2024-12-31")), a_request(day("2025-01-01")))

    actual = cascade_of_requests(a_file(), *requests, policies=TWO_VERSIONS)

    assert [recorded.decision.policy_version for recorded in actual.decisions] == ["2024-01-01", "2025-01-01"]


def test_a_second_registration_for_the_module_and_day_is_a_duplicate() -> None:
    cascade = cascade_of_requests(a_file(), a_request())

    with pytest.raises(DuplicateRegistration) as raised:
        cascade.decide_registration(a_submission(2, a_request()), Cause.REQUEST)

    assert raised.value.first == registration_id(1)
    assert raised.value.organisation == a_request().organisation.id


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(a_registration(1, status=Status.REFUSED), a_request(), id="after a refusal"),
        pytest.param(a_registration(1, status=Status.CANCELLED), a_request(), id="after a cancellation"),
        pytest.param(FUNDED, a_request(day("2025-05-14")), id="for another day"),
        pytest.param(FUNDED, a_request(module=a_module("thematic-b")), id="for another module"),
    ],
)
def test_another_registration_is_no_duplicate(first: Registration, second: Request) -> None:
    cascade = DecisionCascade(a_file(registrations=(first,)), POLICIES)

    actual = cascade.decide_registration(a_submission(2, second), Cause.REQUEST)

    assert len(actual.decisions) == 1


def test_a_kept_registration_is_decided_again_as_kept() -> None:
    cascade = DecisionCascade(a_file(registrations=(KEPT,)), POLICIES)

    actual = cascade.decide_registration(KEPT, Cause.RESCHEDULED)

    assert registration_numbered(actual, 1) == KEPT


def test_a_submitted_registration_holds_nothing_until_it_is_decided() -> None:
    actual = new_registration(registration_id(1), a_request(), OPENED_AT)

    assert actual == Registration(
        id=registration_id(1),
        request=a_request(),
        status=Status.REFUSED,
        funding=None,
        payer=None,
        unit=None,
        offered_payers=(),
        version=1,
        created_at=OPENED_AT,
    )


def test_a_registration_is_found_by_its_id() -> None:
    cascade = DecisionCascade(a_file(registrations=(a_registration(1), FUNDED_LATER)), POLICIES)

    actual = cascade.registration(registration_id(2))

    assert actual == FUNDED_LATER
