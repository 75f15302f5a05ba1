"""Published sessions for tests below the API, who registers to them, and whether their seats are in order."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from app.persistence.engine.database import Database
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.change_session import cancel_session, replace_session
from app.use_cases.sessions.move_to_session import move_to_session
from app.use_cases.sessions.publish_session import SessionDescription, publish_session
from app.use_cases.sessions.register_in_session import SessionRegistration, register_in_session
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    MODULE,
    PLATFORM,
    a_request_context,
    an_adviser_in_post,
    day,
    id_of,
    response_content,
)

TWELVE = 12
# Whatever is wrong with the seats of a session: none of it may ever be seen.
FAULTS = """SELECT s.id, s.capacity, s.seats_taken, s.seats_waiting, p.numbers, p.waiting, p.of_others, l.without
FROM session s CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(number ORDER BY number) FILTER (WHERE number IS NOT NULL), '{}') AS numbers,
        count(*) FILTER (WHERE number IS NULL) AS waiting,
        count(*) FILTER (WHERE r.session_id <> s.id OR r.status IN ('refused', 'cancelled', 'awaiting_choice'))
            AS of_others
    FROM seat p JOIN registration r ON r.id = p.registration_id WHERE p.session_id = s.id
) p CROSS JOIN LATERAL (
    SELECT count(*) AS without FROM registration r JOIN adviser a ON a.id = r.adviser_id
    WHERE r.session_id = s.id AND r.status NOT IN ('refused', 'cancelled', 'awaiting_choice')
        AND a.anonymised_at IS NULL AND NOT EXISTS (SELECT FROM seat p WHERE p.registration_id = r.id)
) l
WHERE s.seats_taken > s.capacity OR s.seats_waiting <> p.waiting OR p.of_others > 0 OR l.without > 0
    OR p.numbers IS DISTINCT FROM ARRAY(SELECT generate_series(1, s.seats_taken))"""


def session_columns(**others: Any) -> dict[str, Any]:
    """Twelve seats in a remote session of one day to come, to which one may register to the last."""
    starts_on: date = others.get("starts_on", FIRST_DAY)
    module = others.get("module_code", MODULE)
    return {
        "module_code": module,
        "training_organisation_id": LA_FABRIK if module == INITIAL else LA_MEDNUM,
        "reference": None,
        "starts_on": starts_on,
        "ends_on": starts_on,
        "hours": "[]",
        "format": "remote",
        "place_name": None,
        "place_address": None,
        "place_department": None,
        "link": None,
        "seats_minimum": None,
        "capacity": TWELVE,
        "registration_closes_on": None,
        **others,
    }


async def a_published_session(database: Database, number: int | None = None, **others: Any) -> UUID:
    """The id of a new session: a small `number` when its order among others matters. One of the past says so."""
    session = UUID(int=number) if number is not None else uuid4()
    columns = session_columns(**others)
    description = SessionDescription(columns, regularisation=columns["starts_on"] <= MORNING.date())
    await publish_session(database, session, description, a_request_context())
    return session


async def change_seats(database: Database, session: UUID, capacity: int, **others: Any) -> None:
    """A new description of a session that was published with the defaults, but for `others`."""
    columns = session_columns(capacity=capacity, **others)
    await keep_the_platform(database)
    await replace_session(database, session, SessionDescription(columns), ANY_VERSION, a_request_context())


async def keep_the_platform(database: Database) -> None:
    """Deeds name the client that asked for them, which must be stored."""
    statement = "INSERT INTO client (id, name, role, created_at) VALUES ($1, 'SA', $2, $3) ON CONFLICT DO NOTHING"
    await database.one(statement, PLATFORM.id, PLATFORM.role, MORNING)


async def call_off(database: Database, session: UUID) -> None:
    await keep_the_platform(database)
    await cancel_session(database, session, None, a_request_context())


def a_session_registration(adviser: UUID, session: UUID, **others: Any) -> SessionRegistration:
    return SessionRegistration(adviser, session, requested_on=day("2026-04-01"), **others)


async def register_to(
    database: Database, session: UUID, adviser: UUID | None = None, context: RequestContext | None = None, **others: Any
) -> dict[str, Any]:
    """The content of the response; of a new adviser in post when none is named."""
    adviser = adviser or await an_adviser_in_post(database)
    requested = a_session_registration(adviser, session, **others)
    return response_content(await register_in_session(database, requested, context or a_request_context()))


async def move_to(database: Database, registration: Mapping[str, Any], session: UUID) -> dict[str, Any]:
    moved = await move_to_session(
        database, id_of(registration), session, ANY_VERSION, a_request_context(), regularisation=False
    )
    return response_content(moved)


async def cancel_one(database: Database, registration: Mapping[str, Any]) -> dict[str, Any]:
    return response_content(await cancel(database, id_of(registration), Cancellation(), a_request_context()))


def place_of(registration: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Its seat, and its place among those who wait, as an answer shows them."""
    return registration["seat"], registration["seat_place"]


async def seated(database: Database, session: UUID) -> list[UUID]:
    """Who has a seat, in the order of their arrival."""
    rows = await database.many(
        "SELECT registration_id FROM seat WHERE session_id = $1 AND number IS NOT NULL ORDER BY arrival", session
    )
    return [row["registration_id"] for row in rows]


async def waiting(database: Database, session: UUID) -> list[UUID]:
    """Who waits, the first to be seated first."""
    rows = await database.many(
        "SELECT registration_id FROM seat WHERE session_id = $1 AND number IS NULL ORDER BY arrival", session
    )
    return [row["registration_id"] for row in rows]


async def assert_the_seats_are_true(database: Database) -> None:
    """In every session: no more seats than there are, each with one number from 1 on, whoever was accepted in it or
    waiting, and the counts right."""
    assert [dict(row) for row in await database.many(FAULTS)] == []
