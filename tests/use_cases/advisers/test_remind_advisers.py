"""Every adviser is checked once a day, and reminded once of what is due or about to be lost."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from app.domain.facts.certification import CertificationOutcome
from app.outbox.reminder_loop import run_reminders
from app.persistence.advisers import reminders
from app.persistence.engine.database import Database
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM
from app.use_cases.advisers import remind_advisers as reminding
from app.use_cases.advisers.remind_advisers import remind_next_batch
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from tests.fake_clock import MORNING
from tests.forks import start
from tests.outbox.emails.smtp_server import running_smtp_server, send_due_emails, text_and_html, without_tls
from tests.persistence.open_transactions import wait_until_idle
from tests.persistence.outbox.event_builders import all_events, place_waiting_events
from tests.use_cases.advisers import killable_reminder
from tests.use_cases.advisers.reminder_builders import an_adviser_to_remind, remind_until_done, reminder_events
from tests.use_cases.use_case_builders import (
    INITIAL,
    a_contract,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    day,
    register_in,
)

CCP1 = "mediateur-numerique-ccp1"
EVERYBODY_S_TURN = f"SELECT '{reminders.BEFORE_FIRST}'::uuid AS reached WHERE $1::date IS NOT NULL"
OBTAINED = CertificationOutcome.OBTAINED


def at(text: str) -> datetime:
    """10:30 of this day in Paris."""
    return MORNING.replace(year=int(text[:4]), month=int(text[5:7]), day=int(text[8:]))


async def told(database: Database) -> list[str]:
    """Each reminder, and what it is about."""
    rows = [orjson.loads(row["data"]) for row in await reminder_events(database)]
    return [row.get("stage") or row["bucket"] for row in rows]


async def test_a_reminder_is_sent_once_however_many_rounds_run(database: Database) -> None:
    await an_adviser_to_remind(database)

    for _ in range(3):
        await remind_until_done(database)
    first = await told(database)
    await remind_until_done(database, MORNING + timedelta(days=1))

    assert first == await told(database) == ["before", "first_year"]


async def test_a_deadline_is_told_before_and_when_it_comes(database: Database) -> None:
    await an_adviser_to_remind(database)
    seen = dict[str, list[str]]()

    for date in ("2026-05-30", "2026-05-31", "2026-06-29", "2026-06-30", "2026-07-01"):
        await remind_until_done(database, at(date))
        seen[date] = [item for item in await told(database) if item != "first_year"]

    assert seen == {
        "2026-05-30": [],
        "2026-05-31": ["before"],
        "2026-06-29": ["before"],
        "2026-06-30": ["before", "deadline"],
        "2026-07-01": ["before", "deadline"],
    }


async def test_the_day_begins_in_paris(database: Database) -> None:
    await an_adviser_to_remind(database)

    await remind_until_done(database, datetime(2026, 5, 30, 21, 59, tzinfo=UTC))
    before = await told(database)
    await remind_until_done(database, datetime(2026, 5, 30, 22, 0, tzinfo=UTC))

    assert (before, await told(database)) == ([], ["before"])


async def test_an_exam_that_was_presented_since_is_not_told(database: Database) -> None:
    adviser = await an_adviser_to_remind(database)
    await record_result(
        database, ExamResult(adviser, CCP1, OBTAINED, day("2026-05-12"), None, None), a_request_context()
    )

    await remind_until_done(database)

    (event, _) = await reminder_events(database)
    assert [exam["qualification"] for exam in orjson.loads(event["data"])["exams"]] == ["pix"]


async def test_a_deadline_that_is_moved_is_another_one(database: Database) -> None:
    adviser = await an_adviser_to_remind(database)
    await remind_until_done(database)
    await database.one("UPDATE adviser SET initial_training_ended_on = '2026-05-10' WHERE id = $1", adviser)

    await remind_until_done(database, MORNING + timedelta(days=1))

    assert await told(database) == ["before", "first_year", "before"]


async def test_initial_training_that_is_owed_is_recalled_once_a_year(database: Database) -> None:
    adviser = await an_adviser(database, initial_training_entered_on=None)
    await a_contract(database, adviser, starts_on=day("2026-02-02"))

    for month in (6, 11, 12):
        await remind_until_done(database, MORNING.replace(month=month))

    (owed,) = await database.many("SELECT * FROM outbox WHERE type = 'initial_training.owed'")
    assert (owed["subject_id"], owed["recipients"], owed["occurred_at"].month) == (adviser, ["adviser", "employer"], 11)
    assert orjson.loads(owed["data"]) == {"since": "2026-02-02", "due_on": None, "is_late": False}


async def test_a_reminder_is_about_the_adviser_and_names_nobody(database: Database) -> None:
    adviser = await an_adviser_to_remind(database)

    await remind_until_done(database)

    due, expiring = await reminder_events(database)
    assert [
        (row["type"], row["subject_type"], row["subject_id"], row["subject_version"]) for row in (due, expiring)
    ] == [
        ("certification.due", "adviser", adviser, 1),
        ("entitlement.expiring", "adviser", adviser, 1),
    ]
    assert orjson.loads(due["data"]) == {
        "exams": [
            {"qualification": CCP1, "next_attempt_payer": "state"},
            {"qualification": "pix", "next_attempt_payer": "state"},
        ],
        "due_on": "2026-06-30",
        "stage": "before",
    }
    assert orjson.loads(expiring["data"]) == {
        "bucket": "first_year",
        "units": 2,
        "expires_on": "2026-08-03",
        "rule": "R20",
    }
    assert (due["recipients"], expiring["recipients"]) == (["adviser", "employer"], ["adviser"])
    assert due["occurred_at"] == MORNING


async def test_exams_are_told_to_the_organisations_that_registered_the_adviser(database: Database) -> None:
    adviser = await an_adviser_to_remind(database)
    await register_in(database, adviser)
    await place_waiting_events(database)
    before = await all_events(database, LA_MEDNUM)

    await remind_until_done(database)
    await place_waiting_events(database)

    (event,) = (await all_events(database, LA_MEDNUM))[len(before) :]
    assert event == (await reminder_events(database))[0]["event_id"]
    assert await all_events(database, LA_FABRIK) == []


async def test_whoever_section_9_names_is_written_to(database: Database) -> None:
    await an_adviser_to_remind(database)
    await remind_until_done(database)
    await place_waiting_events(database)

    async with running_smtp_server() as smtp_server:
        await send_due_emails(database, without_tls(smtp_server), turns=3)

    sent = {
        (str(message["To"]), str(message["Subject"]).split(",")[0].split(" :")[0]) for message in smtp_server.received
    }
    assert len(smtp_server.received) == 3
    assert {address for address, _ in sent} == {"camille@example.org", "mairie@example.org"}
    texts = [" ".join(text_and_html(message)[0].split()) for message in smtp_server.received]
    assert sum("CCP1 du titre Médiateur numérique, pris en charge par l’État" in text for text in texts) == 2
    assert sum("2 modules thématiques financés par l’État restent libres" in text for text in texts) == 1


async def test_the_organisation_that_gave_the_training_is_written_to(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    training = await register_in(database, adviser, day("2026-04-30"), module=INITIAL)
    await database.one("UPDATE registration SET status = 'completed' WHERE id = $1", UUID(training["id"]))

    await remind_until_done(database)

    (event, *_) = await reminder_events(database)
    assert (event["training_organisation_id"], event["recipients"]) == (
        LA_FABRIK,
        ["adviser", "employer", "training_organisation"],
    )


async def test_nobody_outside_the_scheme_is_reminded(database: Database) -> None:
    await an_adviser(
        database,
        in_scheme=False,
        initial_training_entered_on=day("2025-08-03"),
        initial_training_ended_on=day("2026-04-30"),
    )

    await remind_until_done(database)

    assert await told(database) == []


async def test_an_empty_database_asks_nothing_of_the_policy(database: Database, owner: Database) -> None:
    await owner.one("DELETE FROM policy")

    assert await remind_until_done(database) == 1


async def test_a_round_covers_everybody_and_is_not_repeated_that_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "BATCH", 2)
    for _ in range(4):
        await an_adviser_to_remind(database)

    looks = [await remind_until_done(database) for _ in range(2)]

    assert looks == [3, 1]
    assert Counter(await told(database)) == {"before": 4, "first_year": 4}


async def test_an_unfinished_round_goes_on_where_it_stopped(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "BATCH", 1)
    advisers = sorted([await an_adviser_to_remind(database) for _ in range(3)])

    await remind_next_batch(database, MORNING)
    first = {row["adviser_id"] for row in await reminder_events(database)}
    await remind_next_batch(database, MORNING)

    assert first == {advisers[0]}
    assert {row["adviser_id"] for row in await reminder_events(database)} == {*advisers[:2]}


async def test_a_new_day_begins_with_everybody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "BATCH", 1)
    for _ in range(2):
        await an_adviser_to_remind(database)
    await remind_next_batch(database, at("2026-05-30"))

    assert await remind_until_done(database, at("2026-05-31")) == 3
    assert Counter(await told(database)) == {"before": 2}


async def test_a_clock_that_is_a_day_behind_finds_nothing_to_do(database: Database) -> None:
    await an_adviser_to_remind(database)
    await remind_until_done(database, at("2026-05-30"))

    await remind_until_done(database, at("2026-05-29"))

    row = await database.one("SELECT day, reached FROM reminder_round")
    assert dict(row or {}) == {"day": day("2026-05-30"), "reached": None}


async def many_look_at_once(database: Database) -> Counter[tuple[UUID, str]]:
    """How often each adviser got each reminder, when eight rounds ran at once."""
    for _ in range(12):
        await an_adviser_to_remind(database)
    await asyncio.gather(*(remind_until_done(database) for _ in range(8)))
    await remind_until_done(database)
    return Counter((row["adviser_id"], row["type"]) for row in await reminder_events(database))


async def test_many_rounds_at_once_remind_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "BATCH", 3)

    counted = await many_look_at_once(database)

    assert (len(counted), {*counted.values()}) == (24, {1})


async def test_without_the_lock_of_the_round_the_key_alone_prevents_a_second_reminder(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "CLAIM_ROUND", EVERYBODY_S_TURN)

    counted = await many_look_at_once(database)

    assert (len(counted), {*counted.values()}) == (24, {1})


async def test_red_run_without_either_somebody_is_reminded_twice(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await owner.one("ALTER TABLE reminder DROP CONSTRAINT pk_reminder")
    monkeypatch.setattr(reminders, "CLAIM_ROUND", EVERYBODY_S_TURN)

    counted = await many_look_at_once(database)

    assert max(counted.values()) > 1


@pytest.mark.parametrize("step", killable_reminder.STEPS)
async def test_a_process_killed_during_a_round_reminds_everybody_once_in_the_end(
    database: Database, owner: Database, database_url: str, step: str
) -> None:
    for _ in range(3):
        await an_adviser_to_remind(database)
    process = start(killable_reminder.__name__, database_url, step)

    assert await asyncio.to_thread(process.wait) == -signal.SIGKILL
    await wait_until_idle(owner)  # until then the dead process has the round, and this one leaves it alone
    left = await told(database)
    await remind_until_done(database)

    assert len(left) == (4 if step == "committed" else 0)
    counted = Counter((row["adviser_id"], row["type"]) for row in await reminder_events(database))
    assert (len(counted), {*counted.values()}) == (6, {1})


async def test_the_worker_begins_a_round_when_its_clock_says_another_day(database: Database) -> None:
    await an_adviser_to_remind(database)
    stop, days = asyncio.Event(), iter(["2026-05-30", "2026-05-31", "2026-05-31", "2026-06-30"])

    def clock() -> datetime:
        date = next(days)
        if date == "2026-06-30":
            stop.set()
        return at(date)

    async with asyncio.timeout(20):
        await run_reminders(database, clock, stop, pause=0)

    assert await told(database) == ["before", "deadline", "first_year"]
