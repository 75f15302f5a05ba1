"""A right has one holder, however many ask at once; and each protection is seen to fail when it is taken away."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.domain.errors import NoRightLeft
from app.domain.facts.registration_terms import Attendance
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine import database as database_module
from app.persistence.engine.database import Database
from app.persistence.engine.database_errors import violated_constraint
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER, AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse
from app.persistence.engine.transactions.opening import opening_script
from app.use_cases.registrations.cancel_registration import Cancellation, cancel
from app.use_cases.registrations.record_attendance import AttendanceReport, mark_attendance
from app.use_cases.registrations.register_adviser import register
from tests.http_builders import an_adviser_in_post as an_adviser_over_http
from tests.http_builders import registration_body
from tests.live_server import LiveServer, idempotency_headers
from tests.persistence.interleaved_transactions import Gate, PausingDatabase, count_deadlocks, wait_until_blocked_by
from tests.persistence.postgres_errors import UniqueViolation
from tests.persistence.test_concurrent_actions import assert_the_ledger_is_true
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.registrations.batch_builders import EITHER_WAY, Register, a_batch_context
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    PAST_DAY,
    a_new_registration,
    a_request_context,
    an_adviser_in_post,
    id_of,
    register_in,
    response_content,
)

AT_ONCE = 50
READING = "SELECT 1 FROM adviser"


@pytest.fixture
def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions open as they always do, but for the lock."""

    def opening(
        begin: str,
        lock: AdviserLock | None,
        idempotency: IdempotentRequest | None,
        audit_entry: AuditEntry | None,
        *,
        is_timed: bool,
    ) -> tuple[str, str]:
        script, expected = opening_script(begin, lock, idempotency, audit_entry, is_timed=is_timed)
        assert lock is None or LOCK_ADVISER in script
        return script.replace(LOCK_ADVISER, READING), expected.replace("UPDATE", "SELECT")

    monkeypatch.setattr(database_module, "opening_script", opening)


Deed = Callable[[Database], Coroutine[Any, Any, ReplayableResponse]]
Race = Callable[[Database, UUID], Awaitable[tuple[Deed, Deed]]]
COMPLETED = AttendanceReport(Attendance.COMPLETED, "feuille retrouvée")
JUSTIFIED = AttendanceReport(Attendance.ABSENT_JUSTIFIED, "medical_certificate")


def a_registering(adviser: UUID, starts_on: date) -> Deed:
    return lambda database: register(database, a_new_registration(adviser, starts_on), a_request_context())


def a_correcting(registration: Mapping[str, Any], report: AttendanceReport) -> Deed:
    return lambda database: mark_attendance(database, id_of(registration), report, a_request_context())


def a_cancelling(registration: Mapping[str, Any], on: date | None = None) -> Deed:
    return lambda database: cancel(database, id_of(registration), Cancellation(on), a_request_context())


async def two_registrations(_: Database, adviser: UUID) -> tuple[Deed, Deed]:
    return a_registering(adviser, FIRST_DAY), a_registering(adviser, FIRST_DAY + timedelta(days=1))


async def a_correction_beside_a_registration(database: Database, adviser: UUID) -> tuple[Deed, Deed]:
    """Both want the right that a justified absence gave back."""
    missed = await register_in(database, adviser, PAST_DAY)
    await a_correcting(missed, JUSTIFIED)(database)
    return a_correcting(missed, COMPLETED), a_registering(adviser, FIRST_DAY)


async def a_cancellation_beside_a_correction(database: Database, adviser: UUID) -> tuple[Deed, Deed]:
    """The absence gave nothing to an earlier session; a cancellation of before that session has it looked at again."""
    missed = await register_in(database, adviser, PAST_DAY)
    await register_in(database, adviser, PAST_DAY - timedelta(days=7))
    other = await register_in(database, adviser, module="cafe-ia")
    await a_correcting(missed, JUSTIFIED)(database)
    return a_cancelling(other, PAST_DAY - timedelta(days=14)), a_correcting(missed, COMPLETED)


RACES = (two_registrations, a_correction_beside_a_registration, a_cancellation_beside_a_correction)
of_each_race = pytest.mark.parametrize("prepared", RACES, ids=lambda race: race.__name__)


async def both_read_then_one_writes_after_the_other(
    database: Database, *deeds: Deed
) -> list[ReplayableResponse | BaseException]:
    """Deeds decided on the same state of the file; the second is written once the first is committed."""
    first, second = Gate(), Gate()
    asked = [
        asyncio.create_task(deed(PausingDatabase(database, gate.pause)))
        for gate, deed in zip((first, second), deeds, strict=True)
    ]
    await first.wait_until_reached()
    await second.wait_until_reached()
    first.open()
    await asyncio.wait(asked[:1])
    second.open()
    return await asyncio.gather(*asked, return_exceptions=True)


async def holders(database: Database, adviser: UUID) -> Counter[str]:
    """How many registrations hold each unit."""
    rows = await database.many("SELECT unit FROM registration WHERE adviser_id = $1 AND unit IS NOT NULL", adviser)
    return Counter(row["unit"] for row in rows)


@pytest.mark.parametrize("way", EITHER_WAY, ids=lambda way: way.__name__)
async def test_fifty_registrations_at_once_share_one_right_without_overdrawing_it(
    database: Database, database_url: str, way: Register
) -> None:
    adviser = await an_adviser_in_post(database)
    await asyncio.gather(*(database.one("SELECT pg_sleep(0.1)") for _ in range(AT_ONCE)))  # every connection is open

    answers = await asyncio.gather(
        *(
            way(database, a_new_registration(adviser, FIRST_DAY + timedelta(days=number)), a_batch_context())
            for number in range(AT_ONCE)
        )
    )

    assert Counter(response_content(answer)["status"] for answer in answers) == {
        "accepted": 1,
        "awaiting_choice": AT_ONCE - 1,
    }
    assert await holders(database, adviser) == {"civil_year:2026#1": 1}
    await database.close()
    assert await count_deadlocks(database_url) == 0


async def test_fifty_requests_at_once_over_http_share_one_right_without_overdrawing_it(
    served: LiveServer, platform: httpx.Client
) -> None:
    adviser = an_adviser_over_http(platform)
    before = await count_deadlocks(served.database_url)
    bodies = [
        registration_body(adviser, starts_on=str(FIRST_DAY + timedelta(days=number))) for number in range(AT_ONCE)
    ]

    headers = {"Authorization": f"Bearer {served.keys['platform']}"}
    async with httpx.AsyncClient(base_url=served.base_url, headers=headers, timeout=30) as client:
        await asyncio.gather(*(client.get("/v1/registrations?limit=500") for _ in range(AT_ONCE)))  # connections open
        answers = await asyncio.gather(
            *(client.post("/v1/registrations", json=body, headers=idempotency_headers()) for body in bodies)
        )

    assert {answer.status_code for answer in answers} == {201}
    outcomes = Counter((answer.json()["status"], answer.json()["funding"]) for answer in answers)
    assert outcomes == {("accepted", "state"): 1, ("awaiting_choice", None): AT_ONCE - 1}
    assert await count_deadlocks(served.database_url) == before


async def test_the_second_waits_for_the_first_and_decides_on_what_it_left(database: Database) -> None:
    adviser, gate = await an_adviser_in_post(database), Gate()
    first = asyncio.create_task(
        register(PausingDatabase(database, gate.pause), a_new_registration(adviser), a_request_context())
    )
    await gate.wait_until_reached()
    second = asyncio.create_task(register_in(database, adviser, FIRST_DAY + timedelta(days=1)))

    await wait_until_blocked_by(database, gate.pid)
    assert not second.done()
    gate.open()

    assert response_content(await first)["unit"] == "civil_year:2026#1"
    assert (await second)["status"] == "awaiting_choice"


async def test_another_adviser_waits_for_nobody(database: Database) -> None:
    adviser, other, gate = await an_adviser_in_post(database), await an_adviser_in_post(database), Gate()
    first = asyncio.create_task(
        register(PausingDatabase(database, gate.pause), a_new_registration(adviser), a_request_context())
    )
    await gate.wait_until_reached()

    answer = await register_in(database, other)

    assert answer["status"] == "accepted"
    assert not first.done()
    gate.open()
    await first


async def test_a_promotion_and_a_registration_do_not_take_the_same_unit(database: Database) -> None:
    adviser, gate = await an_adviser_in_post(database), Gate()
    first = asyncio.create_task(
        register(PausingDatabase(database, gate.pause), a_new_registration(adviser), a_request_context())
    )
    await gate.wait_until_reached()
    others = [
        asyncio.create_task(register_in(database, adviser, FIRST_DAY + timedelta(days=number))) for number in (1, 2, 3)
    ]
    await wait_until_blocked_by(database, gate.pid)

    gate.open()
    await first
    await asyncio.gather(*others)

    assert await holders(database, adviser) == {"civil_year:2026#1": 1}


async def test_corrections_registrations_and_cancellations_at_once_share_one_right(
    database: Database, database_url: str
) -> None:
    adviser = await an_adviser_in_post(database)
    corrected = await register_in(database, adviser, PAST_DAY)
    await a_correcting(corrected, COMPLETED)(database)
    waiting = [
        await register_in(database, adviser, FIRST_DAY + timedelta(days=number)) for number in range(AT_ONCE // 3)
    ]
    deeds = [
        *(a_correcting(corrected, (JUSTIFIED, COMPLETED)[number % 2]) for number in range(AT_ONCE // 3)),
        *(a_cancelling(item) for item in waiting),
        *(a_registering(adviser, FIRST_DAY + timedelta(days=AT_ONCE + number)) for number in range(AT_ONCE // 3 + 2)),
    ]
    Random(20260615).shuffle(deeds)  # noqa: S311  # an order, not a secret
    await asyncio.gather(*(database.one("SELECT pg_sleep(0.1)") for _ in range(AT_ONCE)))  # every connection is open

    answers = await asyncio.gather(*(deed(database) for deed in deeds), return_exceptions=True)

    assert len(deeds) == AT_ONCE
    assert {type(answer) for answer in answers} <= {ReplayableResponse, NoRightLeft}
    assert await holders(database, adviser) == {"civil_year:2026#1": 1}
    dossier = await read_snapshot(database, AdviserLock(LockTarget.ADVISER, adviser))
    assert_the_ledger_is_true(dossier)
    promoted = await database.many("SELECT FROM decision WHERE adviser_id = $1 AND cause = 'promotion'", adviser)
    reports = await database.many("SELECT FROM attendance_record WHERE adviser_id = $1", adviser)
    assert promoted
    assert len(reports) > 1
    await assert_every_decision_replays(database)
    await database.close()
    assert await count_deadlocks(database_url) == 0


async def test_without_a_race_only_one_of_the_two_has_the_right(database: Database) -> None:
    for prepared in RACES:
        adviser = await an_adviser_in_post(database)
        first, second = await prepared(database, adviser)

        await first(database)
        await asyncio.gather(second(database), return_exceptions=True)

        assert await holders(database, adviser) == {"civil_year:2026#1": 1}


@of_each_race
@pytest.mark.usefixtures("without_the_lock")
async def test_red_run_without_the_lock_the_constraint_refuses_the_second_holder(
    database: Database, prepared: Race
) -> None:
    adviser = await an_adviser_in_post(database)

    first, second = await both_read_then_one_writes_after_the_other(database, *await prepared(database, adviser))

    assert isinstance(first, ReplayableResponse)
    assert isinstance(second, UniqueViolation)
    assert violated_constraint(second) == "uq_registration_unit"
    assert await holders(database, adviser) == {"civil_year:2026#1": 1}


@of_each_race
@pytest.mark.usefixtures("without_the_lock")
async def test_red_run_without_lock_and_constraint_the_right_is_overdrawn(
    database: Database, owner: Database, prepared: Race
) -> None:
    adviser = await an_adviser_in_post(database)
    await owner.one("ALTER TABLE registration DROP CONSTRAINT uq_registration_unit")

    answers = await both_read_then_one_writes_after_the_other(database, *await prepared(database, adviser))

    assert {type(answer) for answer in answers} == {ReplayableResponse}
    assert await holders(database, adviser) == {"civil_year:2026#1": 2}
