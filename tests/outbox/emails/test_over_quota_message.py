"""The over-quota message: one for each crossing, whatever happens to those who place and send it."""

import asyncio
from uuid import UUID, uuid4

import pytest

from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.outbox import feed_positions, messages
from app.persistence.outbox.messages import Envelope
from app.use_cases.notifications.event_payloads import envelopes_of
from app.use_cases.notifications.sequence_events import sequence
from app.use_cases.preconditions import ANYTHING
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.personal_links import link_to
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import BASE_URL, an_office, mailed, messages_of, parts, plainly
from tests.outbox.webhooks.webhook_builders import SECRETS
from tests.persistence.interleaved_transactions import waits_for
from tests.persistence.outbox.event_builders import placed
from tests.use_cases.use_case_builders import (
    a_contract,
    a_session,
    an_adviser,
    an_adviser_in_post,
    asking,
    day,
    id_of,
    registered,
    standing,
)

OVER_QUOTA = "registration.over_quota"


async def _crossing(database: Database, legal_form: str = "public") -> tuple[UUID, UUID]:
    """The registration that waits, and the one that holds the unit."""
    adviser = await an_adviser(database)
    await a_contract(database, adviser, employer_legal_form=legal_form)
    first = await registered(database, adviser, module="cybersecurite")
    second = await registered(database, adviser)
    assert second["status"] == "awaiting_choice"
    await placed(database)
    return id_of(second), id_of(first)


async def _to_advisers(database: Database) -> list[Row]:
    return await messages_of(database, type=OVER_QUOTA, recipient="adviser")


async def test_one_crossing_is_one_message_with_a_personal_link(database: Database) -> None:
    waiting, _ = await _crossing(database)
    (message,) = await _to_advisers(database)

    async with an_office() as office:
        await mailed(database, plainly(office))

    link = link_to(BASE_URL, SECRETS, message["decision_id"])
    texts = [parts(received) for received in office.received if "dépasse votre quota" in str(received["Subject"])]
    assert [(link in text, link in html) for text, html in texts] == [(True, True)]
    assert str(waiting) not in link
    assert [link in part for received in office.received for part in parts(received)].count(True) == 2


async def test_only_a_private_employer_has_an_opco(database: Database) -> None:
    for form in ("private", "public", "undetermined"):
        await _crossing(database, form)

    async with an_office() as office:
        await mailed(database, plainly(office), turns=5)

    told = [parts(one) for one in office.received if "dépasse votre quota" in str(one["Subject"])]
    assert sorted("OPCO" in text for text, _ in told) == [False, False, True]
    assert sorted("OPCO" in html for _, html in told) == [False, False, True]


async def test_deciding_again_while_waiting_is_no_other_crossing(database: Database) -> None:
    waiting, _ = await _crossing(database)

    await reschedule(database, waiting, lambda _, venue: (a_session(day("2026-10-06")), venue), ANYTHING, asking())
    await placed(database)

    assert len(await _to_advisers(database)) == 1


async def test_crossing_again_is_another_one(database: Database) -> None:
    waiting, holder = await _crossing(database)
    await cancel(database, holder, None, None, asking())
    adviser = (await standing(database, {"id": str(waiting)}))["adviser_id"]
    again = await registered(database, adviser, module="intelligence-artificielle")
    await placed(database)

    assert again["status"] == "awaiting_choice"
    told = [(row["registration_id"], row["decision_id"]) for row in await _to_advisers(database)]
    assert [registration for registration, _ in told] == [waiting, id_of(again)]
    assert len({decision for _, decision in told}) == 2


async def test_a_second_event_of_the_same_decision_brings_no_second_message(database: Database) -> None:
    await _crossing(database)
    (message,) = await _to_advisers(database)
    named = (message[name] for name in ("type", "recipient", "adviser_id", "registration_id", "decision_id"))
    twin = Envelope(uuid4(), uuid4(), *named)

    async with database.transaction() as tx:
        await messages.post(tx, [twin])

    assert len(await _to_advisers(database)) == 1


async def test_two_who_place_events_at_once_write_one_message(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    for module in ("cybersecurite", "numerique-responsable", "intelligence-artificielle"):
        await registered(database, adviser, module=module)

    await asyncio.gather(*(placed(database) for _ in range(8)))

    assert len(await _to_advisers(database)) == 2


async def _placed_twice(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second sequencer does not wait for its turn, and begins while the first has not committed."""

    async def at_once(_: Transaction) -> bool:
        return True

    monkeypatch.setattr(feed_positions, "take_turn", at_once)
    async with database.transaction() as first:
        numbered = await feed_positions.number(first, (), MORNING)
        backend = await first.one("SELECT pg_backend_pid() AS pid")
        second = asyncio.create_task(sequence(database, MORNING))
        assert backend is not None
        await waits_for(database, backend["pid"])
        await messages.post(first, [each for event in numbered.written for each in envelopes_of(event)])
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
    """Red with the last of the three that see to it."""
    adviser = await an_adviser_in_post(database)
    await registered(database, adviser, module="cybersecurite")
    await registered(database, adviser)
    for constraint in dropped:
        await owner.one(constraint)

    await _placed_twice(database, monkeypatch)

    assert len(await _to_advisers(database)) == written
