"""The reminder of an unanswered choice: once, with the link of the question it recalls, and not once answered."""

from datetime import datetime
from uuid import UUID

import orjson

from app.domain.facts.registration_terms import Chooser, Payer
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.choose_over_quota import keep_unfunded
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
from tests.persistence.outbox.event_builders import place_waiting_events
from tests.use_cases.advisers.reminder_builders import remind_until_done
from tests.use_cases.use_case_builders import (
    a_request_context,
    a_session,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
    stored_registration,
)

FIRST_DAY = day("2026-09-08")


def at(text: str) -> datetime:
    return MORNING.replace(year=int(text[:4]), month=int(text[5:7]), day=int(text[8:]))


async def _waiting(database: Database) -> UUID:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, FIRST_DAY, module="cybersecurite")
    waiting = await register_in(database, adviser, FIRST_DAY)
    assert waiting["status"] == "awaiting_choice"
    return id_of(waiting)


async def _reminders(database: Database) -> list[Row]:
    return await database.many("SELECT * FROM outbox WHERE type = 'registration.choice_reminded' ORDER BY id")


async def test_it_is_sent_once_from_seven_days_before_the_first_day(database: Database) -> None:
    waiting = await _waiting(database)
    seen: dict[str, int] = {}

    for on in ("2026-08-31", "2026-09-01", "2026-09-02", "2026-09-07", "2026-09-08"):
        await remind_until_done(database, at(on))
        seen[on] = len(await _reminders(database))

    assert seen == {"2026-08-31": 0, "2026-09-01": 1, "2026-09-02": 1, "2026-09-07": 1, "2026-09-08": 1}
    (event,) = await _reminders(database)
    data = orjson.loads(event["data"])
    assert (event["subject_id"], event["recipients"]) == (waiting, ["adviser"])
    assert event["training_organisation_id"] is None
    assert (data["status"], data["session_starts_on"]) == ("awaiting_choice", "2026-09-08")


async def test_a_worker_that_was_down_sends_it_as_soon_as_it_runs(database: Database) -> None:
    await _waiting(database)

    await remind_until_done(database, at("2026-09-07"))

    assert len(await _reminders(database)) == 1


async def test_it_is_not_sent_once_the_session_has_started(database: Database) -> None:
    await _waiting(database)

    await remind_until_done(database, at("2026-09-08"))

    assert await _reminders(database) == []


async def test_it_is_not_sent_once_answered(database: Database) -> None:
    waiting = await _waiting(database)
    await keep_unfunded(database, waiting, Payer.SELF, a_request_context(), Chooser.ADVISER)

    await remind_until_done(database, at("2026-09-01"))

    assert await _reminders(database) == []


async def test_it_has_the_link_of_the_question_even_when_that_was_decided_again_since(database: Database) -> None:
    waiting = await _waiting(database)
    asked = (await stored_registration(database, {"id": str(waiting)}))["decision_id"]
    moved = a_session(day("2026-10-06"))
    await reschedule(
        database, waiting, lambda _, venue: (moved, venue), ANY_VERSION, a_request_context(), regularisation=False
    )
    await place_waiting_events(database)
    await database.one("DELETE FROM delivery")

    await remind_until_done(database, at("2026-09-29"))
    await place_waiting_events(database)

    (message,) = await messages_of(database)
    assert (message["type"], message["recipient"]) == ("registration.choice_reminded", "adviser")
    assert message["decision_id"] == asked
    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server))
    (received,) = smtp_server.received
    link = personal_link(BASE_URL, SECRETS, asked)
    assert str(received["Subject"]).startswith("Rappel")
    assert all(link in part for part in text_and_html(received))
    assert "au plus tard le 5 octobre 2026" in " ".join(text_and_html(received)[0].replace("\u00a0", " ").split())
