"""The facts of a decision name the published session and the seats of the moment. No rule reads them: whatever becomes
of seats, and in decisions taken before there were any, it comes out the same."""

import asyncio
from collections.abc import Generator
from typing import Any

import httpx
import orjson
import pytest

from app.domain.decisions.recorded_decisions import RULES_VERSION
from app.persistence.administration.policies import read_policies
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.driver_types import Row
from app.seed.published_catalogue import HISTYA, LA_MEDNUM
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain, give_next_seats
from tests.api.registration_states import post_action, read_registration
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post
from tests.live_server import LiveServer, idempotency_headers
from tests.persistence.test_decisions import as_replayed, as_stored, assert_every_decision_replays
from tests.session_builders import a_session, register_in_session

UPCOMING = "2026-09-08"
FIRST_MORNING = MORNING.replace(month=9, day=8)


@pytest.fixture
def admin(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("admin") as client:
        yield client


async def _work(url: str) -> None:
    database = open_database(url, pool_size=2)
    while await carry_out_session_deeds(database, MORNING) or await give_next_seats(database, MORNING):
        pass
    await database.close()


def done(served: LiveServer) -> None:
    """What was asked of whole sessions; then free seats go to who waits."""
    asyncio.run(_work(served.database_url))


def ask_for(client: httpx.Client, deed: str, session: str) -> None:
    client.post(f"/v1/sessions/{session}/{deed}", headers=idempotency_headers()).raise_for_status()


def move(client: httpx.Client, session: str, **fields: Any) -> None:
    client.patch(f"/v1/sessions/{session}", json=fields, headers={"If-Match": "*"}).raise_for_status()


def decisions(client: httpx.Client, registration: dict[str, Any]) -> list[dict[str, Any]]:
    """Newest first."""
    found = client.get(f"/v1/registrations/{registration['id']}/decisions").raise_for_status().json()
    listed: list[dict[str, Any]] = found["data"]
    return listed


def as_before_sessions(row: Row) -> Row:
    """The decision as it was stored before sessions were published."""
    facts = orjson.loads(row["facts"])
    del facts["request"]["session"]["id"]
    for registration in facts["file"]["registrations"]:
        del registration["seat"]
        del registration["request"]["session"]["id"]
    return {**row, "facts": orjson.dumps(facts).decode()}


def lived_sessions(served: LiveServer, client: httpx.Client) -> list[dict[str, Any]]:
    """Registrations that were seated, waited, were given a seat, went over quota, were refused, moved, cancelled."""
    full, other = a_session(client, starts_on=UPCOMING, seats={"maximum": 2}), a_session(client, starts_on="2026-10-06")
    people = [an_adviser_in_post(client) for _ in range(4)]
    registered = [register_in_session(client, each, full) for each in people]
    over = register_in_session(client, people[1], other)
    register_in_session(client, people[3], other)
    refused = register_in_session(client, an_adviser(client), full)
    post_action(client, registered[0], "cancellation").raise_for_status()
    done(served)
    move(client, full, starts_on="2026-09-10", ends_on="2026-09-10")
    done(served)
    post_action(client, over, "choice", choice="keep", payer="self").raise_for_status()
    ask_for(client, "confirmation", other)
    a_contract(client, refused["adviser_id"])
    post_action(client, refused, "re-examination").raise_for_status()
    ask_for(client, "cancellation", full)
    done(served)
    return [*registered, over, refused]


async def test_every_decision_about_a_session_replays(
    own_service: LiveServer, admin: httpx.Client, database: Database
) -> None:
    lived = await asyncio.to_thread(lived_sessions, own_service, admin)

    replayed = await assert_every_decision_replays(database)

    assert {row["rules_version"] for row in replayed} == {RULES_VERSION}
    assert {row["cause"] for row in replayed} >= {"request", "rescheduled", "re_examination", "promotion"}
    facts = [orjson.loads(row["facts"]) for row in replayed]
    seats = {item["seat"] for each in facts for item in each["file"]["registrations"]}
    assert seats == {None, "seated", "waiting"}
    assert all(each["request"]["session"]["id"] for each in facts)
    assert len(lived) == 6


async def test_so_does_one_of_before_there_were_sessions(
    own_service: LiveServer, admin: httpx.Client, database: Database
) -> None:
    """The same decisions, as they would have been stored: without what no rule reads."""
    await asyncio.to_thread(lived_sessions, own_service, admin)
    known = await read_policies(database)

    rows = [as_before_sessions(row) for row in await database.many("SELECT * FROM decision ORDER BY decided_at, id")]

    assert [as_replayed(row, known) for row in rows] == [as_stored(row) for row in rows]
    assert len(rows) > 10


async def test_who_waits_in_vain_keeps_the_decision_that_was_taken(admin: httpx.Client, database: Database) -> None:
    session = a_session(admin, starts_on=UPCOMING, seats={"maximum": 1})
    _, waiting = [register_in_session(admin, an_adviser_in_post(admin), session) for _ in range(2)]
    before = decisions(admin, waiting)

    while await cancel_waiting_in_vain(database, FIRST_MORNING):
        pass

    assert decisions(admin, waiting) == before
    assert read_registration(admin, waiting)["status"] == "cancelled"
    await assert_every_decision_replays(database)


def test_the_facts_name_the_session_and_the_seats_of_the_moment(admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin)
    first, second = a_session(admin, starts_on=UPCOMING), a_session(admin, starts_on="2026-10-06")
    register_in_session(admin, adviser, first)

    (decision,) = decisions(admin, register_in_session(admin, adviser, second))

    (held,) = decision["facts"]["file"]["registrations"]
    assert (decision["facts"]["request"]["session"]["id"], held["request"]["session"]["id"]) == (second, first)
    assert held["seat"] == "seated"


def test_an_organisation_reads_no_seat_of_another(own_service: LiveServer, admin: httpx.Client) -> None:
    adviser = an_adviser_in_post(admin)
    theirs = a_session(admin, starts_on=UPCOMING, training_organisation_id=str(HISTYA))
    own = a_session(admin, starts_on="2026-10-06")
    register_in_session(admin, adviser, theirs)
    registration = register_in_session(admin, adviser, own)

    with own_service.client("training_organisation") as organisation:
        (decision,) = decisions(organisation, registration)

    assert registration["training_organisation_id"] == str(LA_MEDNUM)
    assert decision["facts"]["file"]["registrations"] == []
    assert theirs not in str(decision)
