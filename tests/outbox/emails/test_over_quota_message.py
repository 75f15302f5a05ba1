"""The over-quota message: one for each crossing of the quota, whatever happens to those who sequence and send it."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.outbox import assign_feed_positions, messages
from app.persistence.outbox.messages import NewEmailDelivery
from app.use_cases.notifications.event_payloads import email_deliveries_of
from app.use_cases.notifications.sequence_events import sequence_events
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.personal_links import personal_link
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import (
    BASE_URL,
    messages_of,
    running_smtp_server,
    send_due_emails,
    text_and_html,
    without_tls,
)
from tests.outbox.webhooks.webhook_builders import SECRETS
from tests.persistence.interleaved_transactions import wait_until_blocked_by
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.use_cases.use_case_builders import (
    a_contract,
    a_request_context,
    a_session,
    an_adviser,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
    stored_registration,
)

OVER_QUOTA = "registration.over_quota"


async def _over_quota_and_holder(database: Database, legal_form: str = "public") -> tuple[UUID, UUID]:
    """The registration that waits, and the one that has the unit."""
    adviser = await an_adviser(database)
    await a_contract(database, adviser, employer_legal_form=legal_form)
    first = await register_in(database, adviser, module="cybersecurite")
    second = await register_in(database, adviser)
    assert second["status"] == "awaiting_choice"
    await place_waiting_events(database)
    return id_of(second), id_of(first)


async def _to_advisers(database: Database) -> list[Row]:
    return await messages_of(database, type=OVER_QUOTA, recipient="adviser")


async def test_one_crossing_is_one_message_with_a_personal_link(database: Database) -> None:
    waiting, _ = await _over_quota_and_holder(database)
    (message,) = await _to_advisers(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))

    link = personal_link(BASE_URL, SECRETS, message["decision_id"])
    texts = [
        text_and_html(received)
        for received in smtp_server.received
        if "dépasse votre quota" in str(received["Subject"])
    ]
    assert [(link in text, link in html) for text, html in texts] == [(True, True)]
    assert str(waiting) not in link
    assert [link in part for received in smtp_server.received for part in text_and_html(received)].count(True) == 2


async def test_only_a_private_employer_has_an_opco(database: Database) -> None:
    for form in ("private", "public", "undetermined"):
        await _over_quota_and_holder(database, form)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server), turns=5)

    told = [text_and_html(one) for one in smtp_server.received if "dépasse votre quota" in str(one["Subject"])]
    assert sorted("OPCO" in text for text, _ in told) == [False, False, True]
    assert sorted("OPCO" in html for _, html in told) == [False, False, True]


async def test_deciding_again_while_waiting_is_no_other_crossing(database: Database) -> None:
    waiting, _ = await _over_quota_and_holder(database)

    await reschedule(
        database,
        waiting,
        lambda _, venue: (a_session(day("2026-10-06")), venue),
        ANY_VERSION,
        a_request_context(),
        regularisation=False,
    )
    await place_waiting_events(database)

    assert len(await _to_advisers(database)) == 1


async def test_crossing_again_is_another_one(database: Database) -> None:
    waiting, holder = await _over_quota_and_holder(database)
    await cancel(database, holder, Cancellation(), a_request_context())
    adviser = (await stored_registration(database, {"id": str(waiting)}))["adviser_id"]
    again = await register_in(database, adviser, module="intelligence-artificielle")
    await place_waiting_events(database)

    assert again["status"] == "awaiting_choice"
    told = [(row["registration_id"], row["decision_id"]) for row in await _to_advisers(database)]
    assert [registration for registration, _ in told] == [waiting, id_of(again)]
    assert len({decision for _, decision in told}) == 2


async def test_a_second_event_of_the_same_decision_brings_no_second_message(database: Database) -> None:
    await _over_quota_and_holder(database)
    (message,) = await _to_advisers(database)
    named = (message[name] for name in ("type", "recipient", "adviser_id", "registration_id", "decision_id"))
    twin = NewEmailDelivery(uuid4(), uuid4(), *named)

    async with database.transaction() as tx:
        await messages.enqueue_emails(tx, [twin])

    assert len(await _to_advisers(database)) == 1


async def test_two_who_place_events_at_once_write_one_message(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    for module in ("cybersecurite", "numerique-responsable", "intelligence-artificielle"):
        await register_in(database, adviser, module=module)

    await asyncio.gather(*(place_waiting_events(database) for _ in range(8)))

    assert len(await _to_advisers(database)) == 2


async def _placed_twice(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second sequencer does not wait for the lock, and starts before the first has committed."""

    async def at_once(_: Transaction) -> bool:
        return True

    monkeypatch.setattr(assign_feed_positions, "try_lock", at_once)
    async with database.transaction() as first:
        numbered = await assign_feed_positions.assign_positions(first, (), MORNING)
        backend = await first.one("SELECT pg_backend_pid() AS pid")
        second = asyncio.create_task(sequence_events(database, MORNING))
        assert backend is not None
        await wait_until_blocked_by(database, backend["pid"])
        await messages.enqueue_emails(first, email_deliveries_of(numbered.for_emails))
    await second


FEED = "ALTER TABLE feed_entry DROP CONSTRAINT uq_feed_entry_outbox_id"
EVENT = "ALTER TABLE delivery DROP CONSTRAINT uq_delivery_event_id"
CROSSING = "DROP INDEX uq_delivery_over_quota"


@pytest.mark.parametrize(
    ("dropped", "written"), [([FEED], 1), ([FEED, EVENT], 1), ([FEED, CROSSING], 1), ([FEED, EVENT, CROSSING], 2)]
)
async def test_placed_twice_it_is_still_written_once(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch, dropped: list[str], written: int
) -> None:
    """Fails without the last of the three protections."""
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, module="cybersecurite")
    await register_in(database, adviser)
    for constraint in dropped:
        await owner.one(constraint)

    await _placed_twice(database, monkeypatch)

    assert len(await _to_advisers(database)) == written
