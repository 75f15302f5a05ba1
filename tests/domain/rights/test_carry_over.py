from dataclasses import replace
from datetime import date

import pytest

from app.domain.errors import NothingToCarryOver, OutsideScheme, TooLateToCarryOver
from app.domain.facts.adviser_file import AdviserFile, CarryOver
from app.domain.rights.buckets import Bucket, quota_buckets
from app.domain.rights.carry_overs import carry_over
from tests.domain_builders import POLICY, a_carry_over, a_contract, a_file, a_registration, a_request, day

ENTERED = day("2024-04-15")
USED = a_registration(1, a_request(day("2025-05-06")), unit="civil_year:2025#1")
USED_IN_THE_FIRST_YEAR = a_registration(1, a_request(day("2024-06-10")), unit="first_year#1")


def bucket(name: str, units: int, opens_on: str, expires_on: str, rule: str) -> Bucket:
    return Bucket(name, units, day(opens_on), day(expires_on), rule)


def carried_by(file: AdviserFile, name: str, units: int = 1, *, decided_on: str = "2025-12-18") -> CarryOver:
    return carry_over(file, name, units, POLICY, decided_on=day(decided_on), through=2026)


@pytest.mark.parametrize(
    ("file", "name", "window"),
    [
        pytest.param(a_file(), "civil_year:2025", ("2026-01-01", "2026-12-31"), id="the year after"),
        pytest.param(
            a_file(), "civil_year:2024", ("2025-01-01", "2025-12-31"), id="the year after 2024, whatever its grace"
        ),
        pytest.param(
            a_file(entered_on=ENTERED), "civil_year:2025", ("2026-01-01", "2026-12-31"), id="the year after that of W"
        ),
        pytest.param(
            a_file(entered_on=ENTERED),
            "first_year",
            ("2025-04-16", "2026-12-31"),
            id="from the day after W to the end of the year after",
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-31")),
            "first_year",
            ("2026-01-01", "2026-12-31"),
            id="the year after when W is 31 December",
        ),
    ],
)
def test_what_is_carried_is_usable_in(file: AdviserFile, name: str, window: tuple[str, str]) -> None:
    actual = carried_by(file, name)

    assert actual == CarryOver(name, 1, day(window[0]), day(window[1]))


def test_a_carried_unit_leaves_its_bucket() -> None:
    file = a_file(carry_overs={"civil_year:2024": 1, "civil_year:2025": 1})

    actual = quota_buckets(file, POLICY, through=2025)

    assert actual == (
        bucket("civil_year:2024", 0, "2024-01-01", "2025-03-31", "R22"),
        bucket("civil_year:2025", 0, "2025-01-01", "2025-12-31", "R22"),
        bucket("carry_over:civil_year:2024", 1, "2025-01-01", "2025-12-31", "R27"),
        bucket("carry_over:civil_year:2025", 1, "2026-01-01", "2026-12-31", "R27"),
    )


NEVER_IN_POST = a_file(contracts=(), carry_overs={"civil_year:2025": 1})
MOVED_ENTRY = replace(a_file(entered_on=day("2025-06-02")), carry_overs=(a_carry_over("first_year"),))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(
            NEVER_IN_POST, {"carry_over:civil_year:2025": ("2026-01-01", "2026-12-31", 1)}, id="when its right is gone"
        ),
        pytest.param(
            MOVED_ENTRY,
            {"first_year": ("2025-06-02", "2026-06-02", 1), "carry_over:first_year": ("2025-04-16", "2026-12-31", 1)},
            id="when the entry is corrected",
        ),
    ],
)
def test_a_carried_right_stays_as_it_was_granted(file: AdviserFile, expected: dict[str, tuple[str, str, int]]) -> None:
    actual = {
        item.name: (str(item.opens_on), str(item.expires_on), item.units)
        for item in quota_buckets(file, POLICY, through=2025)
    }

    assert actual == expected


def test_a_bucket_never_shows_fewer_units_than_none() -> None:
    """Two units of the first year that was; the year that is left had one."""
    file = a_file(carry_overs={"civil_year:2025": 2})

    actual = {item.name: item.units for item in quota_buckets(file, POLICY, through=2025)}

    assert actual == {"civil_year:2024": 1, "civil_year:2025": 0, "carry_over:civil_year:2025": 2}


def test_units_carried_twice_are_added_up_and_lose_no_day() -> None:
    """The entry was corrected in between."""
    carried = (
        a_carry_over("first_year", opens_on=day("2025-04-16"), expires_on=day("2026-12-31")),
        a_carry_over("civil_year:2025"),
        a_carry_over("first_year", opens_on=day("2025-01-10"), expires_on=day("2026-06-30")),
        a_carry_over("first_year", opens_on=day("2025-02-10"), expires_on=day("2027-12-31")),
    )
    file = replace(a_file(entered_on=None), carry_overs=carried)

    actual = quota_buckets(file, POLICY, through=2025)

    assert actual == (
        bucket("carry_over:first_year", 3, "2025-01-10", "2027-12-31", "R27"),
        bucket("carry_over:civil_year:2025", 1, "2026-01-01", "2026-12-31", "R27"),
    )


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
    actual = carried_by(file, name, units)

    assert (actual.bucket, actual.units) == (name, units)


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
        pytest.param(a_file(), "civil_year:2027", 1, 0, id="a year that is far"),
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
        carried_by(file, name, units)

    assert (raised.value.bucket, raised.value.left) == (name, left)


@pytest.mark.parametrize(
    ("file", "name", "last_day"),
    [
        pytest.param(a_file(), "civil_year:2024", day("2025-12-31"), id="a year"),
        pytest.param(a_file(entered_on=day("2024-01-01")), "first_year", day("2026-12-31"), id="a first year"),
    ],
)
def test_it_is_decided_by_the_last_day_of_the_right_that_it_makes(file: AdviserFile, name: str, last_day: date) -> None:
    in_time = carried_by(file, name, decided_on=str(last_day))

    with pytest.raises(TooLateToCarryOver) as raised:
        carried_by(file, name, decided_on=str(last_day.replace(year=last_day.year + 1, month=1, day=1)))

    assert (in_time.expires_on, raised.value.last_day) == (last_day, last_day)


def test_a_used_right_is_nothing_to_carry_over_however_late() -> None:
    with pytest.raises(NothingToCarryOver):
        carried_by(a_file(registrations=(USED,)), "civil_year:2025", decided_on="2027-01-01")


def test_a_mediator_outside_the_scheme_has_nothing_to_carry_over() -> None:
    with pytest.raises(OutsideScheme):
        carried_by(a_file(in_scheme=False), "civil_year:2025")
