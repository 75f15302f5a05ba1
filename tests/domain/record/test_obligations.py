from dataclasses import replace

import pytest

from app.domain.facts.adviser_file import AdviserFile
from app.domain.facts.module import Module
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer, Status
from app.domain.record.obligations import Excuse, Obligation, ObligationStatus, obligations
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
    an_initial_registration,
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
        pytest.param(
            a_file(entered_on=None),
            "2025-06-02",
            (Obligation("initial_training", 1, 0, day("2022-01-10"), None, ObligationStatus.DUE),),
            id="initial training before entry",
        ),
        pytest.param(a_file(in_scheme=False), "2025-06-02", (), id="nothing outside the scheme"),
        pytest.param(
            a_file(entered_on=None, in_scheme=False), "2025-06-02", (), id="nothing outside the scheme, nor entered"
        ),
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
        pytest.param(a_file(entered_on=ENTERED), "2024-04-14", ["initial_training"], id="N initial training before it"),
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
    owed = obligations(file, POLICY, day(on))

    actual = {item.period: [year for year in range(2019, 2030) if item.is_owed_for(year, day(on))] for item in owed}

    assert actual == {period: [year] for period, year in expected.items()}


def test_initial_training_is_owed_for_every_year_in_post() -> None:
    (owed,) = obligations(a_file(entered_on=None), POLICY, day("2024-01-01"))

    actual = [year for year in range(2019, 2030) if owed.is_owed_for(year, day("2024-01-01"))]

    assert actual == [2022, 2023, 2024]


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


def excuses(file: AdviserFile, on: str) -> dict[str, str | None]:
    """What excuses each period that is."""
    return {item.period: item.excused_by for item in obligations(file, POLICY, day(on)) if item.status == "excused"}


LEFT = (a_contract(starts_on=day("2022-01-10"), ends_on=day("2025-06-30")),)


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(a_file(contracts=LEFT), "2025-12-30", {}, id="not before the day it is due on"),
        pytest.param(a_file(contracts=LEFT), "2025-12-31", {"civil_year:2025": "not_in_post"}, id="from that day on"),
        pytest.param(a_file(contracts=LEFT), "2027-06-01", {"civil_year:2025": "not_in_post"}, id="for ever"),
        pytest.param(
            a_file(contracts=(*LEFT, a_contract(number=2, starts_on=day("2026-01-01")))),
            "2026-02-01",
            {"civil_year:2025": "not_in_post"},
            id="whatever post comes after",
        ),
        pytest.param(
            a_file(contracts=(*LEFT, a_contract(number=2, starts_on=day("2025-12-31")))),
            "2026-02-01",
            {},
            id="not in post again that day",
        ),
        pytest.param(
            a_file(contracts=(a_contract(starts_on=day("2022-01-10"), ends_on=day("2025-03-30")),)),
            "2025-03-31",
            {"civil_year:2024": "not_in_post"},
            id="the year 2024 at the end of its grace",
        ),
        pytest.param(
            a_file(entered_on=ENTERED, contracts=(a_contract(ends_on=day("2025-04-14")),)),
            "2025-04-15",
            {"first_year": "not_in_post"},
            id="the first year on the anniversary",
        ),
        pytest.param(
            a_file(contracts=LEFT, registrations=completed("2025-05-06", "2025-05-13")), "2026-01-01", {}, id="not met"
        ),
        pytest.param(
            a_file(contracts=LEFT, carry_overs={"civil_year:2025": 1}),
            "2026-01-01",
            {"civil_year:2025": "carry_over"},
            id="a carry-over first",
        ),
        pytest.param(
            replace(a_file(), excused_periods=("civil_year:2024", "civil_year:2025")),
            "2026-01-01",
            {},
            id="no module by a justification without a carry-over",
        ),
    ],
)
def test_a_period_is_excused(file: AdviserFile, on: str, expected: dict[str, str]) -> None:
    assert excuses(file, on) == expected


def followed_on(first_day: str, unit: str, *, number: int = 1, status: Status = Status.COMPLETED) -> Registration:
    return a_registration(number, a_request(day(first_day)), status=status, unit=unit)


CARRIED_2024, CARRIED_2025 = "carry_over:civil_year:2024#1", "carry_over:civil_year:2025#1"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        pytest.param(
            a_file(carry_overs={"civil_year:2024": 1}, registrations=(followed_on("2025-09-09", CARRIED_2024),)),
            {"civil_year:2024": (1, "met"), "civil_year:2025": (0, "late"), "civil_year:2026": (0, "due")},
            id="for the year its right came from",
        ),
        pytest.param(
            a_file(
                carry_overs={"civil_year:2024": 1},
                registrations=(
                    followed_on("2025-01-14", "civil_year:2025#1"),
                    followed_on("2025-02-11", CARRIED_2024, number=2),
                ),
            ),
            {"civil_year:2024": (1, "met"), "civil_year:2025": (1, "met"), "civil_year:2026": (0, "due")},
            id="before those of the year, whatever their order",
        ),
        pytest.param(
            a_file(
                carry_overs={"civil_year:2024": 1},
                registrations=(followed_on("2025-09-09", CARRIED_2024, status=Status.ACCEPTED),),
            ),
            {"civil_year:2024": (0, "excused"), "civil_year:2025": (0, "late"), "civil_year:2026": (0, "due")},
            id="not before it was followed",
        ),
        pytest.param(
            a_file(
                entered_on=ENTERED,
                carry_overs={"first_year": 1},
                registrations=(
                    followed_on("2024-06-10", "first_year#1"),
                    followed_on("2026-03-10", "carry_over:first_year#1", number=2),
                ),
            ),
            {"first_year": (2, "met"), "civil_year:2025": (0, "late"), "civil_year:2026": (0, "due")},
            id="for the first year",
        ),
        pytest.param(
            a_file(
                contracts=(a_contract(starts_on=day("2026-01-05")),),
                carry_overs={"civil_year:2025": 1},
                registrations=(followed_on("2026-03-10", CARRIED_2025),),
            ),
            {"civil_year:2026": (1, "met")},
            id="for its own day when that year is owed no more",
        ),
        pytest.param(
            a_file(
                entered_on=day("2025-02-03"),
                certifications=(a_certification(),),
                carry_overs={"civil_year:2024": 1},
                registrations=(
                    followed_on("2025-06-03", "first_year#1"),
                    followed_on("2026-01-13", CARRIED_2024, number=2),
                ),
            ),
            {"civil_year:2024": (1, "met"), "first_year": (1, "late"), "civil_year:2026": (0, "due")},
            id="for none of the two of the first year",
        ),
    ],
)
def test_a_module_on_a_carried_right_counts(file: AdviserFile, expected: dict[str, tuple[int, str]]) -> None:
    assert periods(file, "2026-06-02") == expected


def test_a_module_on_a_carried_right_puts_no_duty_off() -> None:
    """R21 is about one of the two modules of the first year."""
    carried, own = followed_on("2025-03-10", CARRIED_2024), followed_on("2025-03-10", "first_year#1")
    files = [
        a_file(entered_on=ENTERED, carry_overs={"civil_year:2024": 1}, registrations=(module,))
        for module in (carried, own)
    ]

    actual = ["civil_year:2025" in periods(file, "2025-12-31") for file in files]

    assert actual == [True, False]


RECRUITED = day("2025-02-03")
NOT_ENTERED = a_file(entered_on=None, contracts=(a_contract(starts_on=RECRUITED),))
JUSTIFIED = replace(NOT_ENTERED, excused_periods=("civil_year:2024", "initial_training"))
AGAIN = a_contract(number=2, starts_on=day("2026-09-01"))


def initial_duty(file: AdviserFile, on: str, months: int | None = None) -> list[Obligation]:
    owed = obligations(file, a_policy(enter_within_months=months), day(on))
    return [item for item in owed if item.period == "initial_training"]


@pytest.mark.parametrize(
    ("file", "on", "expected"),
    [
        pytest.param(NOT_ENTERED, "2025-02-02", False, id="not before the first day in post"),
        pytest.param(NOT_ENTERED, "2025-02-03", True, id="from that day on"),
        pytest.param(
            replace(NOT_ENTERED, contracts=(a_contract(starts_on=RECRUITED, ends_on=day("2025-12-31")),)),
            "2026-01-01",
            False,
            id="not after the post",
        ),
        pytest.param(a_file(entered_on=None, contracts=()), "2025-06-02", False, id="not without any post"),
        pytest.param(a_file(entered_on=day("2025-06-02")), "2025-06-01", True, id="until the eve of entry"),
        pytest.param(a_file(entered_on=day("2025-06-02")), "2025-06-02", False, id="not from entry on"),
        pytest.param(
            replace(NOT_ENTERED, certifications=(a_certification(on=day("2025-04-01")),)),
            "2025-03-31",
            True,
            id="until the eve of an exempting qualification",
        ),
        pytest.param(
            replace(NOT_ENTERED, certifications=(a_certification(on=day("2025-04-01")),)),
            "2025-04-01",
            False,
            id="not from it on",
        ),
        pytest.param(
            replace(NOT_ENTERED, registrations=(an_initial_registration(starts_on=day("2025-09-15")),)),
            "2025-09-14",
            True,
            id="though summoned",
        ),
    ],
)
def test_initial_training_is_owed(file: AdviserFile, on: str, *, expected: bool) -> None:
    assert bool(initial_duty(file, on)) == expected


@pytest.mark.parametrize(
    ("file", "on", "months", "expected"),
    [
        pytest.param(NOT_ENTERED, "2029-12-31", None, (None, "due", None), id="never late without a deadline"),
        pytest.param(NOT_ENTERED, "2025-08-03", 6, ("2025-08-03", "due", None), id="due on the last day"),
        pytest.param(NOT_ENTERED, "2025-08-04", 6, ("2025-08-03", "late", None), id="late after it"),
        pytest.param(JUSTIFIED, "2025-02-03", 6, ("2025-08-03", "excused", "justification"), id="justified at once"),
        pytest.param(JUSTIFIED, "2029-12-31", None, (None, "excused", "justification"), id="justified for ever"),
        pytest.param(
            replace(NOT_ENTERED, contracts=(AGAIN, a_contract(starts_on=RECRUITED, ends_on=day("2025-06-30")))),
            "2026-09-01",
            6,
            ("2025-08-03", "late", None),
            id="late from the first post, though out of post on the last day",
        ),
    ],
)
def test_the_duty_of_initial_training_is(
    file: AdviserFile, on: str, months: int | None, expected: tuple[str | None, str, str | None]
) -> None:
    (owed,) = initial_duty(file, on, months)

    due_on, status, excuse = expected
    assert owed == Obligation(
        "initial_training",
        1,
        0,
        RECRUITED,
        day(due_on) if due_on else None,
        ObligationStatus(status),
        Excuse(excuse) if excuse else None,
    )
