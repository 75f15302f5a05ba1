from collections.abc import Callable
from uuid import UUID

import pytest

from app.domain.errors import (
    AlreadyAnnulled,
    Conflict,
    DuplicateRegistration,
    EffectRefused,
    InvalidTransition,
    NoRightLeft,
    NothingToCarryOver,
    PolicyExists,
    ReasonsRemain,
    ReferenceTaken,
    ResultExists,
    SeatsTaken,
    SessionClosed,
    SessionEnded,
    SessionNotStarted,
    SessionStarted,
    TooLateToCarryOver,
    TooLateToCorrect,
)
from app.domain.statement_errors import (
    AbsenceNotInSession,
    FormatNotOffered,
    HoursNotOffered,
    ImplausibleDate,
    MotiveNotValid,
    PayerNotOffered,
    RegularisationNeeded,
    TitleNotDelivered,
)
from tests.domain_builders import FIRST_DAY, day

FIRST = UUID(int=1)
REFUSED_EFFECT = SessionStarted(FIRST_DAY)
LAST_DAY = day("2025-05-14")


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
            lambda: EffectRefused("derogation", REFUSED_EFFECT),
            "derogation: session started on 2025-05-13",
            {"effect": "derogation", "refusal": REFUSED_EFFECT},
            id="the effect of an answer",
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
        pytest.param(
            lambda: ImplausibleDate("/taken_on", FIRST_DAY, is_fact=True),
            "/taken_on is after 2025-05-13",
            {"pointer": "/taken_on", "latest": FIRST_DAY, "is_fact": True},
            id="a date that cannot be",
        ),
        pytest.param(
            lambda: RegularisationNeeded("/session/starts_on", FIRST_DAY),
            "/session/starts_on: session started on 2025-05-13",
            {"pointer": "/session/starts_on", "first_day": FIRST_DAY},
            id="the past recorded without the word",
        ),
        pytest.param(
            lambda: SessionEnded(FIRST_DAY), "session ended on 2025-05-13", {"last_day": FIRST_DAY}, id="over by then"
        ),
        pytest.param(
            lambda: NoRightLeft(FIRST_DAY), "no right left on 2025-05-13", {"first_day": FIRST_DAY}, id="no right left"
        ),
        pytest.param(
            lambda: TooLateToCorrect(FIRST_DAY),
            "to be corrected until 2025-05-13",
            {"last_day": FIRST_DAY},
            id="too late to correct",
        ),
        pytest.param(
            lambda: ReasonsRemain(["not_in_post", "ds_file_missing"]),
            "reasons remain: not_in_post, ds_file_missing",
            {"reasons": ("not_in_post", "ds_file_missing")},
            id="reasons not set aside",
        ),
        pytest.param(
            lambda: TooLateToCarryOver(FIRST_DAY),
            "the right ended on 2025-05-13",
            {"last_day": FIRST_DAY},
            id="too late to carry over",
        ),
        pytest.param(
            lambda: AbsenceNotInSession(1, FIRST_DAY, LAST_DAY),
            "day missed 1 is not between 2025-05-13 and 2025-05-14",
            {"place": 1, "first_day": FIRST_DAY, "last_day": LAST_DAY},
            id="a day missed outside the session",
        ),
        pytest.param(
            lambda: SessionClosed(FIRST_DAY),
            "registration closed on 2025-05-13",
            {"last_day": FIRST_DAY},
            id="a session that one may register to no more",
        ),
        pytest.param(lambda: SeatsTaken(12), "12 seats are taken", {"taken": 12}, id="fewer seats than are taken"),
        pytest.param(
            lambda: ReferenceTaken(FIRST),
            f"the reference of {FIRST}",
            {"session": FIRST},
            id="the reference of another session",
        ),
        pytest.param(
            lambda: FormatNotOffered("remote", ["on_site", "hybrid"]),
            "remote is not one of on_site, hybrid",
            {"format": "remote", "offered": ("on_site", "hybrid")},
            id="a format not offered",
        ),
    ],
)
def test_a_conflict_carries_its_facts(raised: Callable[[], Conflict], message: str, facts: dict[str, object]) -> None:
    actual = raised()

    assert (str(actual), vars(actual)) == (message, facts)
