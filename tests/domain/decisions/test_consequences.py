from dataclasses import replace

import pytest

from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.facts.adviser_file import AdviserFile, CarryOver
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status
from tests.domain.file_outcomes import registration_numbered, units_or_statuses
from tests.domain_builders import (
    INITIAL,
    POLICIES,
    a_contract,
    a_file,
    a_registration,
    a_request,
    a_waiting_registration,
    an_initial_registration,
    cascade_of_requests,
    day,
    registration_id,
    with_contracts,
)

FUNDED = a_registration(1, a_request(day("2025-05-13")), unit="civil_year:2025#1")
CANCELLED = FUNDED.unfunded(Status.CANCELLED)
WAITING = a_waiting_registration(2, a_request(day("2025-06-03")))


def with_consequences(
    before: AdviserFile, after: Registration, today: str = "2025-05-01", of: str | None = None
) -> DecisionCascade:
    """Of a deed about this registration, done today, of the day `of`."""
    changed = DecisionCascade(before.with_registration(after), POLICIES)
    return apply_consequences(changed, before, today=day(today), day=day(of) if of else None, apart_from=after.id)


def test_units_held_are_known() -> None:
    other = a_registration(3, a_request(day("2024-05-14")), unit="civil_year:2024#1")

    actual = a_file(registrations=(FUNDED, WAITING, other)).held_units

    assert actual == {"civil_year:2025#1", "civil_year:2024#1"}


def test_a_unit_given_back_goes_to_the_one_waiting() -> None:
    actual = with_consequences(a_file(registrations=(FUNDED, WAITING)), CANCELLED)

    assert units_or_statuses(actual) == ["cancelled", "civil_year:2025#1"]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        pytest.param("2025-06-02", "civil_year:2025#1", id="the eve of its session"),
        pytest.param("2025-06-03", "civil_year:2025#1", id="the day of its session"),
        pytest.param("2025-06-04", "awaiting_choice", id="not the morrow of its first day"),
        pytest.param(None, "awaiting_choice", id="not today, when no day is named and its session is over"),
    ],
)
def test_whom_a_freed_unit_goes_to_depends_on_the_day_of_the_deed(of: str | None, expected: str) -> None:
    actual = with_consequences(a_file(registrations=(FUNDED, WAITING)), CANCELLED, today="2025-10-01", of=of)

    assert units_or_statuses(actual)[1] == expected


def test_a_carry_over_is_given_to_those_who_wait() -> None:
    spent = a_registration(1, a_request(day("2026-05-12")), unit="civil_year:2026#1")
    before = a_file(registrations=(spent, a_waiting_registration(2, a_request(day("2026-10-06")))))
    carried = CarryOver("civil_year:2025", 1, day("2026-01-01"), day("2026-12-31"))
    after = replace(before, carry_overs=(carried,))

    actual = apply_consequences(DecisionCascade(after, POLICIES), before, today=day("2025-12-01"))

    assert units_or_statuses(actual) == ["civil_year:2026#1", "carry_over:civil_year:2025#1"]


def test_nothing_is_promoted_when_no_unit_is_given_back() -> None:
    unused = a_file(registrations=(a_waiting_registration(1, a_request(day("2025-07-01"))), WAITING))

    actual = with_consequences(unused, unused.registrations[0].declined())

    assert units_or_statuses(actual) == ["cancelled", "awaiting_choice"]


def test_nothing_is_promoted_when_a_unit_is_taken() -> None:
    refused = a_registration(1, FUNDED.request, status=Status.REFUSED)
    in_2024 = a_waiting_registration(2, a_request(day("2024-06-03")))

    actual = with_consequences(a_file(registrations=(refused, in_2024)), FUNDED)

    assert actual.decisions == ()


def test_a_unit_given_back_decides_nothing_again() -> None:
    before = a_file(contracts=(), registrations=(FUNDED, a_registration(2, a_request(day("2025-06-03")))))

    actual = with_consequences(before, CANCELLED)

    assert (units_or_statuses(actual), actual.decisions) == (["cancelled", "accepted"], ())


def test_initial_training_cancelled_decides_its_modules_again() -> None:
    before = cascade_of_requests(
        a_file(entered_on=None), a_request(day("2025-09-15"), module=INITIAL), a_request(day("2025-10-07"))
    ).file

    actual = with_consequences(before, before.registrations[0].unfunded(Status.CANCELLED))

    assert units_or_statuses(actual) == ["cancelled", "refused"]
    assert [recorded.cause for recorded in actual.decisions] == [Cause.INITIAL_TRAINING_CHANGED]


def test_initial_training_missed_leaves_the_started_modules_alone() -> None:
    before = cascade_of_requests(
        a_file(entered_on=None),
        a_request(day("2025-09-15"), module=INITIAL),
        a_request(day("2025-10-06")),
        a_request(day("2025-10-07")),
    ).file
    missed = an_initial_registration(1, day("2025-09-15"), status=Status.ABSENT_UNJUSTIFIED)

    actual = with_consequences(before, missed, today="2025-10-06")

    assert units_or_statuses(actual) == ["absent_unjustified", "first_year#1", "refused"]


def test_the_one_that_changed_is_not_decided_again() -> None:
    before = a_file(entered_on=None, registrations=(an_initial_registration(1, day("2025-09-15")),))
    moved = an_initial_registration(1, day("2025-10-06"))

    actual = with_consequences(with_contracts(before, a_contract(terminated_on=day("2025-09-30"))), moved)

    assert registration_numbered(actual, 1) == moved
    assert registration_id(1) not in {recorded.registration_id for recorded in actual.decisions}
