from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.domain.errors import (
    DuplicateRegistration,
    InvalidTransition,
    NothingToCarryOver,
    SessionNotStarted,
    SessionStarted,
)
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Attendance, Chooser, Payer
from app.domain.statement_errors import HoursNotOffered, MotiveNotValid, NotInitialTraining, PayerNotOffered
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.registrations.registrations import list_decisions
from app.seed.published_catalogue import LA_FABRIK
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.errors import PreconditionFailed, PreconditionRequired, UnknownReference
from app.use_cases.preconditions import ANY_VERSION, Precondition
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import NewRegistration, preview, register
from app.use_cases.registrations.reschedule_registration import reschedule
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    MEDNUM,
    NO_PRECONDITION,
    PAST_DAY,
    a_contract,
    a_new_registration,
    a_request_context,
    a_session,
    an_adviser,
    an_adviser_in_post,
    day,
    id_of,
    register_in,
    response_content,
    stored_registration,
)

COMPLETED = AttendanceReport(Attendance.COMPLETED)
JUSTIFIED = AttendanceReport(Attendance.ABSENT_JUSTIFIED, "medical_certificate")
ON_THE_FIRST_DAY = datetime(2026, 9, 8, 8, 30, tzinfo=UTC)


async def test_what_a_registration_names_must_exist_and_every_place_is_said_at_once(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    command = NewRegistration(
        adviser,
        a_new_registration(adviser, module="x").module_code,
        uuid4(),
        a_session(),
        None,
        False,  # noqa: FBT003  # the employer's agreement
    )

    with pytest.raises(UnknownReference) as both:
        await register(database, command, a_request_context())
    with pytest.raises(UnknownReference) as nobody:
        await register(database, a_new_registration(uuid4()), a_request_context())

    assert both.value.pointers == ("/module_code", "/training_organisation_id")
    assert nobody.value.pointers == ("/adviser_id",)


async def test_a_duplicate_names_the_first_and_stores_nothing(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    first = await register_in(database, adviser)

    with pytest.raises(DuplicateRegistration) as duplicate:
        await register_in(database, adviser)

    assert duplicate.value.first == id_of(first)
    assert len(await database.many("SELECT id FROM registration")) == 1


async def test_a_preview_decides_as_the_registration_would_and_stores_nothing(database: Database) -> None:
    adviser = await an_adviser_in_post(database)

    recorded = await preview(database, a_new_registration(adviser), a_request_context())
    registration = await register_in(database, adviser)

    assert (recorded.decision.outcome, recorded.decision.unit) == (registration["outcome"], registration["unit"])
    assert len(await database.many("SELECT id FROM decision")) == 1


async def test_the_answer_told_is_what_is_stored(database: Database) -> None:
    adviser = await an_adviser_in_post(database)

    registration = await register_in(database, adviser)

    row = await stored_registration(database, registration)
    shown = {name: str(registration[name]) for name in ("status", "funding", "payer", "unit", "version")}
    assert shown == {name: str(row[name]) for name in shown}
    (decision,) = await list_decisions(database, row["id"])
    assert decision["id"] == row["decision_id"]
    assert (decision["decided_at"], decision["decided_by"]) == (MORNING, a_request_context().client.id)


async def test_another_organisation_finds_no_such_registration(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    theirs = id_of(await register_in(database, adviser, module=INITIAL))

    with pytest.raises(NotFound):
        await cancel(database, theirs, Cancellation(), a_request_context(client=MEDNUM))

    row = await database.one("SELECT status, training_organisation_id FROM registration WHERE id = $1", theirs)
    assert row is not None
    assert (row["status"], row["training_organisation_id"]) == ("accepted", LA_FABRIK)


async def test_a_registration_that_does_not_exist_is_missing(database: Database) -> None:
    with pytest.raises(NotFound):
        await cancel(database, uuid4(), Cancellation(), a_request_context())


async def test_a_kept_registration_has_its_payer_and_no_unit(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    waiting = await register_in(database, adviser, FIRST_DAY + timedelta(1))

    with pytest.raises(PayerNotOffered):
        await keep_unfunded(database, id_of(waiting), Payer.OPCO, a_request_context(), Chooser.ADVISER)
    kept = response_content(
        await keep_unfunded(database, id_of(waiting), Payer.SELF, a_request_context(), Chooser.ADVISER)
    )

    assert (kept["status"], kept["funding"], kept["payer"], kept["unit"]) == ("accepted", "none", "self", None)
    assert (kept["version"], kept["offered_payers"]) == (2, [])


async def test_a_choice_is_made_once(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    waiting = id_of(await register_in(database, adviser, FIRST_DAY + timedelta(1)))
    await decline_over_quota(database, waiting, a_request_context(), Chooser.ADVISER)

    with pytest.raises(InvalidTransition):
        await keep_unfunded(database, waiting, Payer.SELF, a_request_context(), Chooser.ADVISER)
    with pytest.raises(InvalidTransition):
        await decline_over_quota(database, waiting, a_request_context(), Chooser.ADVISER)


async def test_a_declined_registration_says_when(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    waiting = await register_in(database, adviser, FIRST_DAY + timedelta(1))

    await decline_over_quota(database, id_of(waiting), a_request_context(now=MORNING.replace(hour=23)), Chooser.ADVISER)

    assert (await stored_registration(database, waiting))["cancelled_on"] == day("2026-06-16")


async def test_a_cancellation_promotes_the_oldest_that_waits(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    first = await register_in(database, adviser)
    late = await register_in(
        database, adviser, FIRST_DAY + timedelta(1), context=a_request_context(now=MORNING + timedelta(hours=2))
    )
    early = await register_in(
        database, adviser, FIRST_DAY + timedelta(2), context=a_request_context(now=MORNING + timedelta(hours=1))
    )

    await cancel(database, id_of(first), Cancellation(motive="empêchement"), a_request_context())

    cancelled = await stored_registration(database, first)
    assert (cancelled["status"], cancelled["motive"], cancelled["unit"]) == ("cancelled", "empêchement", None)
    assert (await stored_registration(database, early))["unit"] == "civil_year:2026#1"
    assert (await stored_registration(database, late))["status"] == "awaiting_choice"


async def test_a_registration_is_cancelled_before_its_first_day_only(database: Database) -> None:
    registration = id_of(await register_in(database, await an_adviser_in_post(database)))

    with pytest.raises(SessionStarted):
        await cancel(database, registration, Cancellation(on=FIRST_DAY), a_request_context(now=ON_THE_FIRST_DAY))
    await cancel(
        database,
        registration,
        Cancellation(on=FIRST_DAY - timedelta(1)),
        a_request_context(now=ON_THE_FIRST_DAY - timedelta(1)),
    )


async def test_attendance_waits_for_the_first_day(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    registration = id_of(await register_in(database, adviser, day("2026-06-16")))

    with pytest.raises(SessionNotStarted):
        await mark_attendance(database, registration, COMPLETED, a_request_context(now=MORNING))
    midnight_in_paris = MORNING.replace(hour=22, minute=0)
    attended = response_content(
        await mark_attendance(database, registration, COMPLETED, a_request_context(now=midnight_in_paris))
    )

    assert (attended["status"], attended["unit"]) == ("completed", "civil_year:2026#1")


@pytest.mark.parametrize(
    ("outcome", "unit", "waiting"),
    [
        (Attendance.ABSENT_JUSTIFIED, None, "accepted"),
        (Attendance.ABSENT_UNJUSTIFIED, "civil_year:2026#1", "awaiting_choice"),
    ],
)
async def test_a_justified_absence_alone_gives_the_unit_back(
    database: Database, outcome: Attendance, unit: str | None, waiting: str
) -> None:
    adviser = await an_adviser_in_post(database)
    absent, other = await register_in(database, adviser, PAST_DAY), await register_in(database, adviser)

    await mark_attendance(
        database, id_of(absent), AttendanceReport(outcome, "medical_certificate"), a_request_context()
    )

    row = await stored_registration(database, absent)
    assert (row["status"], row["unit"], row["motive"]) == (outcome, unit, "medical_certificate")
    assert (await stored_registration(database, other))["status"] == waiting


async def test_a_missed_initial_training_has_the_modules_that_rested_on_it_decided_again(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    initial = await register_in(database, adviser, PAST_DAY, INITIAL)
    module = await register_in(database, adviser)
    assert (await stored_registration(database, module))["unit"] == "first_year#1"

    await mark_attendance(database, id_of(initial), JUSTIFIED, a_request_context())

    assert (await stored_registration(database, module))["status"] == "refused"


async def test_a_moved_session_takes_the_unit_of_its_new_year_and_frees_the_other(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    moved, waiting = (
        await register_in(database, adviser),
        await register_in(database, adviser, FIRST_DAY + timedelta(1)),
    )

    moving = a_session(day("2027-02-02"))
    await reschedule(
        database,
        id_of(moved),
        lambda _, venue: (moving, venue),
        Precondition(frozenset({1})),
        a_request_context(),
        regularisation=False,
    )

    assert (await stored_registration(database, moved))["unit"] == "civil_year:2027#1"
    assert (await stored_registration(database, waiting))["unit"] == "civil_year:2026#1"


async def test_a_session_is_moved_by_whoever_knows_the_version_before_it_starts(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    registration = id_of(await register_in(database, adviser))
    begun = id_of(await register_in(database, adviser, PAST_DAY, "cafe-ia"))

    with pytest.raises(PreconditionRequired):
        await reschedule(
            database,
            registration,
            lambda _, venue: (a_session(), venue),
            NO_PRECONDITION,
            a_request_context(),
            regularisation=False,
        )
    with pytest.raises(PreconditionFailed):
        await reschedule(
            database,
            registration,
            lambda _, venue: (a_session(), venue),
            Precondition(frozenset({9})),
            a_request_context(),
            regularisation=False,
        )
    with pytest.raises(SessionStarted):
        await reschedule(
            database,
            begun,
            lambda _, venue: (a_session(), venue),
            ANY_VERSION,
            a_request_context(),
            regularisation=False,
        )


async def test_a_notice_may_be_refused_again_and_is_for_refused_registrations_only(database: Database) -> None:
    adviser = await an_adviser(database)
    refused = id_of(await register_in(database, adviser))
    accepted = id_of(await register_in(database, await an_adviser_in_post(database)))

    again = response_content(await reexamine(database, refused, AdviserNotice(), a_request_context()))
    with pytest.raises(InvalidTransition):
        await reexamine(database, accepted, AdviserNotice(), a_request_context())

    assert (again["status"], again["version"]) == ("refused", 2)


async def test_a_notice_does_not_make_a_second_active_registration(database: Database) -> None:
    adviser = await an_adviser(database)
    refused = await register_in(database, adviser)
    await a_contract(database, adviser)
    accepted = await register_in(database, adviser)

    with pytest.raises(DuplicateRegistration) as duplicate:
        await reexamine(database, id_of(refused), AdviserNotice(), a_request_context())

    assert duplicate.value.first == id_of(accepted)
    assert (await stored_registration(database, refused))["version"] == 1


async def test_the_positioning_test_is_of_an_initial_training_and_of_a_path_of_its_date(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    initial = id_of(await register_in(database, adviser, module=INITIAL))
    module = id_of(await register_in(database, adviser, FIRST_DAY + timedelta(1)))

    with pytest.raises(NotInitialTraining):
        await record_positioning(database, module, day("2026-06-01"), 175, a_request_context())
    with pytest.raises(HoursNotOffered) as refused:
        await record_positioning(database, initial, day("2026-06-01"), 70, a_request_context())
    positioned = response_content(
        await record_positioning(database, initial, day("2025-06-01"), 70, a_request_context())
    )

    assert refused.value.offered == (175,)
    assert (positioned["positioning_hours"], positioned["version"]) == (70, 2)


async def test_what_no_rule_reads_is_kept_by_the_actions_that_follow(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    initial = await register_in(database, adviser, PAST_DAY, INITIAL)
    await record_positioning(database, id_of(initial), day("2026-05-01"), 175, a_request_context())

    await mark_attendance(database, id_of(initial), COMPLETED, a_request_context())

    row = await stored_registration(database, initial)
    assert (row["positioning_hours"], row["positioning_taken_on"]) == (175, day("2026-05-01"))
    assert (row["status"], row["version"]) == ("completed", 3)


async def test_attempts_are_counted_and_say_who_pays_the_next(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    answers = [
        response_content(
            await record_result(
                database, ExamResult(adviser, "pix", outcome, day(on), motive, None), a_request_context()
            )
        )
        for outcome, on, motive in (
            (CertificationOutcome.ABSENT_JUSTIFIED, "2026-03-02", "force_majeure"),
            (CertificationOutcome.FAILED, "2026-04-02", None),
            (CertificationOutcome.OBTAINED, "2026-05-04", None),
        )
    ]

    assert [answer["attempt"] for answer in answers] == [1, 1, 2]
    assert [answer["next_attempt_payer"] for answer in answers] == ["state", "employer", None]


async def test_a_certification_names_what_exists_and_a_motive_of_its_date(database: Database) -> None:
    adviser, on = await an_adviser_in_post(database), day("2026-05-04")
    obtained, justified = CertificationOutcome.OBTAINED, CertificationOutcome.ABSENT_JUSTIFIED

    for result, pointer in (
        (ExamResult(uuid4(), "pix", obtained, on, None, None), "/adviser_id"),
        (ExamResult(adviser, "x", obtained, on, None, None), "/qualification"),
        (ExamResult(adviser, "pix", obtained, on, None, uuid4()), "/training_organisation_id"),
    ):
        with pytest.raises(UnknownReference) as unknown:
            await record_result(database, result, a_request_context())
        assert unknown.value.pointers == (pointer,)
    with pytest.raises(MotiveNotValid):
        await record_result(
            database, ExamResult(adviser, "pix", justified, on, "covid_positive_test", None), a_request_context()
        )
    with pytest.raises(MotiveNotValid):
        await record_result(
            database, ExamResult(adviser, "pix", obtained, on, "force_majeure", None), a_request_context()
        )
    assert await database.many("SELECT id FROM certification") == []


async def test_no_more_is_carried_over_than_the_bucket_has_left(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)

    for bucket in ("civil_year:2026", "carry_over:civil_year:2025", "supplementary:cafe-ia", "unheard-of"):
        with pytest.raises(NothingToCarryOver):
            await grant_carry_over(database, adviser, CarryOverGrant(bucket, 1, "maladie", None), a_request_context())
    carried = response_content(
        await grant_carry_over(
            database, adviser, CarryOverGrant("civil_year:2025", 1, "maladie", None), a_request_context()
        )
    )
    with pytest.raises(NothingToCarryOver):
        await grant_carry_over(
            database, adviser, CarryOverGrant("civil_year:2025", 1, "maladie", None), a_request_context()
        )

    assert (carried["units"], carried["decided_on"]) == (1, "2026-06-15")
