"""The same key and request get the same answer, byte for byte; a failure leaves nothing, and the key free."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.decisions.refusals import Reason
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Attendance, Chooser, Funding, Payer
from app.persistence.administration.stored_responses import delete_expired_responses
from app.persistence.engine.database import Database
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.engine.transactions.idempotency import (
    AlreadyCompleted,
    ConflictStored,
    IdempotencyKeyReused,
    ReplayableResponse,
)
from app.persistence.engine.transactions.transaction_errors import CommitLost, RequestInFlight
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, grant_carry_over
from app.use_cases.advisers.upsert_adviser import add_adviser
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.errors import UnknownReference
from app.use_cases.preconditions import ANY_VERSION
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.choose_over_quota import decline_over_quota, keep_unfunded
from app.use_cases.registrations.derogate_registration import Derogation, derogate
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.record_positioning_test import record_positioning
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.registrations.register_adviser import register
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.request_context import RequestContext
from app.use_cases.upsert_contract import upsert_contract
from tests.fake_clock import MORNING
from tests.persistence.interleaved_transactions import Gate, Pause, PausingDatabase
from tests.use_cases.registrations.batch_builders import EITHER_WAY, Register, register_in_a_batch
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    MEDNUM,
    PAST_DAY,
    PLATFORM,
    a_new_registration,
    a_request_context,
    a_session,
    adviser_columns,
    an_adviser_in_post,
    an_idempotency_key,
    contract_columns,
    day,
    id_of,
    register_in,
    stored_registration,
)

Action = Callable[[RequestContext], Awaitable[Any]]
WRITTEN = ("registration", "decision", "outbox", "idempotency")
KEPT_BESIDE = ("attendance_record", "derogation")


async def counts(database: Database) -> dict[str, int]:
    """How many rows each table that an action writes has."""
    listed = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in WRITTEN)  # noqa: S608  # our own table names
    row = await database.one(f"SELECT {listed}")  # our own table names
    assert row is not None
    return dict(row)


async def kept_beside(database: Database) -> list[int]:
    """How many rows the tables have that single actions write first."""
    return [len(await database.many(f"SELECT FROM {table}")) for table in KEPT_BESIDE]  # our own names


async def a_registering(database: Database, adviser: UUID) -> Action:
    return lambda asked: register(database, a_new_registration(adviser), asked)


async def a_registering_in_a_batch(database: Database, adviser: UUID) -> Action:
    return lambda asked: register_in_a_batch(database, a_new_registration(adviser), asked)


async def a_cancelling(database: Database, adviser: UUID) -> Action:
    registration = id_of(await register_in(database, adviser))
    return lambda asked: cancel(database, registration, Cancellation(motive="empêchement"), asked)


async def an_attending(database: Database, adviser: UUID) -> Action:
    registration = id_of(await register_in(database, adviser, PAST_DAY))
    return lambda asked: mark_attendance(database, registration, AttendanceReport(Attendance.COMPLETED), asked)


async def a_correcting(database: Database, adviser: UUID) -> Action:
    registration = id_of(await register_in(database, adviser, PAST_DAY))
    await mark_attendance(database, registration, AttendanceReport(Attendance.COMPLETED), a_request_context())
    justified = AttendanceReport(Attendance.ABSENT_JUSTIFIED, "force_majeure", "inondation")
    return lambda asked: mark_attendance(database, registration, justified, asked)


async def an_attending_again(database: Database, adviser: UUID) -> Action:
    """Of what is so already."""
    registration = id_of(await register_in(database, adviser, PAST_DAY))
    await mark_attendance(database, registration, AttendanceReport(Attendance.COMPLETED), a_request_context())
    return lambda asked: mark_attendance(database, registration, AttendanceReport(Attendance.COMPLETED), asked)


async def a_derogating(database: Database, adviser: UUID) -> Action:
    registration = id_of(await register_in(database, adviser, module="aidants-connect"))
    derogation = Derogation((Reason.ACCREDITATION_MISSING,), Funding.STATE, None, "recours")
    return lambda asked: derogate(database, registration, derogation, asked)


async def a_keeping(database: Database, adviser: UUID) -> Action:
    await register_in(database, adviser)
    registration = id_of(await register_in(database, adviser, FIRST_DAY + timedelta(1)))
    return lambda asked: keep_unfunded(database, registration, Payer.EMPLOYER, asked, Chooser.ADVISER)


async def a_declining(database: Database, adviser: UUID) -> Action:
    await register_in(database, adviser)
    registration = id_of(await register_in(database, adviser, FIRST_DAY + timedelta(1)))
    return lambda asked: decline_over_quota(database, registration, asked, Chooser.ADVISER)


async def a_rescheduling(database: Database, adviser: UUID) -> Action:
    registration = id_of(await register_in(database, adviser))
    session = a_session(FIRST_DAY + timedelta(7))
    return lambda asked: reschedule(
        database, registration, lambda _, venue: (session, venue), ANY_VERSION, asked, regularisation=False
    )


async def a_reexamining(database: Database, adviser: UUID) -> Action:
    registration = id_of(await register_in(database, adviser, module="aidants-connect"))
    return lambda asked: reexamine(database, registration, AdviserNotice(), asked)


async def a_positioning(database: Database, _: UUID) -> Action:
    newcomer = await an_adviser_in_post(database, initial_training_entered_on=None)
    registration = id_of(await register_in(database, newcomer, module=INITIAL))
    return lambda asked: record_positioning(database, registration, day("2026-06-01"), 175, asked)


async def a_certifying(database: Database, adviser: UUID) -> Action:
    result = ExamResult(adviser, "pix", CertificationOutcome.OBTAINED, day("2026-05-04"), None, None)
    return lambda asked: record_result(database, result, asked)


async def a_carrying_over(database: Database, adviser: UUID) -> Action:
    report = CarryOverGrant("civil_year:2026", 1, "maladie", None)
    return lambda asked: grant_carry_over(database, adviser, report, asked)


async def an_adding_of_an_adviser(database: Database, _: UUID) -> Action:
    return lambda asked: add_adviser(database, adviser_columns(), asked)


async def a_keeping_of_a_contract(database: Database, adviser: UUID) -> Action:
    async def kept(asked: RequestContext) -> ReplayableResponse:
        row, _ = await upsert_contract(database, UUID(int=1), contract_columns(adviser), ANY_VERSION, asked)
        return asked.render(row)

    return kept


ACTIONS = (
    a_registering,
    a_registering_in_a_batch,
    a_cancelling,
    an_attending,
    a_correcting,
    an_attending_again,
    a_derogating,
    a_keeping,
    a_declining,
    a_rescheduling,
    a_reexamining,
    a_positioning,
    a_certifying,
    a_carrying_over,
    an_adding_of_an_adviser,
    a_keeping_of_a_contract,
)


@pytest.mark.parametrize("prepared", ACTIONS, ids=lambda action: action.__name__)
async def test_each_action_repeated_with_its_key_gets_the_same_bytes_and_does_nothing(
    database: Database, prepared: Callable[[Database, UUID], Awaitable[Action]]
) -> None:
    action, key = await prepared(database, await an_adviser_in_post(database)), an_idempotency_key()
    answer = await action(a_request_context(key=key))
    after, beside = await counts(database), await kept_beside(database)

    with pytest.raises(AlreadyCompleted) as again:
        await action(a_request_context(key=key, now=MORNING + timedelta(hours=1)))

    replay = again.value.response
    assert (replay.status, replay.body, replay.headers) == (answer.status, answer.body, answer.headers)
    assert replay.replayed
    assert not answer.replayed
    assert (await counts(database), await kept_beside(database)) == (after, beside)


async def test_a_decided_conflict_is_repeated_even_once_its_cause_is_gone(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    first = await register_in(database, adviser)
    with pytest.raises(ConflictStored) as once:
        await register_in(database, adviser, context=a_request_context(key=key))
    await cancel(database, id_of(first), Cancellation(), a_request_context())

    with pytest.raises(AlreadyCompleted) as again:
        await register_in(database, adviser, context=a_request_context(key=key))

    assert again.value.response.status == 409
    assert again.value.response.body == once.value.response.body == b"DuplicateRegistration"


async def test_an_unknown_reference_is_not_remembered(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    with pytest.raises(UnknownReference):
        await register_in(database, adviser, module="unheard-of", context=a_request_context(key=key))

    answer = await register_in(database, adviser, context=a_request_context(key=key))

    assert answer["status"] == "accepted"


async def test_a_key_used_for_another_request_is_refused(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    await register_in(database, adviser, context=a_request_context(key=key, request="one"))
    before = await counts(database)

    with pytest.raises(IdempotencyKeyReused):
        await register_in(
            database, adviser, FIRST_DAY + timedelta(1), context=a_request_context(key=key, request="another")
        )

    assert await counts(database) == before


async def test_the_key_of_one_client_does_not_answer_another(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    await register_in(database, adviser, context=a_request_context(client=PLATFORM, key=key))

    other = await register_in(
        database,
        adviser,
        FIRST_DAY + timedelta(1),
        context=a_request_context(client=MEDNUM, key=key, request="another"),
    )

    assert other["status"] == "awaiting_choice"


async def test_a_repetition_learns_at_once_that_the_first_is_under_way(database: Database) -> None:
    adviser, key, gate = await an_adviser_in_post(database), an_idempotency_key(), Gate()
    first = asyncio.create_task(
        register(PausingDatabase(database, gate.pause), a_new_registration(adviser), a_request_context(key=key))
    )
    await gate.wait_until_reached()

    with pytest.raises(RequestInFlight):
        await register_in(database, adviser, context=a_request_context(key=key))

    assert not first.done()
    gate.open()
    answer = await first
    with pytest.raises(AlreadyCompleted) as again:
        await register_in(database, adviser, context=a_request_context(key=key))
    assert again.value.response.body == answer.body


@pytest.mark.parametrize("way", EITHER_WAY, ids=lambda way: way.__name__)
async def test_the_same_request_twenty_times_at_once_registers_once(database: Database, way: Register) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    requested = a_new_registration(adviser)

    outcomes = await asyncio.gather(
        *(way(database, requested, a_request_context(key=key)) for _ in range(20)), return_exceptions=True
    )

    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds[ReplayableResponse] == 1
    assert kinds[ReplayableResponse] + kinds[RequestInFlight] + kinds[AlreadyCompleted] == 20
    assert await counts(database) == {"registration": 1, "decision": 1, "outbox": 1, "idempotency": 1}


def before_writing(database: Database, pause: Pause) -> Database:
    return PausingDatabase(database, before_writing=pause)


def before_the_commit(database: Database, pause: Pause) -> Database:
    return PausingDatabase(database, after_writing=pause)


@pytest.mark.parametrize(("stopped", "told"), [(before_writing, UNAVAILABLE_ERRORS), (before_the_commit, CommitLost)])
async def test_a_connection_cut_before_the_commit_leaves_nothing_and_the_retry_succeeds(
    database: Database,
    owner: Database,
    stopped: Callable[[Database, Pause], Database],
    told: type[Exception] | tuple[type[Exception], ...],
) -> None:
    adviser, key, gate = await an_adviser_in_post(database), an_idempotency_key(), Gate()
    first = asyncio.create_task(
        register(stopped(database, gate.pause), a_new_registration(adviser), a_request_context(key=key))
    )
    await gate.wait_until_reached()
    await owner.one("SELECT pg_terminate_backend($1, 5000)", gate.pid)
    gate.open()

    with pytest.raises(told):
        await first

    assert await counts(database) == dict.fromkeys(WRITTEN, 0)
    retried = await register_in(database, adviser, context=a_request_context(key=key))
    assert retried["status"] == "accepted"
    assert await counts(database) == dict.fromkeys(WRITTEN, 1)


async def test_an_answer_is_kept_for_seventy_two_hours_and_no_longer(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    registration = await register_in(database, adviser, context=a_request_context(key=key))
    promised = MORNING + timedelta(hours=72)

    assert await delete_expired_responses(database, promised) == 0
    with pytest.raises(AlreadyCompleted):
        await register_in(database, adviser, context=a_request_context(key=key))
    assert await delete_expired_responses(database, promised + timedelta(seconds=1)) == 1

    with pytest.raises(ConflictStored):
        await register_in(database, adviser, context=a_request_context(key=key))
    assert (await stored_registration(database, registration))["version"] == 1
