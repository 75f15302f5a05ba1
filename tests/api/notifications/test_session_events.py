"""Events of published sessions, in the feed and in webhooks: of a registration, or of the session as a whole."""

import asyncio
from collections.abc import Generator
from typing import Any

import httpx
import orjson
import pytest

from app.persistence.engine.database import open_database
from app.seed.published_catalogue import HISTYA
from tests.api.registration_states import post_action
from tests.api.response_assertions import documented_body
from tests.http_builders import an_adviser_in_post
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.session_deeds import TWO_DAYS, ask, change, emails_after
from tests.session_builders import a_session, register_in_session

ENDPOINT = "https://receiver.example.org/hooks"


@pytest.fixture
def admin(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("admin") as client:
        yield client


@pytest.fixture
def platform(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("platform") as client:
        yield client


@pytest.fixture
def mednum(own_service: LiveServer) -> Generator[httpx.Client]:
    with own_service.client("training_organisation") as client:
        yield client


@pytest.fixture
def histya(own_service: LiveServer, admin: httpx.Client) -> Generator[httpx.Client]:
    """Another training organisation."""
    key = {"name": "Histya", "role": "training_organisation", "training_organisation_id": str(HISTYA)}
    made = admin.post("/v1/api-keys", json=key, headers=idempotency_headers()).raise_for_status().json()
    with own_service.client_with(made["secret"]) as client:
        yield client


def followed(client: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    """All the events of its feed."""
    page = documented_body(client.get("/v1/events", params={"limit": 500, **parameters}), "followEvents")
    return list(page["data"])


def of_sessions(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"].startswith("session.")]


def test_a_session_tells_its_days_and_seats_and_no_adviser(platform: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS, seats={"maximum": 12})
    change(admin, session, seats={"maximum": 14})

    published, changed = followed(platform)

    assert [published["type"], changed["type"]] == ["session.published", "session.changed"]
    assert published["adviser_id"] is None
    assert published["subject"] == {"type": "session", "id": session, "version": 1}
    assert changed["subject"]["version"] == 2
    assert published["data"] == {
        "module_code": "numerique-responsable",
        "session_starts_on": "2026-09-15",
        "session_ends_on": "2026-09-16",
        "seats_taken": 0,
        "seats_waiting": 0,
    }


def test_a_deed_is_told_of_each_registration_and_then_of_the_session(
    own_service: LiveServer, platform: httpx.Client, admin: httpx.Client
) -> None:
    session = a_session(admin, **TWO_DAYS)
    registration = register_in_session(admin, an_adviser_in_post(admin), session)
    ask(admin, session, "cancellation")
    emails_after(own_service.database_url)

    told = followed(platform, types="session.cancelled,registration.cancelled")

    assert [(event["type"], event["subject"]["type"]) for event in told] == [
        ("registration.cancelled", "registration"),
        ("session.cancelled", "registration"),
        ("session.cancelled", "session"),
    ]
    assert {event["data"].get("cancelled_because") for event in told} == {"session_cancelled", None}
    assert {event["data"].get("session_id") for event in told} == {session, None}
    assert [event["adviser_id"] for event in told] == [registration["adviser_id"]] * 2 + [None]
    assert told[-1]["data"]["concerned"] == 1


def test_a_registration_tells_its_session_and_its_seat(platform: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS, seats={"maximum": 1})
    for _ in range(2):
        register_in_session(admin, an_adviser_in_post(admin), session)

    told = followed(platform, types="registration.accepted")

    assert [(event["data"]["session_id"], event["data"]["seat"]) for event in told] == [
        (session, "seated"),
        (session, "waiting"),
    ]


def test_a_seat_that_is_given_is_told(own_service: LiveServer, platform: httpx.Client, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS, seats={"maximum": 1})
    seated, waiting = (register_in_session(admin, an_adviser_in_post(admin), session) for _ in range(2))
    ask(admin, session, "confirmation")
    emails_after(own_service.database_url)
    post_action(admin, seated, "cancellation").raise_for_status()
    emails_after(own_service.database_url)

    told = [event for event in followed(platform) if event["subject"]["id"] == waiting["id"]]

    assert [event["type"] for event in told] == [
        "registration.accepted", "registration.seat_given", "session.confirmed",
    ]  # fmt: skip
    assert {event["data"]["seat"] for event in told[1:]} == {"seated"}


def test_an_organisation_follows_its_own_sessions_alone(
    own_service: LiveServer, platform: httpx.Client, mednum: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> None:
    session = a_session(mednum, **TWO_DAYS)
    register_in_session(mednum, an_adviser_in_post(admin), session)
    ask(mednum, session, "confirmation")
    change(mednum, session, link="https://visio.example.org/salle-7")
    emails_after(own_service.database_url)

    own, all_of_them = of_sessions(followed(mednum)), of_sessions(followed(platform))

    assert [event["id"] for event in own] == [event["id"] for event in all_of_them]
    assert [event["type"] for event in own] == [
        "session.published", "session.confirmed", "session.confirmed", "session.moved", "session.moved",
    ]  # fmt: skip
    assert followed(histya) == []


async def _webhook_bodies(url: str) -> list[dict[str, Any]]:
    database = open_database(url, pool_size=1)
    rows = await database.many(
        "SELECT body FROM delivery WHERE type LIKE 'session.%' AND channel = 'webhook' ORDER BY id"
    )
    await database.close()
    return [orjson.loads(row["body"]) for row in rows]


def test_an_endpoint_for_all_of_sessions_is_delivered_what_the_feed_tells(
    own_service: LiveServer, mednum: httpx.Client, histya: httpx.Client, admin: httpx.Client
) -> None:
    for client in (mednum, histya):
        body = {"url": ENDPOINT, "types": ["session.*"]}
        client.post("/v1/webhook-endpoints", json=body, headers=idempotency_headers()).raise_for_status()
    session = a_session(mednum, **TWO_DAYS)
    register_in_session(mednum, an_adviser_in_post(admin), session)
    ask(mednum, session, "confirmation")
    emails_after(own_service.database_url)

    delivered = asyncio.run(_webhook_bodies(own_service.database_url))

    assert [body["data"] for body in delivered] == of_sessions(followed(mednum))
    assert [body["type"] for body in delivered] == ["session.published", "session.confirmed", "session.confirmed"]
