from datetime import date

import pytest

from app.domain.errors import PolicyExists
from app.domain.facts.policy import OverQuota, Policies
from tests.domain_builders import a_policy, day

VERSIONS = Policies(
    tuple(a_policy(effective_from=day(since)) for since in ("2024-01-01", "2025-01-01", "2025-07-01")),
)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        pytest.param("2023-12-31", "2024-01-01", id="before them all, the oldest"),
        pytest.param("2024-01-01", "2024-01-01", id="on the day it takes effect"),
        pytest.param("2024-12-31", "2024-01-01", id="on the eve of the next"),
        pytest.param("2025-01-01", "2025-01-01", id="on the day the next takes effect"),
        pytest.param("2030-01-01", "2025-07-01", id="the last one, for ever"),
    ],
)
def test_the_version_in_force_is_the_last_one_begun(on: str, expected: str) -> None:
    actual = VERSIONS.on(day(on)).version

    assert actual == expected


@pytest.mark.parametrize(
    ("reply_days", "last"),
    [(None, "2026-12-14"), (10, "2026-06-25"), (181, "2026-12-13"), (183, "2026-12-14")],
)
def test_an_answer_is_waited_for_until_the_eve_of_the_session_or_sooner(reply_days: int | None, last: str) -> None:
    assert OverQuota(reply_days, remind_days=7).last_reply(day("2026-12-15"), asked_on=day("2026-06-15")) == day(last)


@pytest.mark.parametrize(
    ("since", "place"),
    [
        pytest.param("2023-01-01", 0, id="before them all"),
        pytest.param("2025-02-01", 2, id="between two"),
        pytest.param("2026-01-01", 3, id="after them all"),
    ],
)
def test_a_new_version_takes_its_place_by_its_date(since: str, place: int) -> None:
    added = a_policy(effective_from=day(since), max_funded=2)

    actual = VERSIONS.with_version(added)

    assert actual.versions == (*VERSIONS.versions[:place], added, *VERSIONS.versions[place:])


@pytest.mark.parametrize("since", ["2024-01-01", "2025-01-01", "2025-07-01"])
def test_a_version_is_not_replaced(since: str) -> None:
    with pytest.raises(PolicyExists) as raised:
        VERSIONS.with_version(a_policy(effective_from=day(since), max_funded=2))

    assert raised.value.version == since


@pytest.mark.parametrize(
    ("version", "first", "last"),
    [
        pytest.param(0, date.min, day("2024-12-31"), id="the oldest, since ever"),
        pytest.param(1, day("2025-01-01"), day("2025-06-30"), id="one between"),
        pytest.param(2, day("2025-07-01"), date.max, id="the last, for ever"),
    ],
)
def test_the_period_of_a_version_is_every_day_that_it_is_in_force(version: int, first: date, last: date) -> None:
    policy = VERSIONS.versions[version]

    actual = VERSIONS.period_of(policy)

    assert actual == (first, last)
    assert [VERSIONS.on(first), VERSIONS.on(last)] == [policy, policy]
