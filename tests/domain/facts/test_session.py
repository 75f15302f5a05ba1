import pytest

from tests.domain_builders import a_session, day

SESSION = a_session(day("2025-05-13"), ends_on=day("2025-05-15"))


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "expected"),
    [
        pytest.param("2025-05-10", "2025-05-12", False, id="not one that ends on the eve"),
        pytest.param("2025-05-10", "2025-05-13", True, id="one that ends on its first day"),
        pytest.param("2025-05-14", "2025-05-14", True, id="one within it"),
        pytest.param("2025-05-10", "2025-05-20", True, id="one around it"),
        pytest.param("2025-05-15", "2025-05-20", True, id="one that starts on its last day"),
        pytest.param("2025-05-16", "2025-05-20", False, id="not one that starts on the morrow"),
    ],
)
def test_a_session_shares_a_day_with(starts_on: str, ends_on: str, *, expected: bool) -> None:
    other = a_session(day(starts_on), ends_on=day(ends_on))

    assert SESSION.shares_a_day_with(other) is expected
    assert other.shares_a_day_with(SESSION) is expected
