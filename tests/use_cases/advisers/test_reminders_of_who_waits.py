"""Who waits for a seat holds a right and has nothing to answer: what they are reminded of follows from that."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest

from app.persistence.engine.database import Database
from app.use_cases.sessions.carry_out_session_deeds import carry_out_session_deeds
from app.use_cases.sessions.give_seats import cancel_waiting_in_vain
from tests.fake_clock import MORNING
from tests.http_builders import an_adviser_in_post, register
from tests.live_server import LiveServer, idempotency_headers
from tests.session_builders import a_session, register_in_session
from tests.use_cases.advisers.reminder_builders import remind_until_done

FIRST_DAY = "2026-12-08"
WEEK_BEFORE, FIRST_MORNING = MORNING.replace(month=12, day=2), MORNING.replace(month=12, day=8)
REMINDERS = """SELECT type, adviser_id::text FROM outbox
WHERE type IN ('registration.choice_reminded', 'entitlement.expiring') ORDER BY id"""


@pytest.fixture
def admin(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("admin") as client:
        yield client


def full_session(client: httpx.Client) -> str:
    session = a_session(client, starts_on=FIRST_DAY, seats={"maximum": 1})
    register_in_session(client, an_adviser_in_post(client), session)
    return session


def waiting_in(client: httpx.Client, session: str) -> dict[str, Any]:
    waiting = register_in_session(client, an_adviser_in_post(client), session)
    assert waiting["seat"] == {"status": "waiting", "place": 1}
    return waiting


def over_quota_in(client: httpx.Client, session: str) -> dict[str, Any]:
    adviser = an_adviser_in_post(client)
    register(client, adviser, starts_on="2026-09-01", module_code="handicap").raise_for_status()
    over = register_in_session(client, adviser, session)
    assert (over["status"], over["seat"]) == ("awaiting_choice", None)
    return over


def cancel_session(client: httpx.Client, session: str) -> None:
    client.post(f"/v1/sessions/{session}/cancellation", headers=idempotency_headers()).raise_for_status()


async def reminded(database: Database, registration: dict[str, Any]) -> list[str]:
    found = await database.many(REMINDERS)
    return [row["type"] for row in found if row["adviser_id"] == registration["adviser_id"]]


async def test_who_waits_for_a_seat_has_neither_a_choice_nor_a_right_to_lose(
    admin: httpx.Client, database: Database
) -> None:
    waiting = waiting_in(admin, full_session(admin))

    await remind_until_done(database, WEEK_BEFORE)

    assert await reminded(database, waiting) == []


async def test_the_right_that_comes_back_without_a_seat_is_about_to_be_lost(
    admin: httpx.Client, database: Database
) -> None:
    waiting = waiting_in(admin, full_session(admin))
    while await cancel_waiting_in_vain(database, FIRST_MORNING):
        pass

    await remind_until_done(database, FIRST_MORNING)

    assert await reminded(database, waiting) == ["entitlement.expiring"]


async def test_who_must_choose_is_reminded_though_the_session_is_full(admin: httpx.Client, database: Database) -> None:
    over = over_quota_in(admin, full_session(admin))

    for _ in range(2):
        await remind_until_done(database, WEEK_BEFORE)

    assert await reminded(database, over) == ["registration.choice_reminded"]


async def test_a_session_that_is_cancelled_leaves_nothing_to_choose(admin: httpx.Client, database: Database) -> None:
    session = full_session(admin)
    over = over_quota_in(admin, session)
    cancel_session(admin, session)
    while await carry_out_session_deeds(database, MORNING):
        pass

    await remind_until_done(database, WEEK_BEFORE)

    assert await reminded(database, over) == []
