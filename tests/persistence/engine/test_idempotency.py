"""The same key and request get the same answer, byte for byte; a failure leaves nothing, and the key free."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration import Attendance, Chooser, Payer
from app.persistence.engine.database import AttemptInFlight, Database, NothingWritten
from app.persistence.engine.database_errors import UNREACHABLE
from app.persistence.engine.transactions.idempotency import (
    AlreadyAnswered,
    Answer,
    ConflictAnswered,
    KeyReused,
    forget_old_answers,
)
from app.use_cases.advisers.grant_carry_over import Report, carry_over
from app.use_cases.advisers.upsert_adviser import add_adviser
from app.use_cases.errors import UnknownReference
from app.use_cases.preconditions import ANYTHING
from app.use_cases.record_certification import Result, certify
from app.use_cases.registrations.cancel_registration import cancel
from app.use_cases.registrations.choose_over_quota import decline, keep
from app.use_cases.registrations.record_attendance import attend
from app.use_cases.registrations.record_positioning_test import position
from app.use_cases.registrations.reexamine_registration import reexamine
from app.use_cases.registrations.register_adviser import register
from app.use_cases.registrations.reschedule_registration import reschedule
from app.use_cases.request_context import Asked
from app.use_cases.upsert_contract import keep_contract
from tests.fake_clock import MORNING
from tests.persistence.interleaved_transactions import Gate, Pause, Stopping
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    MEDNUM,
    PAST_DAY,
    PLATFORM,
    a_demand,
    a_key,
    a_session,
    adviser_columns,
    an_adviser_in_post,
    asking,
    contract_columns,
    day,
    id_of,
    registered,
    standing,
)

Action = Callable[[Asked], Awaitable[Any]]
WRITTEN = ("registration", "decision", "outbox", "idempotency")


async def counts(database: Database) -> dict[str, int]:
    """How many rows each table that an action writes has."""
    listed = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in WRITTEN)  # noqa: S608  # our own table names
    row = await database.one(f"SELECT {listed}")  # our own table names
    assert row is not None
    return dict(row)


async def a_registering(database: Database, adviser: UUID) -> Action:
    return lambda asked: register(database, a_demand(adviser), asked)


async def a_cancelling(database: Database, adviser: UUID) -> Action:
    registration = id_of(await registered(database, adviser))
    return lambda asked: cancel(database, registration, None, "empêchement", asked)


async def an_attending(database: Database, adviser: UUID) -> Action:
    registration = id_of(await registered(database, adviser, PAST_DAY))
    return lambda asked: attend(database, registration, Attendance.COMPLETED, None, asked)


async def a_keeping(database: Database, adviser: UUID) -> Action:
    await registered(database, adviser)
    registration = id_of(await registered(database, adviser, FIRST_DAY + timedelta(1)))
    return lambda asked: keep(database, registration, Payer.EMPLOYER, asked, Chooser.ADVISER)


async def a_declining(database: Database, adviser: UUID) -> Action:
    await registered(database, adviser)
    registration = id_of(await registered(database, adviser, FIRST_DAY + timedelta(1)))
    return lambda asked: decline(database, registration, asked, Chooser.ADVISER)


async def a_rescheduling(database: Database, adviser: UUID) -> Action:
    registration = id_of(await registered(database, adviser))
    session = a_session(FIRST_DAY + timedelta(7))
    return lambda asked: reschedule(database, registration, lambda _, venue: (session, venue), ANYTHING, asked)


async def a_reexamining(database: Database, adviser: UUID) -> Action:
    registration = id_of(await registered(database, adviser, module="aidants-connect"))
    return lambda asked: reexamine(database, registration, asked, employer_agreement=False)


async def a_positioning(database: Database, _: UUID) -> Action:
    newcomer = await an_adviser_in_post(database, initial_training_entered_on=None)
    registration = id_of(await registered(database, newcomer, module=INITIAL))
    return lambda asked: position(database, registration, day("2026-06-01"), 175, asked)


async def a_certifying(database: Database, adviser: UUID) -> Action:
    result = Result(adviser, "pix", CertificationOutcome.OBTAINED, day("2026-05-04"), None, None)
    return lambda asked: certify(database, result, asked)


async def a_carrying_over(database: Database, adviser: UUID) -> Action:
    report = Report("civil_year:2026", 1, "maladie", None)
    return lambda asked: carry_over(database, adviser, report, asked)


async def an_adding_of_an_adviser(database: Database, _: UUID) -> Action:
    return lambda asked: add_adviser(database, adviser_columns(), asked)


async def a_keeping_of_a_contract(database: Database, adviser: UUID) -> Action:
    async def kept(asked: Asked) -> Answer:
        row, _ = await keep_contract(database, UUID(int=1), contract_columns(adviser), ANYTHING, asked)
        return asked.worded(row)

    return kept


ACTIONS = (
    a_registering,
    a_cancelling,
    an_attending,
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
    action, key = await prepared(database, await an_adviser_in_post(database)), a_key()
    answer = await action(asking(key=key))
    after = await counts(database)

    with pytest.raises(AlreadyAnswered) as again:
        await action(asking(key=key, now=MORNING + timedelta(hours=1)))

    replay = again.value.answer
    assert (replay.status, replay.body, replay.headers) == (answer.status, answer.body, answer.headers)
    assert replay.replayed
    assert not answer.replayed
    assert await counts(database) == after


async def test_a_decided_conflict_is_repeated_even_once_its_cause_is_gone(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), a_key()
    first = await registered(database, adviser)
    with pytest.raises(ConflictAnswered) as once:
        await registered(database, adviser, asked=asking(key=key))
    await cancel(database, id_of(first), None, None, asking())

    with pytest.raises(AlreadyAnswered) as again:
        await registered(database, adviser, asked=asking(key=key))

    assert again.value.answer.status == 409
    assert again.value.answer.body == once.value.answer.body == b"DuplicateRegistration"


async def test_an_unknown_reference_is_not_remembered(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), a_key()
    with pytest.raises(UnknownReference):
        await registered(database, adviser, module="unheard-of", asked=asking(key=key))

    answer = await registered(database, adviser, asked=asking(key=key))

    assert answer["status"] == "accepted"


async def test_a_key_used_for_another_request_is_refused(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), a_key()
    await registered(database, adviser, asked=asking(key=key, request="one"))
    before = await counts(database)

    with pytest.raises(KeyReused):
        await registered(database, adviser, FIRST_DAY + timedelta(1), asked=asking(key=key, request="another"))

    assert await counts(database) == before


async def test_the_key_of_one_client_does_not_answer_another(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), a_key()
    await registered(database, adviser, asked=asking(client=PLATFORM, key=key))

    other = await registered(
        database, adviser, FIRST_DAY + timedelta(1), asked=asking(client=MEDNUM, key=key, request="another")
    )

    assert other["status"] == "awaiting_choice"


async def test_a_repetition_learns_at_once_that_the_first_is_under_way(database: Database) -> None:
    adviser, key, gate = await an_adviser_in_post(database), a_key(), Gate()
    first = asyncio.create_task(register(Stopping(database, gate.stand), a_demand(adviser), asking(key=key)))
    await gate.reached()

    with pytest.raises(AttemptInFlight):
        await registered(database, adviser, asked=asking(key=key))

    assert not first.done()
    gate.open()
    answer = await first
    with pytest.raises(AlreadyAnswered) as again:
        await registered(database, adviser, asked=asking(key=key))
    assert again.value.answer.body == answer.body


async def test_the_same_request_twenty_times_at_once_registers_once(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), a_key()

    outcomes = await asyncio.gather(
        *(registered(database, adviser, asked=asking(key=key)) for _ in range(20)), return_exceptions=True
    )

    kinds = Counter(type(outcome) for outcome in outcomes)
    assert kinds[dict] == 1
    assert kinds[dict] + kinds[AttemptInFlight] + kinds[AlreadyAnswered] == 20
    assert await counts(database) == {"registration": 1, "decision": 1, "outbox": 1, "idempotency": 1}


def before_writing(database: Database, pause: Pause) -> Database:
    return Stopping(database, before_writing=pause)


def before_the_commit(database: Database, pause: Pause) -> Database:
    return Stopping(database, after_writing=pause)


@pytest.mark.parametrize(("stopped", "told"), [(before_writing, UNREACHABLE), (before_the_commit, NothingWritten)])
async def test_a_connection_cut_before_the_commit_leaves_nothing_and_the_retry_succeeds(
    database: Database,
    owner: Database,
    stopped: Callable[[Database, Pause], Database],
    told: type[Exception] | tuple[type[Exception], ...],
) -> None:
    adviser, key, gate = await an_adviser_in_post(database), a_key(), Gate()
    first = asyncio.create_task(register(stopped(database, gate.stand), a_demand(adviser), asking(key=key)))
    await gate.reached()
    await owner.one("SELECT pg_terminate_backend($1, 5000)", gate.pid)
    gate.open()

    with pytest.raises(told):
        await first

    assert await counts(database) == dict.fromkeys(WRITTEN, 0)
    retried = await registered(database, adviser, asked=asking(key=key))
    assert retried["status"] == "accepted"
    assert await counts(database) == dict.fromkeys(WRITTEN, 1)


async def test_an_answer_is_kept_for_seventy_two_hours_and_no_longer(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), a_key()
    registration = await registered(database, adviser, asked=asking(key=key))
    promised = MORNING + timedelta(hours=72)

    assert await forget_old_answers(database, promised) == 0
    with pytest.raises(AlreadyAnswered):
        await registered(database, adviser, asked=asking(key=key))
    assert await forget_old_answers(database, promised + timedelta(seconds=1)) == 1

    with pytest.raises(ConflictAnswered):
        await registered(database, adviser, asked=asking(key=key))
    assert (await standing(database, registration))["version"] == 1
