import pytest

from app.domain.policy import OverQuota, Policies
from tests.builders import a_policy, day

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
    assert OverQuota(reply_days).last_reply(day("2026-12-15"), asked_on=day("2026-06-15")) == day(last)
