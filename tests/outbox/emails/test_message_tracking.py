"""Administrators, and nobody else, follow e-mails and have them sent again."""

import asyncio
from typing import Any

import httpx
import pytest

from app.outbox.retry_policy import Alarm
from app.persistence.engine.database import open_database
from app.persistence.outbox import messages
from app.persistence.outbox.messages import EndpointWarningEmail
from tests.api.response_assertions import expect_problem
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, an_adviser, an_adviser_in_post, register
from tests.live_server import LiveServer, idempotency_headers
from tests.outbox.emails.session_deeds import TWO_DAYS, ask, emails_after, sent_emails
from tests.outbox.emails.smtp_server import answering_with, running_smtp_server, send_due_emails, without_tls
from tests.outbox.webhooks.webhook_builders import an_endpoint
from tests.session_builders import a_session, register_in_session


def _registered(platform: httpx.Client, **fields: Any) -> str:
    """An adviser whose registration was just accepted, and who gets an e-mail."""
    adviser = an_adviser(platform, **fields)
    a_contract(platform, adviser)
    register(platform, adviser).raise_for_status()
    platform.get("/v1/events", params={"after": "now"}).raise_for_status()
    return adviser


def _message(admin: httpx.Client, adviser: str) -> dict[str, Any]:
    page = admin.get("/v1/messages", params={"adviser_id": adviser}).raise_for_status().json()
    return next(item for item in page["data"] if item["recipient_kind"] == "adviser")


def _sent(served: LiveServer, adviser: str, answer: str = "250 OK") -> list[str]:
    """Attempt what waits for this adviser only; return the Message-IDs received."""
    return asyncio.run(_sent_beside(served.database_url, adviser, answer))


async def _sent_beside(url: str, adviser: str, answer: str) -> list[str]:
    database = open_database(url, pool_size=3)
    # What concerns an organisation has no adviser, and would take the lane's turns as well.
    others = "UPDATE delivery SET next_attempt_at = now() + interval '1 day' WHERE state = 'due'"
    await database.one(f"{others} AND adviser_id IS DISTINCT FROM $1", adviser)
    await database.one("UPDATE delivery SET next_attempt_at = now() WHERE state = 'due' AND adviser_id = $1", adviser)
    await database.one("DELETE FROM delivery WHERE recipient = 'training_organisation' AND adviser_id = $1", adviser)
    # All tests of the process share the mail server's lane: another may have left it waiting.
    await database.one("UPDATE lane SET claimed_at = NULL, failures = 0, openings = 0, open_until = NULL")
    async with running_smtp_server() as smtp_server:
        smtp_server.to_recipient = answering_with(answer)
        await send_due_emails(database, without_tls(smtp_server))
    await database.close()
    return smtp_server.ids


async def _warned(url: str) -> None:
    database = open_database(url, pool_size=1)
    endpoint = await an_endpoint(database, "http://127.0.0.1:9/hooks")
    async with database.transaction() as tx:
        await messages.enqueue_endpoint_warning(
            tx, EndpointWarningEmail(endpoint.id, Alarm.FAILING, MORNING, 20, 503, "refused")
        )
    await database.close()


def test_each_state_can_be_followed(platform: httpx.Client, admin: httpx.Client, served: LiveServer) -> None:
    adviser = _registered(platform)

    due = _message(admin, adviser)
    _sent(served, adviser, "452 4.2.2 Mailbox full")
    deferred = _message(admin, adviser)
    _sent(served, adviser)
    delivered = _message(admin, adviser)

    assert [item["state"] for item in (due, deferred, delivered)] == ["due", "due", "delivered"]
    assert [attempt["error"] for attempt in delivered["attempts"]] == ["deferred", None]
    assert [attempt["status"] for attempt in delivered["attempts"]] == [452, 250]
    assert delivered["next_attempt_at"] is None
    assert admin.get(f"/v1/messages/{due['id']}").json() == delivered
    assert "example.org" not in str(delivered)


def test_one_that_was_given_up_is_sent_again_to_the_address_of_the_moment(
    platform: httpx.Client, admin: httpx.Client, served: LiveServer
) -> None:
    adviser = _registered(platform, email=None)
    _sent(served, adviser)
    page = admin.get("/v1/messages", params={"adviser_id": adviser, "status": "dead"}).json()
    (dead,) = (message for message in page["data"] if message["recipient_kind"] == "adviser")
    platform.patch(
        f"/v1/advisers/{adviser}", json={"email": "retrouvee@example.org"}, headers={"If-Match": "*"}
    ).raise_for_status()

    again = admin.post(f"/v1/messages/{dead['id']}/resend", headers=idempotency_headers()).raise_for_status().json()
    names = _sent(served, adviser)

    assert [attempt["error"] for attempt in dead["attempts"]] == ["no-address"]
    assert (again["state"], again["replay"]) == ("due", 1)
    assert names == [f"<{dead['id']}.1@example.org>"]
    assert _message(admin, adviser)["state"] == "delivered"


def test_asking_again_with_the_same_key_sends_once(
    platform: httpx.Client, admin: httpx.Client, served: LiveServer
) -> None:
    adviser = _registered(platform)
    _sent(served, adviser)
    path, same = f"/v1/messages/{_message(admin, adviser)['id']}/resend", idempotency_headers()

    answers = [admin.post(path, headers=same).json() for _ in range(3)]

    assert [answer["replay"] for answer in answers] == [1, 1, 1]
    assert len(_sent(served, adviser)) == 1


@pytest.mark.parametrize("role", ["platform", "training_organisation"])
def test_nobody_else_follows_or_sends(
    served: LiveServer, platform: httpx.Client, admin: httpx.Client, role: str
) -> None:
    message = _message(admin, _registered(platform))

    with served.client(role) as client:
        expect_problem(client.get("/v1/messages"), 403, "forbidden")
        expect_problem(client.get(f"/v1/messages/{message['id']}"), 403, "forbidden")
        expect_problem(
            client.post(f"/v1/messages/{message['id']}/resend", headers=idempotency_headers()), 403, "forbidden"
        )

    assert admin.get(f"/v1/messages/{message['id']}").json()["replay"] == 0


def test_sending_again_leaves_a_line_about_the_adviser(platform: httpx.Client, admin: httpx.Client) -> None:
    adviser = _registered(platform)

    admin.post(
        f"/v1/messages/{_message(admin, adviser)['id']}/resend", headers=idempotency_headers()
    ).raise_for_status()

    lines = admin.get("/v1/audit-log", params={"subject_id": adviser, "action": "resendMessage"}).json()["data"]
    assert len(lines) == 1


def test_a_warning_to_the_owner_of_an_endpoint_is_followed_too(admin: httpx.Client, served: LiveServer) -> None:
    asyncio.run(_warned(served.database_url))

    newest = admin.get("/v1/messages", params={"limit": 1}).json()["data"][0]
    again = admin.post(f"/v1/messages/{newest['id']}/resend", headers=idempotency_headers())

    assert (newest["template"], newest["recipient_kind"]) == ("webhook_endpoint.failing", "endpoint_owner")
    assert (newest["adviser_id"], newest["registration_id"]) == (None, None)
    assert again.status_code == 200
    assert "Vos webhooks" in httpx.get(f"{served.base_url}/mailbox").text


def test_a_summary_is_listed_without_an_adviser_and_sent_again(own_service: LiveServer) -> None:
    with own_service.client("admin") as admin:
        _check_summary(own_service, admin)


def _check_summary(own_service: LiveServer, admin: httpx.Client) -> None:
    session = a_session(admin, **TWO_DAYS)
    register_in_session(admin, an_adviser_in_post(admin), session)
    ask(admin, session, "confirmation")
    emails_after(own_service.database_url)
    sent_emails(own_service.database_url)

    listed = admin.get("/v1/messages").raise_for_status().json()["data"]
    (summary,) = (
        each
        for each in listed
        if (each["template"], each["recipient_kind"]) == ("session.confirmed", "training_organisation")
    )
    admin.post(f"/v1/messages/{summary['id']}/resend", headers=idempotency_headers()).raise_for_status()
    (again,) = sent_emails(own_service.database_url).received

    assert (summary["adviser_id"], summary["registration_id"], summary["state"]) == (None, None, "delivered")
    assert again["Message-ID"] == f"<{summary['id']}.1@example.org>"
    assert again["Subject"].startswith("Session confirmée")
