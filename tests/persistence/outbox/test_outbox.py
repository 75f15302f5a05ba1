"""Whoever is concerned is told by rows written with the work: one for each event of section 9, and none without it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.domain.errors import Conflict
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration import Attendance, Chooser, Payer
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import Answer
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM
from app.use_cases.advisers.grant_carry_over import Report, carry_over
from app.use_cases.preconditions import ANYTHING
from app.use_cases.record_certification import Result, certify
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline, keep
from app.use_cases.registrations.record_attendance import attend
from app.use_cases.registrations.record_positioning_test import position
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.register_adviser import preview
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.persistence.postgres_errors import CheckViolation, Raised
from tests.use_cases.random_actions import a_play
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    PAST_DAY,
    a_contract,
    a_demand,
    a_key,
    a_session,
    an_adviser,
    an_adviser_in_post,
    asking,
    change_contract,
    day,
    id_of,
    registered,
    standing,
)

NEXT_DAY = FIRST_DAY + timedelta(1)
SHOWN_OF_A_DEED = {"chosen_by", "taken_on", "hours"}
SHOWN_OF_A_REGISTRATION = {
    "status", "funding", "payer", "entitlement", "module_code", "session_starts_on", "reasons",
}  # fmt: skip


class Postbox:
    """What was told since it was last emptied."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_to = 0

    async def emptied(self) -> list[Row]:
        rows = await self._database.many("SELECT * FROM outbox WHERE id > $1 ORDER BY id", self._read_to)
        self._read_to = max((row["id"] for row in rows), default=self._read_to)
        return rows

    async def types(self) -> list[str]:
        return [row["type"] for row in await self.emptied()]


@pytest.fixture
def postbox(database: Database) -> Postbox:
    return Postbox(database)


async def test_an_accepted_registration_is_told_once(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database)

    registration = await registered(database, adviser)

    (event,) = await postbox.emptied()
    assert event["type"] == "registration.accepted"
    assert (event["subject_type"], event["subject_id"]) == ("registration", id_of(registration))
    assert (event["subject_version"], event["adviser_id"]) == (1, adviser)
    assert event["training_organisation_id"] == LA_MEDNUM
    assert orjson.loads(event["data"]) == {
        "status": "accepted",
        "funding": "state",
        "payer": "state",
        "entitlement": "civil_year:2026",
        "module_code": "numerique-responsable",
        "session_starts_on": "2026-09-08",
        "reasons": [],
    }


async def test_a_refused_registration_is_told_with_its_reasons(database: Database, postbox: Postbox) -> None:
    await registered(database, await an_adviser(database))

    (event,) = await postbox.emptied()

    assert event["type"] == "registration.refused"
    assert orjson.loads(event["data"])["reasons"] == ["not_in_post"]


async def test_a_registration_over_quota_is_told_once(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database)
    await registered(database, adviser)
    await postbox.emptied()

    await registered(database, adviser, NEXT_DAY)

    assert await postbox.types() == ["registration.over_quota"]


async def test_the_advisers_choice_is_told(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database)
    _, kept, declined = [await registered(database, adviser, FIRST_DAY + timedelta(number)) for number in range(3)]
    await postbox.emptied()

    await keep(database, id_of(kept), Payer.EMPLOYER, asking(), Chooser.ADVISER)
    await decline(database, id_of(declined), asking(), Chooser.ADVISER)

    assert await postbox.types() == ["registration.kept_unfunded", "registration.cancelled"]


async def test_a_cancellation_and_the_promotion_it_brings_are_both_told(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database)
    first, second = [await registered(database, adviser, starts_on) for starts_on in (FIRST_DAY, NEXT_DAY)]
    await postbox.emptied()

    await cancel(database, id_of(first), None, None, asking())

    told = {(row["type"], row["subject_id"], row["subject_version"]) for row in await postbox.emptied()}
    assert told == {("registration.cancelled", id_of(first), 2), ("registration.funded", id_of(second), 2)}


async def test_a_file_put_right_is_told_to_the_adviser_alone_then_the_notice_and_its_outcome_to_all(
    database: Database, postbox: Postbox
) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, ds_file_number=None)
    refused = await registered(database, adviser)
    await postbox.emptied()

    await change_contract(database, contract, adviser)
    (regularisable,) = await postbox.emptied()
    await reexamine(database, id_of(refused), asking(), employer_agreement=False)
    noticed = await postbox.emptied()

    assert (regularisable["type"], regularisable["training_organisation_id"]) == ("registration.regularisable", None)
    assert [row["type"] for row in noticed] == ["registration.regularisation_notified", "registration.accepted"]
    assert {row["training_organisation_id"] for row in noticed} == {LA_MEDNUM}


async def test_a_notice_refused_again_is_told_with_its_outcome(database: Database, postbox: Postbox) -> None:
    refused = await registered(database, await an_adviser(database))
    await postbox.emptied()

    await reexamine(database, id_of(refused), asking(), employer_agreement=False)

    assert await postbox.types() == ["registration.regularisation_notified", "registration.refused"]


async def test_a_moved_session_is_told_and_its_outcome_when_it_changes(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database)
    registration = id_of(await registered(database, adviser))
    await postbox.emptied()

    await reschedule(database, registration, lambda _, venue: (a_session(NEXT_DAY), venue), ANYTHING, asking())
    moved = await postbox.types()
    await reschedule(database, registration, lambda _, venue: (a_session(day("2027-09-07")), venue), ANYTHING, asking())

    assert moved == ["registration.rescheduled"]
    assert await postbox.types() == ["registration.rescheduled", "registration.accepted"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Attendance.COMPLETED, "registration.completed"),
        (Attendance.ABSENT_JUSTIFIED, "registration.absence_recorded"),
        (Attendance.ABSENT_UNJUSTIFIED, "registration.absence_recorded"),
    ],
)
async def test_attendance_is_told(database: Database, postbox: Postbox, outcome: Attendance, told: str) -> None:
    registration = await registered(database, await an_adviser_in_post(database), PAST_DAY)
    await postbox.emptied()

    await attend(database, id_of(registration), outcome, None, asking())

    assert await postbox.types() == [told]


async def test_a_positioning_test_is_told(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    registration = await registered(database, adviser, module=INITIAL)
    await postbox.emptied()

    await position(database, id_of(registration), day("2026-06-01"), 175, asking())

    (event,) = await postbox.emptied()
    assert (event["type"], event["training_organisation_id"]) == ("registration.path_determined", LA_FABRIK)


async def test_a_certification_is_told_and_the_registration_it_makes_regularisable(
    database: Database, postbox: Postbox
) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    await registered(database, adviser)
    await postbox.emptied()

    result = Result(adviser, "catic", CertificationOutcome.OBTAINED, day("2020-06-30"), None, None)
    await certify(database, result, asking())

    assert sorted(await postbox.types()) == ["certification.recorded", "registration.regularisable"]


async def test_a_carry_over_is_told_and_the_promotion_it_brings(database: Database, postbox: Postbox) -> None:
    adviser = await an_adviser_in_post(database)
    await registered(database, adviser, day("2027-03-02"))
    waiting = await registered(database, adviser, day("2027-03-09"))
    await postbox.emptied()

    await carry_over(database, adviser, Report("civil_year:2026", 1, "maladie", None), asking())

    first, second = await postbox.emptied()
    assert (first["type"], first["subject_type"], first["subject_id"]) == (
        "entitlement.carried_over",
        "adviser",
        adviser,
    )
    assert first["training_organisation_id"] is None
    assert (second["type"], second["subject_id"]) == ("registration.funded", id_of(waiting))
    assert (await standing(database, waiting))["unit"] == "carry_over:civil_year:2026#1"


async def test_a_decision_taken_again_is_told_when_it_changes_something_only(
    database: Database, postbox: Postbox
) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    await registered(database, adviser)
    await postbox.emptied()

    await change_contract(database, contract, adviser, employer_name="Ville renommée")
    renamed = await postbox.types()
    await change_contract(database, contract, adviser, terminated_on=day("2026-06-30"))

    assert renamed == []
    assert await postbox.types() == ["registration.refused"]


async def test_a_preview_tells_nobody(database: Database, postbox: Postbox) -> None:
    await preview(database, a_demand(await an_adviser_in_post(database)), asking())

    assert await postbox.types() == []


async def test_no_event_carries_a_name_or_an_address(database: Database, postbox: Postbox) -> None:
    play = await a_play(database, advisers=2)
    for _ in range(100):
        await play.look()
        try:
            await play.action()
        except Conflict:
            continue

    events = await postbox.emptied()

    assert len(events) > 30
    for event in events:
        data: dict[str, Any] = orjson.loads(event["data"])
        if event["subject_type"] == "registration":
            assert SHOWN_OF_A_REGISTRATION <= data.keys() <= SHOWN_OF_A_REGISTRATION | SHOWN_OF_A_DEED
        assert not any(word in event["data"].lower() for word in ("camille", "exemple", "example.org", "@"))


async def test_the_work_its_decision_its_event_and_its_answer_are_of_one_transaction(database: Database) -> None:
    await registered(database, await an_adviser_in_post(database), asked=asking(key=a_key()))

    rows = await database.many("""SELECT xmin::text FROM registration UNION ALL SELECT xmin::text FROM decision
        UNION ALL SELECT xmin::text FROM outbox UNION ALL SELECT xmin::text FROM idempotency""")

    assert len(rows) == 4
    assert len({row["xmin"] for row in rows}) == 1


async def everything_written(database: Database) -> int:
    row = await database.one("""SELECT (SELECT count(*) FROM registration) + (SELECT count(*) FROM decision)
        + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM idempotency) AS written""")
    assert row is not None
    return int(row["written"])


async def test_an_answer_that_cannot_be_worded_leaves_nothing(database: Database) -> None:
    adviser = await an_adviser_in_post(database)

    def speechless(_: Row) -> Answer:
        raise LookupError("no words")

    with pytest.raises(LookupError):
        await registered(database, adviser, asked=asking(key=a_key(), worded=speechless))

    assert await everything_written(database) == 0


async def test_a_commit_that_fails_leaves_nothing_and_the_connection_usable(
    database: Database, owner: Database
) -> None:
    adviser = await an_adviser_in_post(database)
    await owner.one("""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'at the commit'; END $$""")
    await owner.one("""CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()""")

    with pytest.raises(Raised, match="at the commit"):
        await registered(database, adviser, asked=asking(key=a_key()))

    assert await everything_written(database) == 0
    await owner.one("DROP TRIGGER fail ON outbox")
    assert (await registered(database, adviser))["status"] == "accepted"


async def test_a_failure_after_the_file_was_written_undoes_the_file_too(database: Database, owner: Database) -> None:
    adviser, contract = await an_adviser(database), UUID(int=9)
    await registered(database, adviser)
    await owner.one("ALTER TABLE outbox ADD CONSTRAINT refused CHECK (type <> 'registration.regularisable')")
    before = await everything_written(database)

    with pytest.raises(CheckViolation):
        await change_contract(database, contract, adviser)

    assert await database.many("SELECT id FROM contract") == []
    assert await everything_written(database) == before
