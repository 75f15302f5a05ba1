"""Who is anonymised leaves the sessions to come to those who wait, and stays counted in those that have begun."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.persistence.engine.database import Database
from app.use_cases.advisers.anonymise_adviser import InactivityRound
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.give_seats import give_next_seats
from tests.api.registration_states import read_registration
from tests.api.response_assertions import expect_problem
from tests.fake_clock import MORNING
from tests.http_builders import adviser_body, an_adviser, an_adviser_in_post
from tests.live_server import LiveServer, idempotency_headers
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.session_builders import a_session, register_in_session

UPCOMING, BEGUN = "2026-09-08", "2026-06-14"
YEARS = 3
TEXTS_OF_EVENTS = """SELECT data::text AS text FROM outbox
UNION ALL SELECT concat_ws(' ', action, subject_ids::text, request_id::text) FROM audit_log"""


@pytest.fixture
def admin(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("admin") as client:
        yield client


def registrations_in(client: httpx.Client, session: str, people: int) -> list[dict[str, Any]]:
    return [register_in_session(client, an_adviser_in_post(client), session) for _ in range(people)]


def anonymise(client: httpx.Client, registration: dict[str, Any]) -> None:
    path = f"/v1/advisers/{registration['adviser_id']}"
    client.delete(path, headers={"If-Match": client.get(path).headers["ETag"]}).raise_for_status()


def ask_for(client: httpx.Client, deed: str, session: str) -> int:
    """How many registrations it concerns."""
    answer = client.post(f"/v1/sessions/{session}/{deed}", headers=idempotency_headers()).raise_for_status()
    return int(answer.json()["concerned"])


def seats_of(client: httpx.Client, *registrations: dict[str, Any]) -> list[Any]:
    """The seat of each, as `seated`, its place among those who wait, or None."""
    seats = [read_registration(client, each)["seat"] for each in registrations]
    return [seat and (seat["place"] or seat["status"]) for seat in seats]


def counted(client: httpx.Client, session: str) -> tuple[int, int]:
    seats = client.get(f"/v1/sessions/{session}").raise_for_status().json()["seats"]
    return seats["taken"], seats["waiting"]


async def test_a_seat_of_a_session_to_come_goes_to_the_first_who_waits(admin: httpx.Client, database: Database) -> None:
    session = a_session(admin, starts_on=UPCOMING, seats={"maximum": 1})
    gone, first, second = registrations_in(admin, session, 3)
    assert seats_of(admin, gone, first, second) == ["seated", 1, 2]

    anonymise(admin, gone)
    assert counted(admin, session) == (0, 2)
    while await give_next_seats(database, MORNING):
        pass

    assert seats_of(admin, gone, first, second) == [None, "seated", 1]
    assert counted(admin, session) == (1, 1)
    assert read_registration(admin, gone)["status"] == "accepted"
    (told,) = await database.many("SELECT subject_id, adviser_id FROM outbox WHERE type = 'registration.seat_given'")
    assert (str(told["subject_id"]), str(told["adviser_id"])) == (first["id"], first["adviser_id"])
    await assert_every_decision_replays(database)


def test_whoever_had_read_the_registration_reads_it_again(admin: httpx.Client) -> None:
    """Nothing else of it is erased: the session has neither place nor reference."""
    session = a_session(admin, starts_on=UPCOMING, format="remote", place=None)
    (gone,) = registrations_in(admin, session, 1)
    path = f"/v1/registrations/{gone['id']}"
    tag = admin.get(path).headers["ETag"]

    anonymise(admin, gone)

    again = admin.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.json()["seat"]) == (200, None)
    listed = admin.get("/v1/registrations", params={"adviser_id": gone["adviser_id"]}).json()["data"]
    assert listed == [again.json()]


def test_who_waits_behind_moves_up(admin: httpx.Client) -> None:
    session = a_session(admin, starts_on=UPCOMING, seats={"maximum": 1})
    seated, gone, behind = registrations_in(admin, session, 3)

    anonymise(admin, gone)

    assert seats_of(admin, seated, gone, behind) == ["seated", None, 1]
    assert counted(admin, session) == (1, 1)


def test_nobody_else_takes_the_seat_before_who_waits(admin: httpx.Client) -> None:
    session = a_session(admin, starts_on=UPCOMING, seats={"maximum": 1})
    gone, _ = registrations_in(admin, session, 2)

    anonymise(admin, gone)
    (late,) = registrations_in(admin, session, 1)

    assert seats_of(admin, late) == [2]


async def test_a_seat_of_a_session_that_has_begun_was_taken(admin: httpx.Client, database: Database) -> None:
    days = {"starts_on": BEGUN, "ends_on": "2026-06-16", "regularisation": True}
    session = a_session(admin, **days, seats={"maximum": 1})
    gone = register_in_session(admin, an_adviser_in_post(admin), session, regularisation=True)

    anonymise(admin, gone)

    assert (seats_of(admin, gone), counted(admin, session)) == (["seated"], (1, 0))
    assert not await give_next_seats(database, MORNING)


async def test_a_session_moved_or_cancelled_afterwards_passes_the_person_over(
    admin: httpx.Client, database: Database
) -> None:
    session = a_session(admin, starts_on=UPCOMING)
    gone, other = registrations_in(admin, session, 2)
    assert ask_for(admin, "cancellation", session) == 2

    anonymise(admin, gone)
    while await carry_out_session_deeds(database, MORNING):
        pass

    statuses = [read_registration(admin, each)["status"] for each in (gone, other)]
    assert (statuses, counted(admin, session)) == (["accepted", "cancelled"], (0, 0))


async def test_a_round_for_the_inactive_does_the_same(admin: httpx.Client, database: Database) -> None:
    """Whoever has a session to come is not inactive; the round leaves what is past as it was."""
    days = {"starts_on": BEGUN, "ends_on": "2026-06-16", "regularisation": True}
    past, upcoming = a_session(admin, **days), a_session(admin, starts_on=UPCOMING)
    left, stays = an_adviser(admin, in_scheme=False), an_adviser(admin, in_scheme=False)
    gone = register_in_session(admin, left, past, regularisation=True)
    held = register_in_session(admin, stays, upcoming)
    inactivity = InactivityRound(database, YEARS)

    later = MORNING + timedelta(days=YEARS * 365 + 3)
    while await inactivity.anonymise_next(later):
        pass

    anonymised = await database.many("SELECT id FROM adviser WHERE anonymised_at IS NOT NULL")
    assert [str(row["id"]) for row in anonymised] == [left]
    assert seats_of(admin, gone, held) == ["seated", "seated"]


async def test_neither_events_nor_audit_entries_name_anybody(admin: httpx.Client, database: Database) -> None:
    session = a_session(admin, starts_on=UPCOMING, seats={"maximum": 1})
    gone, _ = registrations_in(admin, session, 2)
    anonymise(admin, gone)
    while await give_next_seats(database, MORNING):
        pass
    assert ask_for(admin, "confirmation", session) == 1
    while await carry_out_session_deeds(database, MORNING):
        pass

    told = " ".join(row["text"] for row in await database.many(TEXTS_OF_EVENTS)).lower()

    names = [adviser_body()[name].lower() for name in ("first_name", "last_name", "email")]
    assert [name for name in names if name in told] == []
    assert all(each in told for each in (session, "giveseat", "anonymiseadviser", "confirmsession"))


def test_nothing_takes_the_seat_again(admin: httpx.Client) -> None:
    session, other = a_session(admin, starts_on=UPCOMING), a_session(admin, starts_on="2026-09-15")
    (gone,) = registrations_in(admin, session, 1)
    anonymise(admin, gone)

    path = f"/v1/registrations/{gone['id']}"
    moved = admin.patch(path, json={"session_id": other}, headers={"If-Match": "*"})

    expect_problem(moved, 409, "adviser-anonymised")
    assert [counted(admin, each) for each in (session, other)] == [(0, 0), (0, 0)]
