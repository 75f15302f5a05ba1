import pytest

from app.domain.decisions.buckets import quota_buckets
from app.domain.decisions.entitlements import choose_bucket, free_unit, holders, units_left
from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status
from tests.domain_builders import (
    CAFE_IA,
    POLICY,
    THEMATIC,
    a_certification,
    a_contract,
    a_file,
    a_registration,
    a_request,
    day,
)


def holding(*units: str) -> tuple[Registration, ...]:
    return tuple(
        a_registration(number, a_request(day("2024-05-13")), unit=unit) for number, unit in enumerate(units, start=1)
    )


def entered_in_2024(carry_overs: dict[str, int], *units: str) -> AdviserFile:
    return a_file(entered_on=day("2024-04-15"), carry_overs=carry_overs, registrations=holding(*units))


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(a_file(), "2025-02-10", "civil_year:2024", id="the one that expires first"),
        pytest.param(
            a_file(registrations=holding("civil_year:2024#1")), "2025-02-10", "civil_year:2025", id="the next, then"
        ),
        pytest.param(
            a_file(registrations=holding("civil_year:2024#1", "civil_year:2025#1")), "2025-02-10", None, id="none left"
        ),
        pytest.param(
            a_file(carry_overs={"civil_year:2025": 1}),
            "2026-03-05",
            "carry_over:civil_year:2025",
            id="a carry-over before the year's own",
        ),
        pytest.param(
            a_file(carry_overs={"civil_year:2025": 1}, registrations=holding("carry_over:civil_year:2025#1")),
            "2026-03-05",
            "civil_year:2026",
            id="the year's own after the carry-over",
        ),
        pytest.param(
            entered_in_2024({"first_year": 1}), "2025-05-20", "civil_year:2025", id="the year's before a later carry"
        ),
        pytest.param(
            entered_in_2024({"first_year": 1}, "civil_year:2025#1"),
            "2025-09-09",
            "carry_over:first_year",
            id="the later carry-over at last",
        ),
        pytest.param(
            entered_in_2024({"first_year": 1, "civil_year:2025": 1}),
            "2026-02-03",
            "carry_over:civil_year:2025",
            id="the name between two carry-overs",
        ),
        pytest.param(
            entered_in_2024({"first_year": 1, "civil_year:2025": 1}, "carry_over:civil_year:2025#1"),
            "2026-02-03",
            "carry_over:first_year",
            id="both carry-overs before the year's own",
        ),
    ],
)
def test_the_bucket_chosen_is(file: AdviserFile, on: str, expected: str | None) -> None:
    actual = choose_bucket(file, THEMATIC, day(on), POLICY)

    assert (actual.name if actual else None) == expected


def test_the_name_decides_between_two_equals() -> None:
    file = a_file(entered_on=day("2025-01-02"), certifications=(a_certification(),), contracts=(a_contract(),))

    actual = choose_bucket(file, THEMATIC, day("2025-01-01"), POLICY)

    assert actual is not None
    assert actual.name == "civil_year:2024"


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        pytest.param((), "supplementary:cafe-ia", id="its own, first"),
        pytest.param(("civil_year:2025#1",), "supplementary:cafe-ia", id="its own, though the year's is spent"),
        pytest.param(("supplementary:cafe-ia#1",), None, id="never the year's"),
    ],
)
def test_a_supplement_uses_its_own_right_only(units: tuple[str, ...], expected: str | None) -> None:
    actual = choose_bucket(a_file(registrations=holding(*units)), CAFE_IA, day("2025-05-13"), POLICY)

    assert (actual.name if actual else None) == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param((), "first_year#1", id="the first"),
        pytest.param(("first_year#1",), "first_year#2", id="the second"),
        pytest.param(("first_year#2",), "first_year#1", id="the one given back"),
        pytest.param(("civil_year:2025#1",), "first_year#1", id="whatever another bucket gave"),
        pytest.param(("first_year#1", "first_year#2"), "first_year#3", id="the next when all are held"),
    ],
)
def test_the_lowest_free_unit_is(held: tuple[str, ...], expected: str) -> None:
    file = entered_in_2024({}, *held)
    bucket = quota_buckets(file, POLICY, through=2024)[0]

    actual = free_unit(file, bucket)

    assert actual == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(Status.ACCEPTED, 1, id="accepted"),
        pytest.param(Status.COMPLETED, 1, id="completed"),
        pytest.param(Status.ABSENT_UNJUSTIFIED, 1, id="missed without motive"),
    ],
)
def test_a_unit_is_used_while_it_is_held(status: Status, expected: int) -> None:
    holder = a_registration(status=status, unit="first_year#1")
    file = a_file(entered_on=day("2024-04-15"), registrations=(holder,))
    bucket = quota_buckets(file, POLICY, through=2024)[0]

    actual = units_left(file, bucket)

    assert actual == expected


def test_the_holders_of_a_bucket_are_those_of_its_name() -> None:
    first, other, second = holding("first_year#1", "carry_over:first_year#1", "first_year#2")

    actual = holders((first, other, second), "first_year")

    assert actual == (first, second)


def test_units_used_before_entry_stay_counted_under_their_name() -> None:
    exempt = (a_certification(on=day("2024-06-03")),)
    before = a_file(entered_on=None, certifications=exempt, registrations=holding("civil_year:2026#1"))
    after = a_file(entered_on=day("2025-09-15"), certifications=exempt, registrations=holding("civil_year:2026#1"))

    actual = [choose_bucket(file, THEMATIC, day("2026-10-06"), POLICY) for file in (before, after)]

    assert actual == [None, None]
