"""The published sessions of the demonstration, and the people in them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.facts.calendar import civil_date
from app.domain.facts.published_session import SessionDeed, SessionStatus
from app.domain.facts.registration_terms import CancellationCause, Status
from app.outbox.session_loop import do_session_work
from app.persistence.engine.database import Database
from app.persistence.sessions import sessions
from app.persistence.sessions.sessions import facts_of
from app.seed.demonstration import load_demonstration
from app.seed.scenarios.published_sessions import PUBLISHED_SESSIONS
from app.seed.scenarios.session_scenario import SessionScenario
from tests.fake_clock import MORNING

PLACES = """SELECT a.last_name, r.status, r.motive, p.number, row_number() OVER (ORDER BY p.arrival) AS place
FROM registration r JOIN adviser a ON a.id = r.adviser_id LEFT JOIN seat p ON p.registration_id = r.id
WHERE r.session_id = $1 ORDER BY r.created_at"""
HELD, TO_RECORD, FULL, CALLED_OFF, CONFIRMED, OPEN, FAR_AHEAD, INITIAL_CONFIRMED = PUBLISHED_SESSIONS
STATUSES = {
    HELD: SessionStatus.HELD,
    TO_RECORD: SessionStatus.HELD,
    FULL: SessionStatus.FULL,
    CALLED_OFF: SessionStatus.CANCELLED,
    CONFIRMED: SessionStatus.CONFIRMED,
    OPEN: SessionStatus.OPEN,
    FAR_AHEAD: SessionStatus.OPEN,
    INITIAL_CONFIRMED: SessionStatus.CONFIRMED,
}


async def the_session(database: Database, scenario: SessionScenario) -> dict[str, Any]:
    row = await sessions.read(database, scenario.id)
    assert row is not None
    return dict(row)


async def those_in(database: Database, scenario: SessionScenario) -> dict[str, tuple[str, int | None]]:
    """The status of each registration, and the number of its seat, by name."""
    rows = await database.many(PLACES, scenario.id)
    return {row["last_name"]: (row["status"], row["number"]) for row in rows}


async def test_sessions_of_every_status_are_published_by_two_organisations(loaded: Database) -> None:
    rows = [await the_session(loaded, scenario) for scenario in PUBLISHED_SESSIONS]

    assert {facts_of(row).status(civil_date(MORNING)) for row in rows} == {*SessionStatus}
    assert len({row["training_organisation_id"] for row in rows}) == 2
    assert len({row["reference"] for row in rows}) == len(rows)


@pytest.mark.parametrize("scenario", PUBLISHED_SESSIONS, ids=lambda scenario: scenario.reference)
@pytest.mark.parametrize(
    "now",
    [MORNING, *(datetime(2026, 12, day, 12, tzinfo=UTC) for day in range(1, 8)), datetime(2028, 2, 29, 18, tzinfo=UTC)],
    ids=str,
)
def test_each_day_of_a_session_is_a_working_day_on_its_side_of_today(scenario: SessionScenario, now: datetime) -> None:
    today = civil_date(now)
    days = scenario.dates(today)

    assert all(day.weekday() < 5 for day in days)
    assert days == sorted(days)
    assert (days[-1] < today) is (STATUSES[scenario] is SessionStatus.HELD)


async def test_who_waits_first_has_been_given_the_seat_that_somebody_left(loaded: Database) -> None:
    found = await those_in(loaded, FULL)

    assert found["Even"] == (Status.CANCELLED, None)
    assert sorted(found[name][1] or 0 for name in ("Allain", "Bodin", "Cadic", "Fichou")) == [1, 2, 3, 4]
    assert found["Garo"] == found["Hélias"] == (Status.ACCEPTED, None)
    told = await loaded.many("SELECT subject_id FROM outbox WHERE type = 'registration.seat_given'")
    assert len(told) == 1


async def test_attendance_is_recorded_and_who_waited_in_vain_is_cancelled(loaded: Database) -> None:
    statuses = {name: status for name, (status, _) in (await those_in(loaded, HELD)).items()}
    motives = {row["last_name"]: row["motive"] for row in await loaded.many(PLACES, HELD.id)}

    assert statuses == {
        "Allain": Status.COMPLETED, "Bodin": Status.COMPLETED, "Cadic": Status.ABSENT_JUSTIFIED,
        "Derrien": Status.ABSENT_UNJUSTIFIED, "Even": Status.CANCELLED,
    }  # fmt: skip
    assert motives["Even"] == CancellationCause.NO_SEAT


async def test_a_session_called_off_has_cancelled_its_registrations_and_given_back_their_rights(
    loaded: Database,
) -> None:
    cancelled = await those_in(loaded, CALLED_OFF)

    assert {*cancelled.values()} == {(Status.CANCELLED, None)}
    assert {status for status, _ in (await those_in(loaded, CONFIRMED)).values()} == {Status.ACCEPTED}
    assert cancelled.keys() < (await those_in(loaded, CONFIRMED)).keys()


async def test_the_attendance_of_one_session_is_still_to_be_recorded(loaded: Database) -> None:
    assert {status for status, _ in (await those_in(loaded, TO_RECORD)).values()} == {Status.ACCEPTED}


async def test_every_deed_is_finished(loaded: Database) -> None:
    deeds = await loaded.many("SELECT * FROM session_deed")

    assert {deed["kind"] for deed in deeds} == {*SessionDeed}
    assert all(deed["finished_at"] and deed["done"] == deed["concerned"] for deed in deeds)


@pytest.mark.parametrize("now", [MORNING, datetime(2027, 1, 2, 12, tzinfo=UTC)], ids=str)
async def test_nothing_is_left_for_the_worker_to_do(database: Database, now: datetime) -> None:
    await load_demonstration(database, now)

    assert not await do_session_work(database, now)
