import pytest

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module
from app.domain.facts.registration import Funding, Payer, Registration, Status
from app.domain.record.obligations import Obligation, ObligationStatus, obligations
from tests.domain_builders import (
    CAFE_IA,
    FULL_TITLE,
    INITIAL,
    POLICY,
    THEMATIC,
    a_certification,
    a_contract,
    a_file,
    a_policy,
    a_registration,
    a_request,
    day,
)

ENTERED = day("2024-04-15")


def completed(
    *first_days: str, module: Module = THEMATIC, status: Status = Status.COMPLETED
) -> tuple[Registration, ...]:
    return tuple(
        a_registration(number, a_request(day(first_day), module=module), status=status)
        for number, first_day in enumerate(first_days, start=1)
    )


def periods(file: AdviserFile, on: str) -> dict[str, tuple[int, str]]:
    """What was followed and the status, by period."""
    return {item.period: (item.followed, item.status.value) for item in obligations(file, POLICY, day(on))}


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(
            a_file(),
            "2025-06-02",
            (
                Obligation("civil_year:2024", 1, 0, day("2024-01-01"), day("2025-03-31"), ObligationStatus.LATE),
                Obligation("civil_year:2025", 1, 0, day("2025-01-01"), day("2025-12-31"), ObligationStatus.DUE),
            ),
            id="one per civil year from 2024, with grace",
        ),
        pytest.param(
            a_file(entered_on=ENTERED),
            "2025-06-02",
            (
                Obligation("first_year", 2, 0, day("2024-04-15"), day("2025-04-15"), ObligationStatus.LATE),
                Obligation("civil_year:2025", 1, 0, day("2025-04-16"), day("2025-12-31"), ObligationStatus.DUE),
            ),
            id="two in the first year, then one",
        ),
        pytest.param(a_file(entered_on=None), "2025-06-02", (), id="nothing before entry"),
        pytest.param(a_file(in_scheme=False), "2025-06-02", (), id="nothing outside the scheme"),
        pytest.param(
            a_file(entered_on=ENTERED, in_scheme=False), "2025-06-02", (), id="nothing outside the scheme, even entered"
        ),
    ],
)
def test_the_obligation_is(file: AdviserFile, on: str, expected: tuple[Obligation, ...]) -> None:
    actual = obligations(file, POLICY, day(on))

    assert actual == expected


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(a_file(), "2023-12-31", [], id="E nothing before 2024"),
        pytest.param(a_file(), "2024-01-01", ["civil_year:2024"], id="E from its first day"),
        pytest.param(a_file(), "2024-12-31", ["civil_year:2024"], id="E one year at a time"),
        pytest.param(a_file(entered_on=ENTERED), "2024-04-14", [], id="N nothing before entry"),
        pytest.param(a_file(entered_on=ENTERED), "2024-04-15", ["first_year"], id="N from entry"),
        pytest.param(a_file(entered_on=ENTERED), "2025-04-15", ["first_year"], id="N until the anniversary"),
        pytest.param(
            a_file(entered_on=ENTERED), "2025-04-16", ["first_year", "civil_year:2025"], id="N from the day after"
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-31")),
            "2026-01-01",
            ["first_year", "civil_year:2026"],
            id="N from the next year when W is 31 December",
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-30")),
            "2025-12-31",
            ["first_year", "civil_year:2025"],
            id="N one day when W is 30 December",
        ),
        pytest.param(
            a_file(contracts=(a_contract(starts_on=day("2025-01-06")),)),
            "2026-06-02",
            ["civil_year:2025", "civil_year:2026"],
            id="E not of a year not in post",
        ),
        pytest.param(
            a_file(entered_on=ENTERED, contracts=(a_contract(ends_on=day("2025-12-31")),)),
            "2026-06-02",
            ["first_year", "civil_year:2025"],
            id="N not of a year not in post",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(on=day("2025-06-02")),)),
            "2026-06-02",
            ["civil_year:2025", "civil_year:2026"],
            id="exempt, from the year of the qualification",
        ),
        pytest.param(
            a_file(entered_on=None, certifications=(a_certification(),)),
            "2025-06-02",
            ["civil_year:2024", "civil_year:2025"],
            id="exempt since long, from 2024",
        ),
        pytest.param(
            a_file(entered_on=day("2025-09-15"), certifications=(a_certification(),)),
            "2026-10-06",
            ["civil_year:2024", "first_year", "civil_year:2026"],
            id="exempt who enters, not of the year of entry",
        ),
        pytest.param(
            a_file(entered_on=day("2025-01-01"), certifications=(a_certification(),)),
            "2025-06-02",
            ["civil_year:2024", "first_year"],
            id="exempt who enters on 1 January, of the whole year before",
        ),
    ],
)
def test_the_periods_begun_are(file: AdviserFile, on: str, expected: list[str]) -> None:
    actual = list(periods(file, on))

    assert actual == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(("2024-06-10", "2024-10-08"), 2025, id="from the year of W when both were followed before it"),
        pytest.param(("2024-10-08", "2025-02-11"), 2026, id="from the next when one was followed in the year of W"),
        pytest.param(("2024-10-08", "2025-01-01"), 2026, id="from the next when followed on 1 January"),
        pytest.param(("2024-10-08", "2024-12-31"), 2025, id="not from the next when followed on 31 December"),
        pytest.param(("2024-10-08", "2025-04-15"), 2026, id="from the next when followed on the anniversary"),
        pytest.param(("2024-10-08", "2025-04-16"), 2025, id="not from the next when followed the day after"),
    ],
)
def test_one_module_a_year_is_owed_after_the_first_year(days: tuple[str, ...], expected: int) -> None:
    file = a_file(entered_on=ENTERED, registrations=completed(*days))

    actual = list(periods(file, "2026-06-02"))

    assert actual[1] == f"civil_year:{expected}"


@pytest.mark.parametrize(
    ("followed_on", "expected"),
    [("2025-01-19", 2025), ("2025-01-20", 2026)],
    ids=["not moved by one before entry", "moved by one on the day of entry"],
)
def test_the_obligation_of_a_window_within_one_year_is(followed_on: str, expected: int) -> None:
    policy = a_policy(window_months=6)
    file = a_file(entered_on=day("2025-01-20"), registrations=completed(followed_on))

    actual = obligations(file, policy, day("2026-06-02"))

    assert actual[1].period == f"civil_year:{expected}"


@pytest.mark.parametrize(
    ("registrations", "expected"),
    [
        pytest.param(completed("2025-06-03"), 1, id="a completed module"),
        pytest.param(completed("2025-06-03", "2025-10-07"), 2, id="two of them"),
        pytest.param(completed("2025-06-03", module=CAFE_IA), 0, id="not a supplement"),
        pytest.param(completed("2025-06-03", module=INITIAL), 0, id="not initial training"),
        pytest.param(completed("2025-06-03", module=FULL_TITLE), 0, id="not the full title"),
        pytest.param(completed("2025-06-03", status=Status.ACCEPTED), 0, id="not an accepted one"),
        pytest.param(completed("2025-06-03", status=Status.ABSENT_UNJUSTIFIED), 0, id="not a missed one"),
        pytest.param(completed("2024-12-31"), 0, id="not one of the year before"),
        pytest.param(completed("2025-01-01", "2025-01-02"), 1, id="one of 1 January beside that of the grace"),
        pytest.param(completed("2025-12-31"), 1, id="one of 31 December"),
        pytest.param(completed("2026-01-01"), 0, id="not one of the year after"),
        pytest.param(
            (
                a_registration(
                    1,
                    a_request(day("2025-06-03"), kept_unfunded=True),
                    status=Status.COMPLETED,
                    funding=Funding.NONE,
                    payer=Payer.SELF,
                ),
            ),
            1,
            id="one that the adviser paid",
        ),
    ],
)
def test_the_modules_followed_in_2025_are(registrations: tuple[Registration, ...], expected: int) -> None:
    file = a_file(registrations=registrations)

    actual = periods(file, "2025-06-03")["civil_year:2025"][0]

    assert actual == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(("2025-03-31",), [1, 0], id="for the year in grace first"),
        pytest.param(("2025-03-12", "2025-03-27"), [1, 1], id="then for the year"),
        pytest.param(("2024-05-15", "2025-03-12"), [1, 1], id="for the year when the one in grace is met"),
        pytest.param(("2025-10-07", "2025-03-12"), [1, 1], id="in the order they were followed"),
        pytest.param(("2025-04-01",), [0, 1], id="for the year after the grace"),
        pytest.param(("2025-02-10", "2025-02-11", "2025-02-12"), [1, 2], id="for the last when all are met"),
        pytest.param(("2023-11-07",), [0, 0], id="for nothing before all periods"),
    ],
)
def test_a_module_counts_once(days: tuple[str, ...], expected: list[int]) -> None:
    file = a_file(registrations=completed(*days))

    actual = [followed for followed, _ in periods(file, "2025-06-02").values()]

    assert actual == expected


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(
            a_file(registrations=completed("2026-01-01")), "2026-06-02", ("civil_year:2026", 1), id="of a civil year"
        ),
        pytest.param(
            a_file(entered_on=ENTERED, registrations=completed("2024-04-15")),
            "2024-06-03",
            ("first_year", 1),
            id="of the first year",
        ),
        pytest.param(
            a_file(entered_on=ENTERED, registrations=completed("2025-04-16")),
            "2025-06-03",
            ("civil_year:2025", 1),
            id="of the rest of the year of W",
        ),
    ],
)
def test_a_module_counts_from_the_first_day(file: AdviserFile, on: str, expected: tuple[str, int]) -> None:
    actual = obligations(file, POLICY, day(on))[-1]

    assert (actual.period, actual.followed) == expected


def test_a_period_that_has_not_begun_takes_no_module() -> None:
    file = a_file(registrations=completed("2025-02-10", "2025-03-12"))

    actual = [periods(file, on) for on in ("2024-12-31", "2025-03-31")]

    assert actual == [
        {"civil_year:2024": (2, "met")},
        {"civil_year:2024": (1, "met"), "civil_year:2025": (1, "met")},
    ]


@pytest.mark.parametrize(
    ("days", "on", "carried", "expected"),
    [
        pytest.param((), "2025-12-31", False, (0, "due"), id="due until the last day"),
        pytest.param((), "2026-01-01", False, (0, "late"), id="late after it"),
        pytest.param(("2025-05-06",), "2025-12-31", False, (1, "met"), id="met"),
        pytest.param(("2025-05-06",), "2026-01-01", False, (1, "met"), id="met for ever"),
        pytest.param(("2025-05-06", "2025-06-03"), "2025-12-31", False, (2, "met"), id="met and more"),
        pytest.param((), "2025-12-31", True, (0, "excused"), id="excused by a carry-over"),
        pytest.param((), "2026-01-01", True, (0, "excused"), id="excused for ever"),
        pytest.param(("2025-05-06",), "2025-12-31", True, (1, "met"), id="met though excused"),
    ],
)
def test_the_obligation_of_a_year_is(
    days: tuple[str, ...], on: str, expected: tuple[int, str], *, carried: bool
) -> None:
    file = a_file(
        contracts=(a_contract(starts_on=day("2025-01-06")),),
        registrations=completed(*days),
        carry_overs={"civil_year:2025": 1} if carried else {},
    )

    actual = periods(file, on)["civil_year:2025"]

    assert actual == expected


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(
            a_file(), "2025-06-02", {"civil_year:2024": 2024, "civil_year:2025": 2025}, id="whatever its grace"
        ),
        pytest.param(
            a_file(entered_on=ENTERED),
            "2025-06-02",
            {"first_year": 2025, "civil_year:2025": 2025},
            id="the year of W for the first year",
        ),
        pytest.param(
            a_file(entered_on=day("2024-12-31")),
            "2026-01-01",
            {"first_year": 2025, "civil_year:2026": 2026},
            id="the next when W is 31 December",
        ),
    ],
)
def test_an_obligation_is_of_the_year(file: AdviserFile, on: str, expected: dict[str, int]) -> None:
    actual = {item.period: item.year for item in obligations(file, POLICY, day(on))}

    assert actual == expected


def test_a_carry_over_excuses_its_own_period_only() -> None:
    file = a_file(carry_overs={"civil_year:2024": 1})

    actual = periods(file, "2026-01-01")

    assert actual == {
        "civil_year:2024": (0, "excused"),
        "civil_year:2025": (0, "late"),
        "civil_year:2026": (0, "due"),
    }


@pytest.mark.parametrize(
    ("on", "expected"), [("2025-03-31", "due"), ("2025-04-01", "late")], ids=["until its grace", "not after it"]
)
def test_the_year_2024_is_due(on: str, expected: str) -> None:
    actual = periods(a_file(), on)["civil_year:2024"]

    assert actual == (0, expected)


@pytest.mark.parametrize(
    ("days", "on", "expected"),
    [
        pytest.param(("2024-06-10",), "2025-04-15", (1, "due"), id="due with one of two"),
        pytest.param(("2024-06-10",), "2025-04-16", (1, "late"), id="late after the anniversary"),
        pytest.param(("2024-06-10", "2025-04-15"), "2025-04-16", (2, "met"), id="met with one on the anniversary"),
        pytest.param(("2024-06-10", "2025-04-16"), "2025-04-16", (1, "late"), id="late with one the day after"),
        pytest.param(("2024-04-14", "2024-06-10"), "2025-04-15", (1, "due"), id="due with one before entry"),
    ],
)
def test_the_obligation_of_the_first_year_is(days: tuple[str, ...], on: str, expected: tuple[int, str]) -> None:
    file = a_file(entered_on=ENTERED, registrations=completed(*days))

    actual = periods(file, on)["first_year"]

    assert actual == expected
