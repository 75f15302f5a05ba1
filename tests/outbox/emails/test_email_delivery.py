"""E-mails through a real mail server: at least once, under one Message-ID, and what each refusal leads to."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.outbox.delivery_relay import LANE_CONCURRENCY
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.assign_feed_positions import mark_as_history
from app.persistence.outbox.messages import EMAIL_LANE_ID
from tests.outbox.emails.smtp_server import (
    COMPOSER,
    PASSWORD,
    USER,
    SmtpServer,
    answering_with,
    errors_of,
    messages_of,
    running_smtp_server,
    send_due_emails,
    tcp_server_saying,
    text_and_html,
    trusting_context,
    without_tls,
)
from tests.outbox.webhooks.webhook_builders import make_everything_due
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.use_cases.use_case_builders import a_contract, an_adviser, an_adviser_in_post, register_in


async def _an_acceptance(database: Database) -> Row:
    """The e-mail to an adviser whose registration was accepted; those to the others are removed."""
    await register_in(database, await an_adviser_in_post(database))
    await place_waiting_events(database)
    await database.one("DELETE FROM delivery WHERE recipient <> 'adviser'")
    (message,) = await messages_of(database)
    return message


async def _now(database: Database, message: Row) -> Row:
    row = await database.one("SELECT * FROM delivery WHERE id = $1", message["id"])
    assert row is not None
    return row


async def test_whoever_is_concerned_is_written_to(database: Database) -> None:
    await register_in(database, await an_adviser_in_post(database))
    await place_waiting_events(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    assert sorted(smtp_server.recipients) == ["camille@example.org", "la-mednum@example.org", "mairie@example.org"]
    assert {row["state"] for row in await messages_of(database)} == {"delivered"}


async def test_an_employer_is_written_to_when_it_must_act(database: Database) -> None:
    adviser = await an_adviser(database)
    await a_contract(database, adviser, validated_on=None)
    await register_in(database, adviser)
    await place_waiting_events(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    assert sorted(smtp_server.recipients) == ["camille@example.org", "la-mednum@example.org", "mairie@example.org"]


async def test_a_message_says_who_sends_it_and_can_be_read_in_two_ways(database: Database) -> None:
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    (received,) = smtp_server.received
    text, html = text_and_html(received)
    assert received["From"] == "Inscriptions <inscriptions@example.org>"
    assert (received["To"], received["Reply-To"]) == ("camille@example.org", "support@example.org")
    assert received["Message-ID"] == f"<{message['id']}@example.org>"
    assert (received["Auto-Submitted"], received["Content-Language"]) == ("auto-generated", "fr")
    assert "Bonjour Camille," in text
    assert "Bonjour Camille," in html
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 80


async def test_it_goes_encrypted_to_a_server_that_knows_us(database: Database, tmp_path: Path) -> None:
    await _an_acceptance(database)

    async with running_smtp_server(tmp_path) as smtp_server:
        server = replace(
            without_tls(smtp_server), starttls=True, username=USER, password=PASSWORD, tls_context=trusting_context()
        )
        await send_due_emails(database, server)

    assert smtp_server.encrypted == [True]


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ("password", 535, "not-accepted"), ("certificate", None, "no-connection"),
        ("no encryption", 530, "not-accepted"),
    ],
)  # fmt: skip
async def test_a_setting_of_ours_costs_nobody_a_message(
    database: Database, tmp_path: Path, wrong: str, status: int | None, error: str
) -> None:
    """However often it fails: an attempt that fails through our settings is never the last."""
    message = await _an_acceptance(database)
    await database.one("UPDATE delivery SET attempts = 12")

    async with running_smtp_server(tmp_path) as smtp_server:
        server = replace(
            without_tls(smtp_server), starttls=True, username=USER, password=PASSWORD, tls_context=trusting_context()
        )
        changed = {
            "password": replace(server, password="another"),  # noqa: S106  # a wrong one
            "certificate": replace(server, tls_context=None),
            "no encryption": without_tls(smtp_server),
        }
        await send_due_emails(database, changed[wrong])

    assert smtp_server.received == []
    assert (await _now(database, message))["state"] == "due"
    attempt = await database.one("SELECT status, error FROM delivery_attempt")
    assert attempt is not None
    assert (attempt["status"], attempt["error"]) == (status, error)
    soon = "SELECT FROM delivery WHERE next_attempt_at BETWEEN now() + interval '20 min' AND now() + interval '40 min'"
    assert await database.one(soon) is not None


@pytest.mark.parametrize("greeting", [b"554 No service here\r\n", b"Hello\r\n"])
async def test_a_closed_port_costs_nobody_a_message(database: Database, greeting: bytes) -> None:
    message = await _an_acceptance(database)
    await database.one("UPDATE delivery SET attempts = 12")

    async with tcp_server_saying(greeting) as port:
        await send_due_emails(database, without_tls(SmtpServer(port=port)))

    assert (await _now(database, message))["state"] == "due"
    assert await errors_of(database, message["id"]) == ["not-accepted"]
    assert await database.one("SELECT FROM lane WHERE id = $1 AND failures = 1", EMAIL_LANE_ID) is not None


async def test_a_mail_server_that_is_silent_at_first_delays_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await _an_acceptance(database)
    monkeypatch.setattr("app.outbox.email_sender.OPENING_SECONDS", 0.2)

    async with tcp_server_saying(None) as port:
        await send_due_emails(database, without_tls(SmtpServer(port=port)))

    assert await errors_of(database, message["id"]) == ["timeout"]
    assert (await _now(database, message))["state"] == "due"


async def test_a_server_that_cannot_encrypt_is_told_nothing(database: Database) -> None:
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, replace(without_tls(smtp_server), starttls=True))

    assert (smtp_server.received, await errors_of(database, message["id"])) == ([], ["no-connection"])


async def test_several_share_a_connection(database: Database) -> None:
    for _ in range(6):
        await register_in(database, await an_adviser_in_post(database))
    await place_waiting_events(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server), turns=3)

    assert len(smtp_server.received) == 12
    assert smtp_server.connections <= LANE_CONCURRENCY


@pytest.mark.parametrize("where", ["to_recipient", "to_message"])
async def test_a_mailbox_that_does_not_exist_is_given_up(database: Database, where: str) -> None:
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:
        setattr(smtp_server, where, answering_with("550 5.1.1 No such user camille@example.org"))
        await send_due_emails(database, without_tls(smtp_server))

    assert (await _now(database, message))["state"] == "dead"
    assert await errors_of(database, message["id"]) == ["refused"]
    assert await database.one("SELECT FROM delivery_attempt WHERE response IS NOT NULL") is None
    assert await database.one("SELECT FROM lane WHERE id = $1 AND failures > 0", EMAIL_LANE_ID) is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [("530 5.7.0 Authentication required", "not-accepted"), ("554 5.7.1 Relay access denied", "deferred")],
)
async def test_a_relay_that_does_not_know_us_loses_nothing(database: Database, answer: str, error: str) -> None:
    """The mail server refuses every recipient so."""
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:
        smtp_server.to_recipient = answering_with(answer)
        await send_due_emails(database, without_tls(smtp_server))

    assert (await _now(database, message))["state"] == "due"
    assert await errors_of(database, message["id"]) == [error]


@pytest.mark.parametrize("where", ["to_recipient", "to_message"])
async def test_one_that_is_full_is_tried_again_under_the_same_name(database: Database, where: str) -> None:
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:
        setattr(smtp_server, where, answering_with("452 4.2.2 Mailbox full"))
        await send_due_emails(database, without_tls(smtp_server))
        assert (await _now(database, message))["state"] == "due"
        setattr(smtp_server, where, answering_with("250 OK"))
        await make_everything_due(database)
        await send_due_emails(database, without_tls(smtp_server))

    assert (await _now(database, message))["state"] == "delivered"
    assert await errors_of(database, message["id"]) == ["deferred", None]
    assert set(smtp_server.ids) == {f"<{message['id']}@example.org>"}


async def test_a_sender_who_is_refused_is_our_own_affair(database: Database) -> None:
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:
        smtp_server.to_sender = answering_with("550 5.7.1 Sender not allowed")
        await send_due_emails(database, without_tls(smtp_server))

    assert (await _now(database, message))["state"] == "due"
    assert await database.one("SELECT FROM lane WHERE id = $1 AND failures > 0", EMAIL_LANE_ID) is not None


async def test_a_server_that_dies_with_the_message_in_hand_gets_it_again(database: Database) -> None:
    message = await _an_acceptance(database)

    async with running_smtp_server() as smtp_server:

        async def dies() -> str:
            raise ConnectionResetError

        async with running_smtp_server() as dying:
            dying.to_message = dies
            await send_due_emails(database, without_tls(dying))
        await make_everything_due(database)
        await send_due_emails(database, without_tls(smtp_server))

    assert [*dying.ids, *smtp_server.ids] == [f"<{message['id']}@example.org>"] * 2
    assert (await _now(database, message))["state"] == "delivered"


async def test_a_mail_server_that_never_replies_delays_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await _an_acceptance(database)
    monkeypatch.setattr("app.outbox.email_sender.SENDING_SECONDS", 0.3)

    async with running_smtp_server() as smtp_server:
        released = asyncio.Event()

        async def thinks() -> str:
            await released.wait()
            return "250 OK"

        smtp_server.to_message = thinks
        await send_due_emails(database, without_tls(smtp_server))
        released.set()

    assert await errors_of(database, message["id"]) == ["timeout"]
    assert (await _now(database, message))["state"] == "due"


async def test_nobody_at_all_answers(database: Database) -> None:
    message = await _an_acceptance(database)

    await send_due_emails(database, without_tls(SmtpServer(port=9)))

    assert await errors_of(database, message["id"]) == ["no-connection"]


@pytest.mark.parametrize(
    "address",
    [
        None, "not an address", "a@b..c", "<a>@example.org", "a,b@example.org", "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org", "é a@example.org",
    ],
)  # fmt: skip
async def test_without_an_address_it_is_given_up_and_can_be_seen(database: Database, address: str | None) -> None:
    message = await _an_acceptance(database)
    await database.one("UPDATE adviser SET email = $1", address)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    assert smtp_server.received == []
    assert (await _now(database, message))["state"] == "dead"
    assert await errors_of(database, message["id"]) == ["bad-address" if address else "no-address"]


@pytest.mark.parametrize(
    ("address", "sent_to"),
    [
        ("inès.quéméner@example.org", "inès.quéméner@example.org"),
        ("ines@médiation.example.org", "ines@xn--mdiation-b1a.example.org"),
    ],
)
async def test_an_address_may_go_beyond_ascii(database: Database, address: str, sent_to: str) -> None:
    await _an_acceptance(database)
    await database.one("UPDATE adviser SET email = $1", address)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    assert smtp_server.recipients == [sent_to]


async def test_a_server_that_cannot_carry_it_is_not_asked_again(database: Database) -> None:
    message = await _an_acceptance(database)
    await database.one("UPDATE adviser SET email = 'inès@example.org'")

    async with running_smtp_server() as smtp_server:
        smtp_server.supports_smtputf8 = False
        await send_due_emails(database, without_tls(smtp_server))

    assert (await _now(database, message))["state"] == "dead"
    assert await errors_of(database, message["id"]) == ["address-not-supported"]


async def test_a_name_may_hold_anything(database: Database) -> None:
    """What others typed is in no header but the subject, on one line."""
    writer = replace(COMPOSER, sender='"Inscriptions, conseillers numériques" <inscriptions@example.org>')
    await _an_acceptance(database)
    await database.one(
        "UPDATE module SET title = E'Données\r\nBcc: b@example.org' WHERE code = 'numerique-responsable'"
    )

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server), writer=writer)

    (received,) = smtp_server.received
    assert received["From"].addresses[0].display_name == "Inscriptions, conseillers numériques"
    assert "Données Bcc" in received["Subject"].replace("\xa0", " ")
    assert "Bcc" not in received
    assert smtp_server.recipients == ["camille@example.org"]


async def test_the_address_is_that_of_the_moment(database: Database) -> None:
    await _an_acceptance(database)
    await database.one("UPDATE adviser SET email = 'ailleurs@example.org'")

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    assert smtp_server.recipients == ["ailleurs@example.org"]


async def test_history_is_written_to_nobody(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    async with database.transaction() as tx:
        await mark_as_history(tx, adviser)

    assert await place_waiting_events(database) == 1
    assert await messages_of(database) == []


async def test_nobody_is_written_to_about_a_person_without_an_identity(database: Database) -> None:
    await register_in(database, await an_adviser_in_post(database, first_name=None, last_name=None, email=None))

    assert await place_waiting_events(database) == 1
    assert await messages_of(database) == []
