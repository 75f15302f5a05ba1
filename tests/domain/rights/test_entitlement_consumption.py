from dataclasses import replace

import pytest

from app.domain.facts.adviser_file import AdviserFile, EarlierUsage
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Status, Unit
from app.domain.rights.buckets import funded_rights, quota_buckets, supplementary_bucket
from app.domain.rights.entitlements import choose_bucket, free_unit, holders, units_left
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

DAYS = {
    "first_year": "2024-06-10",
    "civil_year:2024": "2024-05-14",
    "civil_year:2025": "2025-05-13",
    "civil_year:2026": "2026-05-12",
    "carry_over:civil_year:2025": "2026-03-10",
    "carry_over:first_year": "2025-09-02",
    "supplementary:cafe-ia": "2025-04-10",
}
"""A day that each bucket is open on, for those that have it."""


def held(number: int, unit: str, on: str) -> Registration:
    return a_registration(number, a_request(day(on)), unit=unit)


def holding(*units: str) -> tuple[Registration, ...]:
    """Each on a day of its bucket."""
    return tuple(
        held(number, unit, DAYS.get(unit.partition("#")[0], "2024-05-14")) for number, unit in enumerate(units, start=1)
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
    ("units", "expected"),
    [
        pytest.param((), "first_year#1", id="the first"),
        pytest.param(("first_year#1",), "first_year#2", id="the second"),
        pytest.param(("first_year#2",), "first_year#1", id="the one given back"),
        pytest.param(("civil_year:2025#1",), "first_year#1", id="whatever another bucket gave"),
        pytest.param(("first_year#1", "first_year#2"), "first_year#3", id="the next when all are held"),
    ],
)
def test_the_lowest_free_unit_is(units: tuple[str, ...], expected: str) -> None:
    file = entered_in_2024({}, *units)
    bucket = quota_buckets(file, POLICY, through=2024)[0]

    actual = free_unit(file, bucket)

    assert actual == expected


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.COMPLETED, Status.ABSENT_UNJUSTIFIED])
def test_a_unit_is_used_while_it_is_held(status: Status) -> None:
    holder = a_registration(1, a_request(day("2024-06-10")), status=status, unit="first_year#1")

    assert left(a_file(entered_on=day("2024-04-15"), registrations=(holder,)))["first_year"] == 1


EXEMPT = (a_certification(on=day("2024-06-03")),)
E_SINCE_2024 = frozenset(quota_buckets(a_file(), POLICY, through=2026))


def left(file: AdviserFile, through: int = 2026) -> dict[str, int]:
    return dict(units_left(file, quota_buckets(file, POLICY, through=through)))


def held_by(file: AdviserFile, through: int = 2026) -> dict[str, list[int]]:
    """The numbers of the registrations that count in each bucket, when any does."""
    found = holders(file, [*quota_buckets(file, POLICY, through=through), supplementary_bucket(CAFE_IA.code, POLICY)])
    return {name: [item.id.int for item in items] for name, items in found.items() if items}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(
            entered_in_2024({"first_year": 1}, "first_year#1", "carry_over:first_year#1", "civil_year:2025#1"),
            {"first_year": [1], "carry_over:first_year": [2], "civil_year:2025": [3]},
            id="of its name",
        ),
        pytest.param(
            a_file(registrations=(held(1, "civil_year:2024#1", "2025-02-10"),)),
            {"civil_year:2024": [1]},
            id="of its name, in its grace too",
        ),
        pytest.param(
            a_file(entered_on=day("2025-01-20"), registrations=(held(1, "civil_year:2025#1", "2025-05-13"),)),
            {"first_year": [1]},
            id="of the first year, entry having been added",
        ),
        pytest.param(
            a_file(registrations=(held(1, "first_year#2", "2025-05-13"),)),
            {"civil_year:2025": [1]},
            id="of the year, entry having been earlier than was thought",
        ),
        pytest.param(
            a_file(registrations=(held(1, "first_year#1", "2025-02-10"),)),
            {"civil_year:2025": [1]},
            id="of the year's own first, though that of 2024 expires first",
        ),
        pytest.param(
            a_file(registrations=(held(1, "first_year#1", "2025-02-10"), held(2, "first_year#2", "2025-03-31"))),
            {"civil_year:2024": [2], "civil_year:2025": [1]},
            id="of another open that day, the year's own being full",
        ),
        pytest.param(
            a_file(registrations=(held(1, "first_year#1", "2025-02-10"), held(2, "civil_year:2025#1", "2025-10-07"))),
            {"civil_year:2024": [1], "civil_year:2025": [2]},
            id="of another, when what bears the name fills the year's own",
        ),
        pytest.param(
            a_file(registrations=(held(1, "first_year#1", "2025-05-13"), held(2, "first_year#2", "2025-06-10"))),
            {"civil_year:2025": [1, 2]},
            id="of the year's own beyond its units, when nothing has room",
        ),
        pytest.param(
            a_file(
                registrations=(
                    *holding("civil_year:2024#1"),
                    held(2, "first_year#1", "2025-02-10"),
                    held(3, "first_year#2", "2025-03-10"),
                )
            ),
            {"civil_year:2024": [1], "civil_year:2025": [2, 3]},
            id="of the year's own beyond its units, though the other expires first",
        ),
        pytest.param(
            a_file(entered_on=day("2024-04-15"), registrations=(held(1, "first_year#1", "2025-04-16"),)),
            {"civil_year:2025": [1]},
            id="of the year, the day being outside the first year by now",
        ),
        pytest.param(
            a_file(entered_on=day("2024-04-16"), registrations=(held(1, "civil_year:2025#1", "2025-04-16"),)),
            {"first_year": [1]},
            id="of the first year, the day being outside the rest of the year by now",
        ),
        pytest.param(
            a_file(entered_on=day("2025-06-02"), registrations=(held(1, "first_year#1", "2025-05-13"),)),
            {},
            id="of none, when nothing is open on its day",
        ),
        pytest.param(
            a_file(registrations=(held(1, "carry_over:first_year#1", "2025-09-02"),)),
            {},
            id="of no year, when the carry-over that it bears the name of is gone",
        ),
        pytest.param(
            a_file(
                carry_overs={"civil_year:2025": 1},
                registrations=(held(1, "carry_over:civil_year:2025#1", "2027-03-10"),),
            ),
            {"carry_over:civil_year:2025": [1]},
            id="of its carry-over, whatever the day",
        ),
        pytest.param(
            a_file(registrations=(held(1, "supplementary:cafe-ia#1", "2024-12-31"),)),
            {"supplementary:cafe-ia": [1]},
            id="of its supplement, whatever the day",
        ),
        pytest.param(
            a_file(registrations=(held(1, "derogation#1", "2025-05-13"),)), {}, id="of none, when a person funded it"
        ),
        pytest.param(a_file(registrations=(a_registration(),)), {}, id="of none, without a unit"),
    ],
)
def test_a_unit_counts_in_the_bucket(file: AdviserFile, expected: dict[str, list[int]]) -> None:
    assert held_by(file) == expected


@pytest.mark.parametrize(
    ("entered_on", "expected"),
    [
        pytest.param("2022-03-14", None, id="none left, entry being earlier than was thought"),
        pytest.param("2025-01-20", None, id="none left, entry being in January as was thought"),
        pytest.param("2025-05-13", None, id="none left, entry being on the day of the first"),
        pytest.param("2025-06-02", "first_year", id="one, entry being between the two"),
    ],
)
def test_a_corrected_entry_neither_doubles_nor_eats_rights(entered_on: str, expected: str | None) -> None:
    """Two modules were taken in the first year of an entry of January 2025."""
    taken = (held(1, "first_year#1", "2025-05-13"), held(2, "first_year#2", "2025-06-10"))
    file = a_file(entered_on=day(entered_on), registrations=taken)

    actual = choose_bucket(file, THEMATIC, day("2025-10-07"), POLICY)

    assert (actual.name if actual else None) == expected


def test_rights_are_counted_below_none_when_a_correction_left_more_held_than_there_are() -> None:
    file = a_file(registrations=(held(1, "first_year#1", "2025-05-13"), held(2, "first_year#2", "2025-06-10")))

    assert left(file) == {"civil_year:2024": 1, "civil_year:2025": -1, "civil_year:2026": 1}


def test_a_unit_of_a_later_year_takes_nothing_from_an_earlier_one() -> None:
    """A session of January 2025 holds the right of 2025; that of 2024, open by its grace, is free for December 2024."""
    file = a_file(registrations=(held(1, "civil_year:2025#1", "2025-02-10"),))

    actual = choose_bucket(file, THEMATIC, day("2024-12-10"), POLICY)

    assert actual is not None
    assert actual.name == "civil_year:2024"


def test_what_was_used_under_an_earlier_file_counts_by_its_name() -> None:
    file = replace(a_file(), former=EarlierUsage((), (Unit("civil_year:2025#1"), Unit("first_year#1"))))

    assert left(file) == {"civil_year:2024": 1, "civil_year:2025": 0, "civil_year:2026": 1}


def test_a_unit_used_before_entry_counts_where_its_day_is_by_then() -> None:
    """The year 2026 of an exempt adviser, half of which is in the first year since: its unit counts in the latter."""
    taken = (held(1, "civil_year:2026#1", "2026-05-12"),)
    before = a_file(entered_on=None, certifications=EXEMPT, registrations=taken)
    after = a_file(entered_on=day("2025-09-15"), certifications=EXEMPT, registrations=taken)

    assert [held_by(file) for file in (before, after)] == [{"civil_year:2026": [1]}, {"first_year": [1]}]
    assert (left(after)["first_year"], left(after)["civil_year:2026"]) == (1, 1)


def test_a_mediator_has_no_funded_right() -> None:
    file = a_file(in_scheme=False)

    assert funded_rights(file, POLICY, through=2026) == (frozenset(), frozenset())
    assert funded_rights(a_file(), POLICY, through=2026) == (E_SINCE_2024, frozenset())
