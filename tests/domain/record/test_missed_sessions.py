import pytest

from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import Funding, Payer, Status
from app.domain.record.missed_sessions import Consequence, MissedSession, missed_sessions
from tests.domain_builders import CAFE_IA, FULL_TITLE, a_file, a_registration, a_request, an_initial_registration, day

MISSED = Status.ABSENT_UNJUSTIFIED


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        pytest.param(
            a_registration(status=MISSED, unit="civil_year:2025#1"), Consequence.RIGHT_CONSUMED, id="of a funded module"
        ),
        pytest.param(
            a_registration(1, a_request(module=CAFE_IA), status=MISSED, unit="supplementary:cafe-ia#1"),
            Consequence.RIGHT_CONSUMED,
            id="of a supplement",
        ),
        pytest.param(
            an_initial_registration(status=MISSED), Consequence.INITIAL_TRAINING_NOT_ENTERED, id="of initial training"
        ),
        pytest.param(a_registration(status=MISSED), Consequence.NOT_FOLLOWED, id="of a module given its unit back"),
        pytest.param(
            a_registration(status=MISSED, funding=Funding.NONE, payer=Payer.SELF),
            Consequence.NOT_FOLLOWED,
            id="of a module that the adviser pays",
        ),
        pytest.param(
            a_registration(1, a_request(module=FULL_TITLE), status=MISSED),
            Consequence.NOT_FOLLOWED,
            id="of the full title",
        ),
    ],
)
def test_the_consequence_is(registration: Registration, expected: Consequence) -> None:
    assert MissedSession(registration).consequence is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(status, status is MISSED) for status in Status],
    ids=str,
)
def test_only_an_unjustified_absence_is_shown(status: Status, *, expected: bool) -> None:
    file = a_file(registrations=(a_registration(status=status),))

    assert bool(missed_sessions(file, day("2025-05-13"))) is expected


@pytest.mark.parametrize(
    ("on", "expected"),
    [("2025-05-12", []), ("2025-05-13", [2]), ("2025-05-14", [1, 2])],
    ids=["not before its first day", "from its first day", "each, in order of creation"],
)
def test_the_sessions_missed_by_a_day_are(on: str, expected: list[int]) -> None:
    later = a_registration(1, a_request(day("2025-05-14")), status=MISSED)
    first = a_registration(2, a_request(day("2025-05-13")), status=MISSED)

    actual = missed_sessions(a_file(registrations=(later, first)), day(on))

    assert [item.registration.id.int for item in actual] == expected
