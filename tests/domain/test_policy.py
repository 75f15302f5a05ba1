import pytest

from app.domain.policy import Policies
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
