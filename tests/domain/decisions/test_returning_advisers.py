"""What was used under an earlier file counts in the new one: each unit once, none forgotten."""

from dataclasses import replace

import pytest

from app.domain.decisions.admission import Outcome, decide
from app.domain.decisions.refusals import Reason
from app.domain.decisions.returning_advisers import merge_earlier_usage
from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.registration_terms import Unit
from app.domain.record.training_record import entitlements
from app.domain.rights.buckets import quota_buckets
from app.domain.rights.entitlements import choose_bucket, free_unit, units_left
from tests.domain.rights.test_entitlement_consumption import holding
from tests.domain_builders import INITIAL, POLICY, THEMATIC, a_file, a_request, day

YEAR = "civil_year:2025"


def returned(*units: str, entries: tuple[str, ...] = (), file: AdviserFile | None = None) -> AdviserFile:
    former = EarlierUsage(tuple(map(day, entries)), tuple(map(Unit, units)))
    return replace(file or a_file(), former=former)


def test_a_unit_used_before_is_not_free_again() -> None:
    before, after = a_file(), returned(f"{YEAR}#1")

    bucket = next(item for item in quota_buckets(before, POLICY, through=2025) if item.name == YEAR)

    assert [units_left(file, [bucket]) for file in (before, after)] == [{YEAR: 1}, {YEAR: 0}]
    assert choose_bucket(after, THEMATIC, day("2025-06-10"), POLICY) is None
    assert free_unit(after, bucket) == f"{YEAR}#2"


def test_an_entry_of_before_is_one() -> None:
    file = returned(entries=("2024-04-15",), file=a_file(entered_on=None))

    decision = decide(file, a_request(day("2025-06-10"), module=INITIAL), POLICY)

    assert (file.entered_on, file.entries) == (day("2024-04-15"), (day("2024-04-15"),))
    assert decision.outcome is Outcome.REFUSED
    assert Reason.INITIAL_TRAINING_ALREADY_FUNDED in [refusal.code for refusal in decision.refusals]


def test_the_same_entry_said_twice_is_one() -> None:
    assert returned(entries=("2022-03-14",), file=a_file(entered_on=day("2022-03-14"))).entries == (day("2022-03-14"),)


def test_the_record_shows_what_was_used_before() -> None:
    (shown,) = [
        item
        for item in entitlements(returned(f"{YEAR}#1"), (), POLICY, day("2025-06-10"), history=False)
        if item.bucket.name == YEAR
    ]

    assert (shown.used, shown.reserved_by) == (1, ())


@pytest.mark.parametrize(
    ("present", "earlier", "expected"),
    [
        pytest.param((), (("a#1", "b#1"),), ("a#1", "b#1"), id="as they were"),
        pytest.param((), (("a#2",),), ("a#2",), id="under its own name, though a lower one is free"),
        pytest.param(("a#1",), (("a#1",),), ("a#2",), id="used by both, it was used twice"),
        pytest.param(("a#2",), (("a#1", "a#2"),), ("a#1", "a#3"), id="none is lost"),
        pytest.param((), (("a#1",), ("a#1",)), ("a#1", "a#2"), id="of two earlier files"),
    ],
)
def test_units_are_handed_over_beside_those_held(
    present: tuple[str, ...], earlier: tuple[tuple[str, ...], ...], expected: tuple[str, ...]
) -> None:
    files = [a_file(registrations=holding(*units)) for units in earlier]

    assert merge_earlier_usage(files, a_file(registrations=holding(*present))).units == expected


def test_what_an_earlier_return_brought_is_handed_over_again() -> None:
    once = returned("a#1", entries=("2022-03-14",), file=a_file(entered_on=None, registrations=holding("a#2")))

    assert merge_earlier_usage([once], None) == EarlierUsage((day("2022-03-14"),), (Unit("a#1"), Unit("a#2")))
    assert merge_earlier_usage([a_file(entered_on=None)], once) == once.former
