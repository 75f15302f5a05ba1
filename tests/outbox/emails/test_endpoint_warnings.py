"""The owner of a failing webhook endpoint is warned by e-mail, once for each warning, at an address that is read."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.outbox.retry_policy import Alarm
from app.persistence.engine.database import Database
from app.seed.published_catalogue import LA_MEDNUM
from app.wording.emails.emails import RenderedEmail, render_email
from tests.outbox.emails.email_cases import BASE_URL, HEADINGS, SUPPORT, plain_text, visible_text
from tests.outbox.emails.smtp_server import (
    messages_of,
    running_smtp_server,
    send_due_emails,
    text_and_html,
    without_tls,
)
from tests.outbox.webhooks.test_receiver_responses import replying
from tests.outbox.webhooks.webhook_builders import Endpoint, a_client, an_endpoint, make_everything_due, relay_once
from tests.outbox.webhooks.webhook_receiver import Reply, running_receiver
from tests.persistence.outbox.event_builders import place_waiting_events, write_events

KINDS = [alarm.value for alarm in Alarm]


async def _failing_for_a_day(database: Database, url: str, organisation: UUID | None = None) -> Endpoint:
    """An endpoint whose next failure causes a warning."""
    endpoint = await an_endpoint(database, url, client=await a_client(database, organisation))
    await write_events(database)
    await place_waiting_events(database)
    await relay_once(database)
    await database.one("UPDATE lane SET failing_since = now() - interval '25 h' WHERE id = $1", endpoint.id)
    await make_everything_due(database)
    return endpoint


@pytest.mark.parametrize(
    ("organisation", "address"), [(LA_MEDNUM, "la-mednum@example.org"), (None, "support@example.org")]
)
async def test_an_organisation_is_written_to_and_the_support_for_the_others(
    database: Database, organisation: UUID | None, address: str
) -> None:
    async with running_receiver(replying(Reply(503))) as receiver, running_smtp_server() as smtp_server:
        endpoint = await _failing_for_a_day(database, f"{receiver.url}?token=secret", organisation)
        await relay_once(database)
        await send_due_emails(database, without_tls(smtp_server))

    assert smtp_server.recipients == [address]
    text, html = text_and_html(smtp_server.received[0])
    for form in (text, html):
        assert receiver.url in form
        assert "secret" not in form
        assert str(endpoint.id) in form
        assert "statut 503" in " ".join(form.split())  # a line may end between the two
    (message,) = await messages_of(database)
    assert (message["type"], message["recipient"], message["adviser_id"], message["state"]) == (
        "webhook_endpoint.failing", "endpoint_owner", None, "delivered"
    )  # fmt: skip


async def test_each_warning_is_one_message_however_often_it_fails(database: Database) -> None:
    async with running_receiver(replying(Reply(503))) as receiver:
        await _failing_for_a_day(database, receiver.url)
        for _ in range(3):
            await relay_once(database)
            await make_everything_due(database)

    assert [row["type"] for row in await messages_of(database)] == ["webhook_endpoint.failing"]


async def test_several_refusals_at_once_are_one_message(database: Database) -> None:
    async with running_receiver(replying(Reply(410))) as receiver:
        await an_endpoint(database, receiver.url)
        await write_events(database, 10)
        await place_waiting_events(database)
        await relay_once(database)

    assert len(receiver.received) > 1
    assert [row["type"] for row in await messages_of(database)] == ["webhook_endpoint.gone"]


def _letter(kind: str, **others: Any) -> RenderedEmail:
    row = {
        "type": f"webhook_endpoint.{kind}",
        "recipient": "endpoint_owner",
        "warning": kind,
        "endpoint_id": UUID(int=7),
        "endpoint_url": "https://hooks.example.org/inscriptions?token=secret",
        "client": "La Mednum",
        "training_organisation_email": "la-mednum@example.org",
        "failing_since": datetime(2026, 6, 14, 22, 30, tzinfo=UTC),
        "failures": 27,
        "status": 503,
        "error": "refused",
        **others,
    }
    return render_email(row, SUPPORT, BASE_URL)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_fails_since_when_and_how_to_put_it_right(kind: str) -> None:
    letter = _letter(kind)

    for form in (plain_text(letter), visible_text(letter.html)):
        assert "https://hooks.example.org/inscriptions" in form
        assert f"{BASE_URL}/v1/webhook-endpoints/{UUID(int=7)}/deliveries" in form
        assert ("Réactivez-le" in form) is (kind in {"disabled", "gone"})
        assert "secret" not in form
    assert [heading for heading in HEADINGS if heading in visible_text(letter.html)] == [*HEADINGS]
    assert ("15 juin 2026 à 0 h 30" in plain_text(letter)) is (kind != "gone")


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(503, "refused", "statut 503"), (None, "tls", "certificat refusé"), (None, "interrupted", "échec")],
)
def test_the_last_answer_is_said_in_words(status: int | None, error: str, words: str) -> None:
    assert f"« {words} »" in plain_text(_letter("failing", status=status, error=error))


async def test_a_warning_waits_with_the_failure_that_brought_it_about(database: Database) -> None:
    """It is written in the transaction that settles the attempt."""
    async with running_receiver(replying(Reply(503))) as receiver:
        endpoint = await _failing_for_a_day(database, receiver.url)
        await relay_once(database)

    row = await database.one("SELECT * FROM endpoint_warning WHERE endpoint_id = $1", endpoint.id)
    assert row is not None
    assert (row["kind"], row["failures"], row["status"], row["error"]) == ("failing", 2, 503, "refused")
    assert row["at"] - row["failing_since"] > timedelta(hours=24)
    (message,) = await messages_of(database)
    assert (message["event_id"], message["created_at"]) == (row["id"], row["at"])
