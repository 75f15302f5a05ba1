"""Every adviser is looked at once a day, and told once what is due or about to be lost."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from app.domain.certification import CertificationOutcome
from app.outbox.reminder import remind_daily
from app.persistence import reminders
from app.persistence.database import Database
from app.seed.catalogue import LA_FABRIK, LA_MEDNUM
from app.use_cases import remind as reminding
from app.use_cases.certify import Result, certify
from app.use_cases.remind import remind
from tests.clockwork import MORNING
from tests.forks import start
from tests.messages.post import an_office, mailed, parts, plainly
from tests.persistence.telling import everything, placed
from tests.use_cases import doomed_look
from tests.use_cases.acting import INITIAL, an_adviser, an_adviser_in_post, asking, day, registered
from tests.use_cases.looking import looked, reminded, somebody_to_remind

CCP1 = "mediateur-numerique-ccp1"
EVERYBODY_S_TURN = f"SELECT '{reminders.BEFORE_ALL}'::uuid AS reached WHERE $1::date IS NOT NULL"
OBTAINED = CertificationOutcome.OBTAINED


def at(text: str) -> datetime:
    """Half past ten of this day in Paris."""
    return MORNING.replace(year=int(text[:4]), month=int(text[5:7]), day=int(text[8:]))


async def told(database: Database) -> list[str]:
    """What was told, and what of."""
    rows = [orjson.loads(row["data"]) for row in await reminded(database)]
    return [row.get("stage") or row["bucket"] for row in rows]


async def test_a_reminder_is_told_once_however_often_one_looks(database: Database) -> None:
    await somebody_to_remind(database)

    for _ in range(3):
        await looked(database)
    first = await told(database)
    await looked(database, MORNING + timedelta(days=1))

    assert first == await told(database) == ["before", "first_year"]


async def test_a_deadline_is_told_before_and_when_it_comes(database: Database) -> None:
    await somebody_to_remind(database)
    seen = dict[str, list[str]]()

    for date in ("2026-05-30", "2026-05-31", "2026-06-29", "2026-06-30", "2026-07-01"):
        await looked(database, at(date))
        seen[date] = [item for item in await told(database) if item != "first_year"]

    assert seen == {
        "2026-05-30": [],
        "2026-05-31": ["before"],
        "2026-06-29": ["before"],
        "2026-06-30": ["before", "deadline"],
        "2026-07-01": ["before", "deadline"],
    }


async def test_the_day_begins_in_paris(database: Database) -> None:
    await somebody_to_remind(database)

    await looked(database, datetime(2026, 5, 30, 21, 59, tzinfo=UTC))
    before = await told(database)
    await looked(database, datetime(2026, 5, 30, 22, 0, tzinfo=UTC))

    assert (before, await told(database)) == ([], ["before"])


async def test_an_exam_that_was_presented_since_is_not_told(database: Database) -> None:
    adviser = await somebody_to_remind(database)
    await certify(database, Result(adviser, CCP1, OBTAINED, day("2026-05-12"), None, None), asking())

    await looked(database)

    (event, _) = await reminded(database)
    assert [exam["qualification"] for exam in orjson.loads(event["data"])["exams"]] == ["pix"]


async def test_a_deadline_that_is_moved_is_another_one(database: Database) -> None:
    adviser = await somebody_to_remind(database)
    await looked(database)
    await database.one("UPDATE adviser SET initial_training_ended_on = '2026-05-10' WHERE id = $1", adviser)

    await looked(database, MORNING + timedelta(days=1))

    assert await told(database) == ["before", "first_year", "before"]


async def test_a_reminder_is_about_the_adviser_and_names_nobody(database: Database) -> None:
    adviser = await somebody_to_remind(database)

    await looked(database)

    due, expiring = await reminded(database)
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
    adviser = await somebody_to_remind(database)
    await registered(database, adviser)
    await placed(database)
    before = await everything(database, LA_MEDNUM)

    await looked(database)
    await placed(database)

    (event,) = (await everything(database, LA_MEDNUM))[len(before) :]
    assert event == (await reminded(database))[0]["event_id"]
    assert await everything(database, LA_FABRIK) == []


async def test_whoever_section_9_names_is_written_to(database: Database) -> None:
    await somebody_to_remind(database)
    await looked(database)
    await placed(database)

    async with an_office() as office:
        await mailed(database, plainly(office), turns=3)

    sent = {(str(message["To"]), str(message["Subject"]).split(",")[0].split(" :")[0]) for message in office.received}
    assert len(office.received) == 3
    assert {address for address, _ in sent} == {"camille@example.org", "mairie@example.org"}
    texts = [" ".join(parts(message)[0].split()) for message in office.received]
    assert sum("CCP1 du titre Médiateur numérique, pris en charge par l’État" in text for text in texts) == 2
    assert sum("2 modules thématiques financés par l’État restent libres" in text for text in texts) == 1


async def test_the_organisation_that_gave_the_training_is_written_to(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    training = await registered(database, adviser, day("2026-04-30"), module=INITIAL)
    await database.one("UPDATE registration SET status = 'completed' WHERE id = $1", UUID(training["id"]))

    await looked(database)

    (event, *_) = await reminded(database)
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

    await looked(database)

    assert await told(database) == []


async def test_an_empty_database_asks_nothing_of_the_policy(database: Database, owner: Database) -> None:
    await owner.one("DELETE FROM policy")

    assert await looked(database) == 1


async def test_a_look_goes_through_everybody_and_is_not_taken_again_that_day(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "BATCH", 2)
    for _ in range(4):
        await somebody_to_remind(database)

    looks = [await looked(database) for _ in range(2)]

    assert looks == [3, 1]
    assert Counter(await told(database)) == {"before": 4, "first_year": 4}


async def test_a_look_left_unfinished_is_taken_up_where_it_was_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "BATCH", 1)
    advisers = sorted([await somebody_to_remind(database) for _ in range(3)])

    await remind(database, MORNING)
    first = {row["adviser_id"] for row in await reminded(database)}
    await remind(database, MORNING)

    assert first == {advisers[0]}
    assert {row["adviser_id"] for row in await reminded(database)} == {*advisers[:2]}


async def test_a_new_day_begins_with_everybody(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "BATCH", 1)
    for _ in range(2):
        await somebody_to_remind(database)
    await remind(database, at("2026-05-30"))

    assert await looked(database, at("2026-05-31")) == 3
    assert Counter(await told(database)) == {"before": 2}


async def test_a_clock_that_is_a_day_behind_finds_nothing_to_do(database: Database) -> None:
    await somebody_to_remind(database)
    await looked(database, at("2026-05-30"))

    await looked(database, at("2026-05-29"))

    row = await database.one("SELECT day, reached FROM reminder_round")
    assert dict(row or {}) == {"day": day("2026-05-30"), "reached": None}


async def many_look_at_once(database: Database) -> Counter[tuple[UUID, str]]:
    """How often each adviser was told of each thing, when eight looked together."""
    for _ in range(12):
        await somebody_to_remind(database)
    await asyncio.gather(*(looked(database) for _ in range(8)))
    await looked(database)
    return Counter((row["adviser_id"], row["type"]) for row in await reminded(database))


async def test_many_who_look_at_once_tell_everything_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "BATCH", 3)

    counted = await many_look_at_once(database)

    assert (len(counted), {*counted.values()}) == (24, {1})


async def test_without_the_turn_the_key_alone_keeps_from_telling_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "TAKE", EVERYBODY_S_TURN)

    counted = await many_look_at_once(database)

    assert (len(counted), {*counted.values()}) == (24, {1})


async def test_red_run_without_either_somebody_is_told_twice(
    database: Database, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await owner.one("ALTER TABLE reminder DROP CONSTRAINT pk_reminder")
    monkeypatch.setattr(reminders, "TAKE", EVERYBODY_S_TURN)

    counted = await many_look_at_once(database)

    assert max(counted.values()) > 1


@pytest.mark.parametrize("step", doomed_look.STEPS)
async def test_one_killed_while_it_looks_tells_everything_once_in_the_end(
    database: Database, database_url: str, step: str
) -> None:
    for _ in range(3):
        await somebody_to_remind(database)
    process = start(doomed_look.__name__, database_url, step)

    assert await asyncio.to_thread(process.wait) == -signal.SIGKILL
    left = await told(database)
    await looked(database)

    assert len(left) == (4 if step == "committed" else 0)
    counted = Counter((row["adviser_id"], row["type"]) for row in await reminded(database))
    assert (len(counted), {*counted.values()}) == (6, {1})


async def test_the_worker_looks_again_when_its_clock_says_another_day(database: Database) -> None:
    await somebody_to_remind(database)
    stop, days = asyncio.Event(), iter(["2026-05-30", "2026-05-31", "2026-05-31", "2026-06-30"])

    def clock() -> datetime:
        date = next(days)
        if date == "2026-06-30":
            stop.set()
        return at(date)

    async with asyncio.timeout(20):
        await remind_daily(database, clock, stop, pause=0)

    assert await told(database) == ["before", "deadline", "first_year"]
