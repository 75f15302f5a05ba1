from datetime import date

import pytest

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module, ModuleCode
from app.domain.rights.buckets import (
    Bucket,
    Category,
    annual_phase,
    buckets_for,
    category_on,
    first_year_ends_on,
    quota_buckets,
    supplementary_bucket,
)
from tests.domain_builders import (
    CAFE_IA,
    POLICY,
    THEMATIC,
    a_certification,
    a_contract,
    a_file,
    a_policy,
    an_initial_registration,
    day,
)

NEVER_ENTERED = a_file(entered_on=None)
EXEMPT = a_file(entered_on=None, certifications=(a_certification(on=day("2024-06-03")),))
EXEMPT_WHO_ENTERS = a_file(entered_on=day("2025-09-15"), certifications=(a_certification(on=day("2024-06-03")),))
QUALIFIED_AFTER_ENTRY = a_file(entered_on=day("2024-04-15"), certifications=(a_certification(on=day("2024-09-12")),))


def bucket(name: str, units: int, opens_on: str, expires_on: str, rule: str) -> Bucket:
    return Bucket(name, units, day(opens_on), day(expires_on), rule)


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(a_file(entered_on=day("2023-12-31")), "2024-06-03", Category.ANNUAL, id="E on the eve"),
        pytest.param(a_file(entered_on=day("2024-01-01")), "2024-06-03", Category.FIRST_YEAR, id="N on the cut-off"),
        pytest.param(a_file(entered_on=day("2024-04-15")), "2024-04-14", Category.NONE, id="none before entry"),
        pytest.param(a_file(entered_on=day("2024-04-15")), "2024-04-15", Category.FIRST_YEAR, id="N from entry"),
        pytest.param(a_file(entered_on=day("2024-04-15")), "2030-01-01", Category.FIRST_YEAR, id="N for ever"),
        pytest.param(a_file(entered_on=day("2023-02-06")), "2023-02-05", Category.NONE, id="none before an old entry"),
        pytest.param(a_file(entered_on=day("2023-02-06")), "2023-02-06", Category.ANNUAL, id="E from an old entry"),
        pytest.param(NEVER_ENTERED, "2025-05-13", Category.NONE, id="none without anything"),
        pytest.param(EXEMPT, "2024-06-02", Category.NONE, id="none before the qualification"),
        pytest.param(EXEMPT, "2024-06-03", Category.ANNUAL, id="E from the qualification"),
        pytest.param(EXEMPT_WHO_ENTERS, "2025-09-14", Category.ANNUAL, id="E until the eve of entry"),
        pytest.param(EXEMPT_WHO_ENTERS, "2025-09-15", Category.FIRST_YEAR, id="N from entry, though exempt"),
        pytest.param(QUALIFIED_AFTER_ENTRY, "2024-10-08", Category.FIRST_YEAR, id="N though qualified since"),
    ],
)
def test_the_category_on_a_day_is(file: AdviserFile, on: str, expected: Category) -> None:
    actual = category_on(file, day(on), POLICY)

    assert actual is expected


def test_the_cut_off_is_the_policy_s() -> None:
    policy = a_policy(entered_on_or_after=day("2024-07-01"))

    actual = category_on(a_file(entered_on=day("2024-04-15")), day("2024-06-03"), policy)

    assert actual is Category.ANNUAL


def test_a_registered_initial_training_makes_the_category() -> None:
    file = a_file(entered_on=None, registrations=(an_initial_registration(1, day("2025-09-15")),))

    actual = category_on(file, day("2025-09-15"), POLICY)

    assert actual is Category.FIRST_YEAR


@pytest.mark.parametrize(
    ("entered_on", "expected"),
    [
        pytest.param("2024-04-15", "2025-04-15", id="the same day"),
        pytest.param("2024-02-29", "2025-02-28", id="28 February after a leap day"),
        pytest.param("2024-12-31", "2025-12-31", id="31 December"),
    ],
)
def test_the_first_year_ends_on_the_anniversary(entered_on: str, expected: str) -> None:
    actual = first_year_ends_on(day(entered_on), POLICY)

    assert actual == day(expected)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(a_file(), (day("2022-03-14"), date.max), id="from an old entry, for ever"),
        pytest.param(a_file(entered_on=day("2024-01-01")), None, id="never after a recent entry"),
        pytest.param(NEVER_ENTERED, None, id="never without anything"),
        pytest.param(EXEMPT, (day("2024-06-03"), date.max), id="from the qualification, for ever"),
        pytest.param(EXEMPT_WHO_ENTERS, (day("2024-06-03"), day("2025-09-14")), id="until the eve of entry"),
        pytest.param(
            a_file(entered_on=day("2025-09-15"), certifications=(a_certification(on=day("2025-09-14")),)),
            (day("2025-09-14"), day("2025-09-14")),
            id="one day",
        ),
        pytest.param(
            a_file(entered_on=day("2025-09-15"), certifications=(a_certification(on=day("2025-09-15")),)),
            None,
            id="never when qualified on the day of entry",
        ),
        pytest.param(QUALIFIED_AFTER_ENTRY, None, id="never when qualified after entry"),
    ],
)
def test_one_module_per_civil_year_is_the_rule(file: AdviserFile, expected: tuple[date, date] | None) -> None:
    actual = annual_phase(file, POLICY)

    assert actual == expected


@pytest.mark.parametrize(
    ("file", "through", "expected"),
    [
        pytest.param(
            a_file(),
            2025,
            [
                bucket("civil_year:2024", 1, "2024-01-01", "2025-03-31", "R22"),
                bucket("civil_year:2025", 1, "2025-01-01", "2025-12-31", "R22"),
            ],
            id="E from 2024, with grace",
        ),
        pytest.param(a_file(), 2023, [], id="E nothing before 2024"),
        pytest.param(NEVER_ENTERED, 2025, [], id="nothing for who never entered"),
        pytest.param(
            a_file(entered_on=day("2024-04-15")),
            2026,
            [
                bucket("first_year", 2, "2024-04-15", "2025-04-15", "R20"),
                bucket("civil_year:2025", 1, "2025-04-16", "2025-12-31", "R21"),
                bucket("civil_year:2026", 1, "2026-01-01", "2026-12-31", "R21"),
            ],
            id="N two in a year, then one per civil year",
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-31")),
            2026,
            [
                bucket("first_year", 2, "2024-12-31", "2025-12-31", "R20"),
                bucket("civil_year:2026", 1, "2026-01-01", "2026-12-31", "R21"),
            ],
            id="N nothing in the year of W when W is 31 December",
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-30")),
            2025,
            [
                bucket("first_year", 2, "2024-12-30", "2025-12-30", "R20"),
                bucket("civil_year:2025", 1, "2025-12-31", "2025-12-31", "R21"),
            ],
            id="N one day in the year of W when W is 30 December",
        ),
        pytest.param(
            a_file(entered_on=day("2024-02-29")),
            2025,
            [
                bucket("first_year", 2, "2024-02-29", "2025-02-28", "R20"),
                bucket("civil_year:2025", 1, "2025-03-01", "2025-12-31", "R21"),
            ],
            id="N from a leap day",
        ),
        pytest.param(
            EXEMPT_WHO_ENTERS,
            2026,
            [
                bucket("civil_year:2024", 1, "2024-01-01", "2025-03-31", "R22"),
                bucket("civil_year:2025", 1, "2025-01-01", "2025-09-14", "R22"),
                bucket("first_year", 2, "2025-09-15", "2026-09-15", "R20"),
                bucket("civil_year:2026", 1, "2026-09-16", "2026-12-31", "R21"),
            ],
            id="E until the eve of entry, then N",
        ),
        pytest.param(
            a_file(entered_on=day("2025-02-03"), certifications=(a_certification(on=day("2024-06-03")),)),
            2025,
            [
                bucket("civil_year:2024", 1, "2024-01-01", "2025-02-02", "R22"),
                bucket("civil_year:2025", 1, "2025-01-01", "2025-02-02", "R22"),
                bucket("first_year", 2, "2025-02-03", "2026-02-03", "R20"),
            ],
            id="E grace too until the eve of entry",
        ),
        pytest.param(
            a_file(entered_on=day("2025-01-01"), certifications=(a_certification(on=day("2024-06-03")),)),
            2025,
            [
                bucket("civil_year:2024", 1, "2024-01-01", "2024-12-31", "R22"),
                bucket("first_year", 2, "2025-01-01", "2026-01-01", "R20"),
            ],
            id="E nothing of a year entered on its first day",
        ),
        pytest.param(
            a_file(entered_on=day("2025-01-02"), certifications=(a_certification(on=day("2024-06-03")),)),
            2025,
            [
                bucket("civil_year:2024", 1, "2024-01-01", "2025-01-01", "R22"),
                bucket("civil_year:2025", 1, "2025-01-01", "2025-01-01", "R22"),
                bucket("first_year", 2, "2025-01-02", "2026-01-02", "R20"),
            ],
            id="E one day of a year entered on its second",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2025-03-31")),)),
            2025,
            [bucket("civil_year:2025", 1, "2025-01-01", "2025-12-31", "R22")],
            id="E nothing of 2024 when exempt in its grace",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2024-12-31")),)),
            2024,
            [bucket("civil_year:2024", 1, "2024-01-01", "2025-03-31", "R22")],
            id="E that of 2024, grace and all, when exempt on its last day",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2025-01-01")),)),
            2025,
            [bucket("civil_year:2025", 1, "2025-01-01", "2025-12-31", "R22")],
            id="E nothing of 2024 when exempt on the first day of the next year",
        ),
        pytest.param(
            a_file(contracts=(a_contract(starts_on=day("2025-01-01")),)),
            2025,
            [bucket("civil_year:2025", 1, "2025-01-01", "2025-12-31", "R22")],
            id="E nothing of 2024 when recruited in its grace",
        ),
        pytest.param(
            a_file(contracts=(a_contract(starts_on=day("2024-12-31")),)),
            2024,
            [bucket("civil_year:2024", 1, "2024-01-01", "2025-03-31", "R22")],
            id="E that of 2024 when recruited on its last day",
        ),
    ],
)
def test_the_buckets_are(file: AdviserFile, through: int, expected: list[Bucket]) -> None:
    actual = quota_buckets(file, POLICY, through=through)

    assert list(actual) == expected


@pytest.mark.parametrize("entered_on", ["2022-03-14", "2024-04-15"])
@pytest.mark.parametrize(
    ("starts_on", "ends_on", "missing", "expected"),
    [
        pytest.param("2025-12-31", None, (), [2025, 2026, 2027], id="from the last day of the first year"),
        pytest.param("2026-01-01", None, (), [2026, 2027], id="not the year before"),
        pytest.param("2022-01-10", "2026-01-01", (), [2025, 2026], id="until the first day of the last year"),
        pytest.param("2022-01-10", "2025-12-31", (), [2025], id="not the year after"),
        pytest.param("2022-01-10", None, ("validated_on",), [2025, 2026, 2027], id="validated or not"),
    ],
)
def test_a_civil_year_in_post_gives_a_right(
    entered_on: str, starts_on: str, ends_on: str | None, missing: tuple[str, ...], expected: list[int]
) -> None:
    contract = a_contract(starts_on=day(starts_on), ends_on=day(ends_on) if ends_on else None, missing=missing)
    file = a_file(entered_on=day(entered_on), contracts=(contract,))

    actual = {item.name for item in quota_buckets(file, POLICY, through=2027)} - {"first_year", "civil_year:2024"}

    assert sorted(actual) == [f"civil_year:{year}" for year in expected]


def test_one_of_several_contracts_is_enough_for_a_civil_year() -> None:
    ended = a_contract(number=1, ends_on=day("2024-06-28"))
    begun = a_contract(number=2, starts_on=day("2026-03-02"))

    actual = quota_buckets(a_file(contracts=(ended, begun)), POLICY, through=2026)

    assert [item.name for item in actual] == ["civil_year:2024", "civil_year:2026"]


def test_the_first_year_asks_for_no_contract() -> None:
    file = a_file(entered_on=day("2024-04-15"), contracts=())

    actual = quota_buckets(file, POLICY, through=2026)

    assert [item.name for item in actual] == ["first_year"]


def test_a_supplement_has_a_bucket_without_end() -> None:
    actual = supplementary_bucket(ModuleCode("cafe-ia"), POLICY)

    assert actual == Bucket("supplementary:cafe-ia", 1, day("2025-01-01"), None, "R24")


@pytest.mark.parametrize(
    ("module", "on", "expected"),
    [
        pytest.param(THEMATIC, "2024-12-31", ["civil_year:2024"], id="the year's"),
        pytest.param(THEMATIC, "2025-01-01", ["civil_year:2024", "civil_year:2025"], id="two from 1 January"),
        pytest.param(THEMATIC, "2025-03-31", ["civil_year:2024", "civil_year:2025"], id="two until the end of grace"),
        pytest.param(THEMATIC, "2025-04-01", ["civil_year:2025"], id="one after it"),
        pytest.param(CAFE_IA, "2025-01-01", ["supplementary:cafe-ia"], id="its own for a supplement"),
        pytest.param(CAFE_IA, "2199-12-31", ["supplementary:cafe-ia"], id="its own for ever"),
        pytest.param(CAFE_IA, "2024-12-31", [], id="none before the supplement"),
    ],
)
def test_the_open_buckets_of_a_module_are(module: Module, on: str, expected: list[str]) -> None:
    actual = buckets_for(a_file(), module, day(on), POLICY)

    assert [item.name for item in actual] == expected
