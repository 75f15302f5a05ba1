"""A support request is answered once, whoever answers at the same time; red without the lock."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from app.domain.errors import EffectRefused, InvalidTransition, NothingToCarryOver
from app.domain.facts.support_request import Requester, SupportRequestKind
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine import database as database_module
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER, AdviserLock
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import IdempotentRequest
from app.persistence.engine.transactions.opening import opening_script
from app.use_cases.support.answer_support_request import SupportAnswer, answer_support_request
from app.use_cases.support.open_support_request import NewSupportRequest, open_support_request
from app.use_cases.support.support_effects import CarryOverEffect
from app.use_cases.support.withdraw_support_request import withdraw_support_request
from tests.persistence.interleaved_transactions import Gate, PausingDatabase, wait_until_blocked_by
from tests.use_cases.use_case_builders import a_request_context, an_adviser_in_post, day, id_of, response_content

AT_ONCE = 20
ADMIN = Client(UUID(int=7_100), Role.ADMIN, None)
GRANTED = SupportAnswer(
    granted=True, motive="Certificat reçu.", effect=CarryOverEffect("civil_year:2025", 1, "Maladie", day("2026-01-12"))
)


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
        return script.replace(LOCK_ADVISER, "SELECT 1 FROM adviser"), expected.replace("UPDATE", "SELECT")

    monkeypatch.setattr(database_module, "opening_script", opening)


async def _open(database: Database, adviser: UUID) -> UUID:
    wanted = NewSupportRequest(adviser, SupportRequestKind.JUSTIFICATION, "J’étais malade.", bucket="civil_year:2025")
    context = a_request_context(client=ADMIN)
    return id_of(response_content(await open_support_request(database, wanted, Requester.ADMIN, context)))


async def _answer(database: Database, request: UUID, answer: SupportAnswer = GRANTED) -> Any:
    return await answer_support_request(database, request, answer, a_request_context(client=ADMIN))


async def _carried(database: Database, adviser: UUID) -> int:
    return len(await database.many("SELECT id FROM carry_over WHERE adviser_id = $1", adviser))


async def _events(database: Database, request: UUID) -> list[str]:
    rows = await database.many("SELECT type FROM outbox WHERE subject_id = $1 ORDER BY id", request)
    return [row["type"] for row in rows]


def _kinds(answers: Iterable[Any]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


async def test_of_many_answers_at_once_one_has_its_effect(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    request = await _open(database, adviser)

    answers = await asyncio.gather(*(_answer(database, request) for _ in range(AT_ONCE)), return_exceptions=True)

    assert _kinds(answers) == {"ReplayableResponse": 1, InvalidTransition.__name__: AT_ONCE - 1}
    assert await _carried(database, adviser) == 1
    assert await _events(database, request) == ["support_request.opened", "support_request.answered"]


async def test_an_answer_and_a_withdrawal_at_once_are_one_of_the_two(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    request = await _open(database, adviser)
    moves = [_answer(database, request) for _ in range(5)]
    moves += [withdraw_support_request(database, request, a_request_context(client=ADMIN)) for _ in range(5)]

    made = await asyncio.gather(*moves, return_exceptions=True)

    assert _kinds(made) == {"ReplayableResponse": 1, InvalidTransition.__name__: 9}
    row = await database.one("SELECT status, version FROM support_request WHERE id = $1", request)
    assert row is not None
    assert row["version"] == 2
    assert await _carried(database, adviser) == (1 if row["status"] == "granted" else 0)


async def test_two_requests_for_one_right_are_not_both_granted(database: Database) -> None:
    """The second one stays open: a person may answer otherwise."""
    adviser = await an_adviser_in_post(database)
    requests = [await _open(database, adviser) for _ in range(2)]

    answers = await asyncio.gather(*(_answer(database, each) for each in requests), return_exceptions=True)

    assert _kinds(answers) == {"ReplayableResponse": 1, EffectRefused.__name__: 1}
    (refused,) = [answer for answer in answers if isinstance(answer, EffectRefused)]
    assert isinstance(refused.refusal, NothingToCarryOver)
    rows = await database.many("SELECT status, effect FROM support_request WHERE adviser_id = $1", adviser)
    assert sorted((row["status"], row["effect"]) for row in rows) == [("granted", "carry_over"), ("open", None)]
    assert await _carried(database, adviser) == 1


@pytest.mark.usefixtures("without_the_lock")
async def test_red_run_without_the_lock_an_answer_has_its_effect_twice(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    request, gate = await _open(database, adviser), Gate()

    first = asyncio.create_task(_answer(PausingDatabase(database, gate.pause), request))
    await gate.wait_until_reached()
    second = asyncio.create_task(_answer(database, request))
    await wait_until_blocked_by(database, gate.pid)
    gate.open()
    answers = await asyncio.gather(first, second, return_exceptions=True)

    assert _kinds(answers) == {"ReplayableResponse": 2}
    assert await _carried(database, adviser) == 2
