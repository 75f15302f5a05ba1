"""Whoever is concerned is told by rows written with the work: one for each event of section 9, and none without it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.domain.errors import Conflict
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Attendance, Chooser, Payer
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.seed.published_catalogue import LA_FABRIK, LA_MEDNUM
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import preview
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.persistence.postgres_errors import CheckViolation, RaiseError
from tests.use_cases.random_actions import random_actions
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    PAST_DAY,
    a_contract,
    a_new_registration,
    a_request_context,
    a_session,
    an_adviser,
    an_adviser_in_post,
    an_idempotency_key,
    change_contract,
    day,
    id_of,
    register_in,
    stored_registration,
)

NEXT_DAY = FIRST_DAY + timedelta(1)
FIELDS_OF_AN_ACTION = {
    "chosen_by", "taken_on", "hours", "recorded_after_the_fact", "former_status", "absences", "waived",
}  # fmt: skip
FIELDS_OF_A_REGISTRATION = {
    "status", "funding", "payer", "entitlement", "module_code", "session_starts_on", "reasons",
}  # fmt: skip


class NewEvents:
    """What was told since it was last emptied."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_to = 0

    async def take_all(self) -> list[Row]:
        rows = await self._database.many("SELECT * FROM outbox WHERE id > $1 ORDER BY id", self._read_to)
        self._read_to = max((row["id"] for row in rows), default=self._read_to)
        return rows

    async def types(self) -> list[str]:
        return [row["type"] for row in await self.take_all()]


@pytest.fixture
def new_events(database: Database) -> NewEvents:
    return NewEvents(database)


async def test_an_accepted_registration_is_told_once(database: Database, new_events: NewEvents) -> None:
    adviser = await an_adviser_in_post(database)

    registration = await register_in(database, adviser)

    (event,) = await new_events.take_all()
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


async def test_a_refused_registration_is_told_with_its_reasons(database: Database, new_events: NewEvents) -> None:
    await register_in(database, await an_adviser(database))

    (event,) = await new_events.take_all()

    assert event["type"] == "registration.refused"
    assert orjson.loads(event["data"])["reasons"] == ["not_in_post"]


async def test_a_registration_over_quota_is_told_once(database: Database, new_events: NewEvents) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    await new_events.take_all()

    await register_in(database, adviser, NEXT_DAY)

    assert await new_events.types() == ["registration.over_quota"]


async def test_the_advisers_choice_is_told(database: Database, new_events: NewEvents) -> None:
    adviser = await an_adviser_in_post(database)
    _, kept, declined = [await register_in(database, adviser, FIRST_DAY + timedelta(number)) for number in range(3)]
    await new_events.take_all()

    await keep_unfunded(database, id_of(kept), Payer.EMPLOYER, a_request_context(), Chooser.ADVISER)
    await decline_over_quota(database, id_of(declined), a_request_context(), Chooser.ADVISER)

    assert await new_events.types() == ["registration.kept_unfunded", "registration.cancelled"]


async def test_a_cancellation_and_the_promotion_it_brings_are_both_told(
    database: Database, new_events: NewEvents
) -> None:
    adviser = await an_adviser_in_post(database)
    first, second = [await register_in(database, adviser, starts_on) for starts_on in (FIRST_DAY, NEXT_DAY)]
    await new_events.take_all()

    await cancel(database, id_of(first), Cancellation(), a_request_context())

    told = {(row["type"], row["subject_id"], row["subject_version"]) for row in await new_events.take_all()}
    assert told == {("registration.cancelled", id_of(first), 2), ("registration.funded", id_of(second), 2)}


async def test_a_file_put_right_is_told_to_the_adviser_alone_then_the_notice_and_its_outcome_to_all(
    database: Database, new_events: NewEvents
) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser, ds_file_number=None)
    refused = await register_in(database, adviser)
    await new_events.take_all()

    await change_contract(database, contract, adviser)
    (regularisable,) = await new_events.take_all()
    await reexamine(database, id_of(refused), AdviserNotice(), a_request_context())
    noticed = await new_events.take_all()

    assert (regularisable["type"], regularisable["training_organisation_id"]) == ("registration.regularisable", None)
    assert [row["type"] for row in noticed] == ["registration.regularisation_notified", "registration.accepted"]
    assert {row["training_organisation_id"] for row in noticed} == {LA_MEDNUM}


async def test_a_notice_refused_again_is_told_with_its_outcome(database: Database, new_events: NewEvents) -> None:
    refused = await register_in(database, await an_adviser(database))
    await new_events.take_all()

    await reexamine(database, id_of(refused), AdviserNotice(), a_request_context())

    assert await new_events.types() == ["registration.regularisation_notified", "registration.refused"]


async def test_a_moved_session_is_told_and_its_outcome_when_it_changes(
    database: Database, new_events: NewEvents
) -> None:
    adviser = await an_adviser_in_post(database)
    registration = id_of(await register_in(database, adviser))
    await new_events.take_all()

    await reschedule(
        database,
        registration,
        lambda _, venue: (a_session(NEXT_DAY), venue),
        ANY_VERSION,
        a_request_context(),
        regularisation=False,
    )
    moved = await new_events.types()
    await reschedule(
        database,
        registration,
        lambda _, venue: (a_session(day("2027-09-07")), venue),
        ANY_VERSION,
        a_request_context(),
        regularisation=False,
    )

    assert moved == ["registration.rescheduled"]
    assert await new_events.types() == ["registration.rescheduled", "registration.accepted"]


@pytest.mark.parametrize(
    ("outcome", "motive", "told"),
    [
        (Attendance.COMPLETED, None, "registration.completed"),
        (Attendance.ABSENT_JUSTIFIED, "force_majeure", "registration.absence_recorded"),
        (Attendance.ABSENT_UNJUSTIFIED, None, "registration.absence_recorded"),
    ],
)
async def test_attendance_is_told(
    database: Database, new_events: NewEvents, outcome: Attendance, motive: str | None, told: str
) -> None:
    registration = await register_in(database, await an_adviser_in_post(database), PAST_DAY)
    await new_events.take_all()

    await mark_attendance(database, id_of(registration), AttendanceReport(outcome, motive), a_request_context())

    assert await new_events.types() == [told]


async def test_a_positioning_test_is_told(database: Database, new_events: NewEvents) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    registration = await register_in(database, adviser, module=INITIAL)
    await new_events.take_all()

    await record_positioning(database, id_of(registration), day("2026-06-01"), 175, a_request_context())

    (event,) = await new_events.take_all()
    assert (event["type"], event["training_organisation_id"]) == ("registration.path_determined", LA_FABRIK)


async def test_a_certification_is_told_and_the_registration_it_makes_regularisable(
    database: Database, new_events: NewEvents
) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    await register_in(database, adviser)
    await new_events.take_all()

    result = ExamResult(adviser, "catic", CertificationOutcome.OBTAINED, day("2020-06-30"), None, None)
    await record_result(database, result, a_request_context())

    assert sorted(await new_events.types()) == ["certification.recorded", "registration.regularisable"]


async def test_a_carry_over_is_told_and_the_promotion_it_brings(database: Database, new_events: NewEvents) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser, day("2027-03-02"))
    waiting = await register_in(database, adviser, day("2027-03-09"))
    await new_events.take_all()

    await grant_carry_over(
        database, adviser, CarryOverGrant("civil_year:2026", 1, "maladie", None), a_request_context()
    )

    first, second = await new_events.take_all()
    assert (first["type"], first["subject_type"], first["subject_id"]) == (
        "entitlement.carried_over",
        "adviser",
        adviser,
    )
    assert first["training_organisation_id"] is None
    assert (second["type"], second["subject_id"]) == ("registration.funded", id_of(waiting))
    assert (await stored_registration(database, waiting))["unit"] == "carry_over:civil_year:2026#1"


async def test_a_decision_taken_again_is_told_when_it_changes_something_only(
    database: Database, new_events: NewEvents
) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    await register_in(database, adviser)
    await new_events.take_all()

    await change_contract(database, contract, adviser, employer_name="Ville renommée")
    renamed = await new_events.types()
    await change_contract(database, contract, adviser, terminated_on=day("2026-06-30"))

    assert renamed == []
    assert await new_events.types() == ["registration.refused"]


async def test_a_preview_tells_nobody(database: Database, new_events: NewEvents) -> None:
    await preview(database, a_new_registration(await an_adviser_in_post(database)), a_request_context())

    assert await new_events.types() == []


async def test_no_event_carries_a_name_or_an_address(database: Database, new_events: NewEvents) -> None:
    play = await random_actions(database, advisers=2)
    for _ in range(100):
        await play.refresh()
        try:
            await play.action()
        except Conflict:
            continue

    events = await new_events.take_all()

    assert len(events) > 30
    for event in events:
        data: dict[str, Any] = orjson.loads(event["data"])
        if event["subject_type"] == "registration":
            assert FIELDS_OF_A_REGISTRATION <= data.keys() <= FIELDS_OF_A_REGISTRATION | FIELDS_OF_AN_ACTION
        assert not any(word in event["data"].lower() for word in ("camille", "exemple", "example.org", "@"))


async def test_the_work_its_decision_its_event_and_its_answer_are_of_one_transaction(database: Database) -> None:
    await register_in(database, await an_adviser_in_post(database), context=a_request_context(key=an_idempotency_key()))

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

    def speechless(_: Row) -> ReplayableResponse:
        raise LookupError("no words")

    with pytest.raises(LookupError):
        await register_in(database, adviser, context=a_request_context(key=an_idempotency_key(), render=speechless))

    assert await everything_written(database) == 0


async def test_a_commit_that_fails_leaves_nothing_and_the_connection_usable(
    database: Database, owner: Database
) -> None:
    adviser = await an_adviser_in_post(database)
    await owner.one("""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'at the commit'; END $$""")
    await owner.one("""CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION fail()""")

    with pytest.raises(RaiseError, match="at the commit"):
        await register_in(database, adviser, context=a_request_context(key=an_idempotency_key()))

    assert await everything_written(database) == 0
    await owner.one("DROP TRIGGER fail ON outbox")
    assert (await register_in(database, adviser))["status"] == "accepted"


async def test_a_failure_after_the_file_was_written_undoes_the_file_too(database: Database, owner: Database) -> None:
    adviser, contract = await an_adviser(database), UUID(int=9)
    await register_in(database, adviser)
    await owner.one("ALTER TABLE outbox ADD CONSTRAINT refused CHECK (type <> 'registration.regularisable')")
    before = await everything_written(database)

    with pytest.raises(CheckViolation):
        await change_contract(database, contract, adviser)

    assert await database.many("SELECT id FROM contract") == []
    assert await everything_written(database) == before
