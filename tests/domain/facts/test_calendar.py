from datetime import UTC, date, datetime

import pytest

from app.domain.facts.calendar import Dated, civil_date, first_day, in_force, last_day, months_after
from tests.domain_builders import day

HOURS = (Dated(day("2024-03-01"), 70), Dated(day("2021-01-01"), 105), Dated(day("2025-10-21"), 175))


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        pytest.param("2020-12-31", 105, id="before them all, the oldest"),
        pytest.param("2021-01-01", 105, id="on the first day of the oldest"),
        pytest.param("2024-02-29", 105, id="on the eve of the next"),
        pytest.param("2024-03-01", 70, id="on the first day of the next"),
        pytest.param("2025-10-20", 70, id="on its last day"),
        pytest.param("2026-01-01", 175, id="after the last one"),
    ],
)
def test_a_value_holds_from_its_first_day_until_the_next(on: str, expected: int) -> None:
    actual = in_force(HOURS, day(on))

    assert actual == expected


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        pytest.param("2024-04-15", 12, "2025-04-15", id="a year"),
        pytest.param("2024-02-29", 12, "2025-02-28", id="a year from a leap day"),
        pytest.param("2023-02-28", 12, "2024-02-28", id="a year into a leap year"),
        pytest.param("2024-12-31", 12, "2025-12-31", id="a year from the last day"),
        pytest.param("2024-12-31", 2, "2025-02-28", id="two months into February"),
        pytest.param("2023-12-31", 2, "2024-02-29", id="two months into a leap February"),
        pytest.param("2024-10-15", 2, "2024-12-15", id="into December"),
        pytest.param("2024-11-15", 2, "2025-01-15", id="into January"),
        pytest.param("2024-08-31", 1, "2024-09-30", id="into a shorter month"),
        pytest.param("2024-01-31", 0, "2024-01-31", id="none at all"),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_the_month(start: str, months: int, expected: str) -> None:
    actual = months_after(day(start), months)

    assert actual == day(expected)


def test_a_civil_year_runs_from_1_january_to_31_december() -> None:
    actual = (first_day(2025), last_day(2025))

    assert actual == (date(2025, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(datetime(2026, 1, 31, 22, 59, tzinfo=UTC), "2026-01-31", id="a minute before midnight in winter"),
        pytest.param(datetime(2026, 1, 31, 23, 0, tzinfo=UTC), "2026-02-01", id="midnight in winter"),
        pytest.param(datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "2026-07-01", id="midnight in summer"),
    ],
)
def test_the_civil_date_is_that_of_paris(now: datetime, expected: str) -> None:
    assert civil_date(now) == day(expected)
