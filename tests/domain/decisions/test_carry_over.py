import pytest

from app.domain.decisions.entitlements import Bucket, check_carry_over, quota_buckets
from app.domain.errors import NothingToCarryOver
from app.domain.facts.adviser_file import AdviserFile
from tests.domain_builders import POLICY, a_contract, a_file, a_registration, a_request, day

ENTERED = day("2024-04-15")
USED = a_registration(1, a_request(day("2025-05-06")), unit="civil_year:2025#1")
USED_IN_THE_FIRST_YEAR = a_registration(1, a_request(day("2024-06-10")), unit="first_year#1")


def bucket(name: str, units: int, opens_on: str, expires_on: str, rule: str) -> Bucket:
    return Bucket(name, units, day(opens_on), day(expires_on), rule)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(
            a_file(carry_overs={"civil_year:2025": 1}),
            [
                bucket("civil_year:2025", 0, "2025-01-01", "2025-12-31", "R22"),
                bucket("carry_over:civil_year:2025", 1, "2026-01-01", "2026-12-31", "R27"),
            ],
            id="from a year to the next",
        ),
        pytest.param(
            a_file(carry_overs={"civil_year:2024": 1}),
            [
                bucket("civil_year:2024", 0, "2024-01-01", "2025-03-31", "R22"),
                bucket("carry_over:civil_year:2024", 1, "2025-01-01", "2025-12-31", "R27"),
            ],
            id="from 2024 to the next, whatever its grace",
        ),
        pytest.param(
            a_file(entered_on=ENTERED, carry_overs={"first_year": 2}),
            [
                bucket("first_year", 0, "2024-04-15", "2025-04-15", "R20"),
                bucket("carry_over:first_year", 2, "2025-04-16", "2026-12-31", "R27"),
            ],
            id="from the first year to the end of the year after",
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-31"), carry_overs={"first_year": 1}),
            [
                bucket("first_year", 1, "2024-12-31", "2025-12-31", "R20"),
                bucket("carry_over:first_year", 1, "2026-01-01", "2026-12-31", "R27"),
            ],
            id="from a first year that ends on 31 December",
        ),
        pytest.param(
            a_file(entered_on=ENTERED, carry_overs={"civil_year:2025": 1}),
            [
                bucket("civil_year:2025", 0, "2025-04-16", "2025-12-31", "R21"),
                bucket("carry_over:civil_year:2025", 1, "2026-01-01", "2026-12-31", "R27"),
            ],
            id="from the rest of the year of W",
        ),
    ],
)
def test_a_carried_unit_leaves_its_bucket(file: AdviserFile, expected: list[Bucket]) -> None:
    names = {item.name for item in expected}

    actual = [item for item in quota_buckets(file, POLICY, through=2026) if item.name in names]

    assert actual == expected


def test_units_carried_twice_are_added_up() -> None:
    once = a_file(entered_on=ENTERED, carry_overs={"first_year": 1})
    twice = AdviserFile(once.adviser, once.contracts, carry_overs=once.carry_overs * 2)

    actual = {item.name: item.units for item in quota_buckets(twice, POLICY, through=2025)}

    assert actual == {"first_year": 0, "carry_over:first_year": 2, "civil_year:2025": 1}


@pytest.mark.parametrize(
    ("file", "name", "units"),
    [
        pytest.param(a_file(), "civil_year:2025", 1, id="an unused year"),
        pytest.param(a_file(entered_on=ENTERED), "first_year", 1, id="one unit of the first year"),
        pytest.param(a_file(entered_on=ENTERED), "first_year", 2, id="both units of the first year"),
        pytest.param(
            a_file(entered_on=ENTERED, registrations=(USED_IN_THE_FIRST_YEAR,)), "first_year", 1, id="the one left"
        ),
    ],
)
def test_what_a_bucket_has_left_is_carried(file: AdviserFile, name: str, units: int) -> None:
    check_carry_over(file, name, units, POLICY, through=2025)


@pytest.mark.parametrize(
    ("file", "name", "units", "left"),
    [
        pytest.param(a_file(), "civil_year:2025", 2, 1, id="more than it has"),
        pytest.param(a_file(registrations=(USED,)), "civil_year:2025", 1, 0, id="a used year"),
        pytest.param(a_file(carry_overs={"civil_year:2025": 1}), "civil_year:2025", 1, 0, id="a carried year"),
        pytest.param(
            a_file(carry_overs={"civil_year:2025": 1}, registrations=(USED,)),
            "civil_year:2025",
            1,
            0,
            id="a year carried and used",
        ),
        pytest.param(
            a_file(entered_on=ENTERED, registrations=(USED_IN_THE_FIRST_YEAR,)),
            "first_year",
            2,
            1,
            id="a half used one",
        ),
        pytest.param(
            a_file(carry_overs={"civil_year:2024": 1}), "carry_over:civil_year:2024", 1, 0, id="a carry-over again"
        ),
        pytest.param(a_file(), "supplementary:cafe-ia", 1, 0, id="a supplementary right"),
        pytest.param(a_file(), "civil_year:2026", 1, 0, id="a year to come"),
        pytest.param(a_file(), "first_year", 1, 0, id="a bucket one does not have"),
        pytest.param(
            a_file(contracts=(a_contract(starts_on=day("2025-01-06")),)),
            "civil_year:2024",
            1,
            0,
            id="a year not in post",
        ),
    ],
)
def test_there_is_nothing_to_carry_over_from(file: AdviserFile, name: str, units: int, left: int) -> None:
    with pytest.raises(NothingToCarryOver) as raised:
        check_carry_over(file, name, units, POLICY, through=2025)

    assert (raised.value.bucket, raised.value.left) == (name, left)
