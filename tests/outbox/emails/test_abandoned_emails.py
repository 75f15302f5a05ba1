"""An e-mail that was given up is visible in the log, in the metrics, and to administrators from its registration."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from app.persistence.engine.database import Database, open_database
from app.persistence.outbox.deliveries import Channel
from app.persistence.outbox.delivery_claims import claim
from tests.http_builders import a_contract, an_adviser, register
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.smtp_server import (
    COMPOSER,
    answering_with,
    errors_of,
    messages_of,
    running_smtp_server,
    send_due_emails,
    without_tls,
)
from tests.outbox.webhooks.webhook_builders import expire_leases
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.use_cases.use_case_builders import an_adviser_in_post, register_in

REFUSED, FULL = answering_with("550 5.1.1 No such user"), answering_with("452 4.2.2 Mailbox full")


async def _a_message(database: Database) -> Mapping[str, Any]:
    await register_in(database, await an_adviser_in_post(database))
    await place_waiting_events(database)
    await database.one("DELETE FROM delivery WHERE recipient <> 'adviser'")
    (message,) = await messages_of(database)
    return message


def _given_up(logged: list[Any]) -> list[Mapping[str, Any]]:
    return [line for line in logged if line["event"] == "a message was given up"]


async def test_a_message_that_is_given_up_is_one_line_that_names_nobody(database: Database) -> None:
    message = await _a_message(database)

    with capture_logs() as logged:
        async with running_smtp_server() as smtp_server:
            smtp_server.to_recipient = FULL
            await send_due_emails(database, without_tls(smtp_server))
            smtp_server.to_recipient = REFUSED
            await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due'")
            await send_due_emails(database, without_tls(smtp_server))

    assert await errors_of(database, message["id"]) == ["deferred", "refused"]
    assert _given_up(logged) == [
        {
            "event": "a message was given up",
            "log_level": "warning",
            "message_id": str(message["id"]),
            "event_id": str(message["event_id"]),
            "error": "refused",
        }
    ]


async def test_one_that_kills_its_relays_is_seen_too(database: Database) -> None:
    message = await _a_message(database)
    await database.one("UPDATE delivery SET attempts = 9")
    await claim(database, {Channel.EMAIL: 1}, lane_limit=4)
    await expire_leases(database)

    with capture_logs() as logged:
        async with running_smtp_server() as smtp_server:
            await send_due_emails(database, without_tls(smtp_server))

    (line,) = _given_up(logged)
    assert (line["message_id"], line["error"]) == (str(message["id"]), "interrupted")


async def test_a_policy_whose_address_was_never_checked_stops_no_message(database: Database) -> None:
    """It was added before addresses were checked: replies go to the address of the settings."""
    await _a_message(database)
    unchecked = """'{"support_email": "<aide@example.org"}'"""
    await database.one(f"UPDATE policy SET content = content::jsonb || {unchecked}")  # noqa: S608  # a constant

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    (received,) = smtp_server.received
    assert received["Reply-To"] == COMPOSER.support_email


def _dead(base_url: str) -> float:
    text = httpx.get(f"{base_url}/metrics").raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(one.value for one in samples if (one.name, one.labels) == ("delivery_dead", {"channel": "email"}))


async def _refused(url: str, adviser: str) -> None:
    """Send what waits for this adviser; the mail server refuses it."""
    database = open_database(url, pool_size=3)
    await database.one("UPDATE delivery SET next_attempt_at = now() + interval '1 day' WHERE state = 'due'")
    await database.one(
        "UPDATE delivery SET next_attempt_at = now() WHERE state = 'due' AND recipient = 'adviser' AND adviser_id = $1",
        adviser,
    )
    async with running_smtp_server() as smtp_server:
        smtp_server.to_recipient = REFUSED
        await send_due_emails(database, without_tls(smtp_server))
    await database.close()


def _a_registration(platform: httpx.Client, served: LiveServer) -> dict[str, Any]:
    """A registration whose adviser could not be notified."""
    adviser = an_adviser(platform)
    a_contract(platform, adviser)
    registration: dict[str, Any] = register(platform, adviser).raise_for_status().json()
    platform.get("/v1/events", params={"after": "now"}).raise_for_status()
    asyncio.run(_refused(served.database_url, adviser))
    return registration


def test_an_administrator_finds_it_from_its_registration(
    platform: httpx.Client, admin: httpx.Client, served: LiveServer
) -> None:
    registration, other = _a_registration(platform, served), _a_registration(platform, served)
    shown = admin.get(f"/v1/registrations/{registration['id']}").raise_for_status().json()

    found = admin.get(f"{shown['links']['messages']}&status=dead").raise_for_status().json()["data"]

    assert [(item["registration_id"], item["recipient_kind"]) for item in found] == [(registration["id"], "adviser")]
    listed = admin.get("/v1/messages", params={"status": "dead", "limit": 2}).json()["data"]
    assert [item["registration_id"] for item in listed] == [other["id"], registration["id"]]
    line = admin.get("/v1/registrations", params={"ids": registration["id"]}).json()["data"][0]
    assert line["links"] == shown["links"]


def test_it_counts_until_it_is_asked_for_again(platform: httpx.Client, admin: httpx.Client, served: LiveServer) -> None:
    before = _dead(served.base_url)
    registration = _a_registration(platform, served)
    after = _dead(served.base_url)
    (dead,) = admin.get("/v1/messages", params={"registration_id": registration["id"], "status": "dead"}).json()["data"]

    admin.post(f"/v1/messages/{dead['id']}/resend", headers=idempotency_headers()).raise_for_status()

    assert (after, _dead(served.base_url)) == (before + 1, before)


@pytest.mark.parametrize("role", ["platform", "training_organisation"])
def test_nobody_else_is_led_to_it(platform: httpx.Client, served: LiveServer, role: str) -> None:
    registration = _a_registration(platform, served)

    with served.client(role) as client:
        read = client.get(f"/v1/registrations/{registration['id']}").raise_for_status().json()

    assert read["links"].keys() == registration["links"].keys() == {"self", "decisions"}


def test_a_key_that_does_not_go_that_far_is_not_led_to_it(
    platform: httpx.Client, admin: httpx.Client, served: LiveServer
) -> None:
    body = {"name": "Lecture", "role": "admin", "scopes": ["registrations:read"]}
    secret = admin.post("/v1/api-keys", json=body).raise_for_status().json()["secret"]
    registration = _a_registration(platform, served)

    headers = {"Authorization": f"Bearer {secret}"}
    read = httpx.get(f"{served.base_url}/v1/registrations/{registration['id']}", headers=headers).raise_for_status()

    assert "messages" not in read.json()["links"]
