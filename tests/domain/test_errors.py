from collections.abc import Callable
from uuid import UUID

import pytest

from app.domain.errors import (
    AlreadyAnnulled,
    Conflict,
    DuplicateRegistration,
    InvalidTransition,
    NothingToCarryOver,
    PolicyExists,
    ResultExists,
    SessionNotStarted,
    SessionStarted,
)
from app.domain.statement_errors import HoursNotOffered, MotiveNotValid, PayerNotOffered, TitleNotDelivered
from tests.domain_builders import FIRST_DAY

FIRST = UUID(int=1)


@pytest.mark.parametrize(
    ("raised", "message", "facts"),
    [
        pytest.param(
            lambda: InvalidTransition("choice", "accepted"),
            "choice is impossible from accepted",
            {"move": "choice", "status": "accepted"},
            id="an impossible move",
        ),
        pytest.param(
            lambda: SessionStarted(FIRST_DAY), "session started on 2025-05-13", {"first_day": FIRST_DAY}, id="too late"
        ),
        pytest.param(
            lambda: SessionNotStarted(FIRST_DAY),
            "session starts on 2025-05-13",
            {"first_day": FIRST_DAY},
            id="too early",
        ),
        pytest.param(
            lambda: DuplicateRegistration(FIRST, UUID(int=2)),
            f"already registered: {FIRST}",
            {"first": FIRST, "organisation": UUID(int=2)},
            id="a duplicate",
        ),
        pytest.param(
            lambda: NothingToCarryOver("first_year", 1),
            "first_year has 1 units left",
            {"bucket": "first_year", "left": 1},
            id="nothing to carry over",
        ),
        pytest.param(
            lambda: PayerNotOffered("opco", ["employer", "self"]),
            "opco is not one of employer, self",
            {"payer": "opco", "offered": ("employer", "self")},
            id="a payer not offered",
        ),
        pytest.param(
            lambda: HoursNotOffered(105, [70, 175]),
            "105 is not one of 70, 175",
            {"hours": 105, "offered": (70, 175)},
            id="hours not offered",
        ),
        pytest.param(
            lambda: PolicyExists("2025-01-01"),
            "policy 2025-01-01 exists",
            {"version": "2025-01-01"},
            id="a policy that exists",
        ),
        pytest.param(
            lambda: ResultExists("pix", FIRST_DAY),
            "pix has a result of 2025-05-13",
            {"qualification": "pix", "on": FIRST_DAY},
            id="a second result of a day",
        ),
        pytest.param(
            lambda: TitleNotDelivered("remn", None, FIRST_DAY),
            "remn is delivered from None to 2025-05-13",
            {"qualification": "remn", "valid_from": None, "valid_until": FIRST_DAY},
            id="a title that is over",
        ),
        pytest.param(
            lambda: AlreadyAnnulled(FIRST_DAY),
            "annulled on 2025-05-13",
            {"annulled_on": FIRST_DAY},
            id="a result annulled twice",
        ),
        pytest.param(
            lambda: MotiveNotValid("covid_test", ["medical_certificate", "force_majeure"]),
            "covid_test is not one of medical_certificate, force_majeure",
            {"motive": "covid_test", "valid": ("medical_certificate", "force_majeure")},
            id="a motive not valid",
        ),
    ],
)
def test_a_conflict_carries_its_facts(raised: Callable[[], Conflict], message: str, facts: dict[str, object]) -> None:
    actual = raised()

    assert (str(actual), vars(actual)) == (message, facts)
