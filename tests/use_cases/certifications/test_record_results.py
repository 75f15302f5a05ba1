"""Results recorded one by one or a jury's together: one of a title and a day counts, however many ask at once."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from app.domain.errors import AdviserAnonymised, ResultExists
from app.domain.statement_errors import ImplausibleDate, MotiveNotValid, TitleNotDelivered
from app.persistence.engine import database as database_module
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER
from app.persistence.engine.transactions.idempotency import AlreadyCompleted, ReplayableResponse
from app.persistence.engine.transactions.opening import opening_script
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.certifications.record_jury_results import LineOutcome, record_jury_results
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.errors import UnknownReference
from tests.persistence.interleaved_transactions import Gate, PausingDatabase, count_deadlocks
from tests.persistence.postgres_errors import UniqueViolation, constraint_of
from tests.use_cases.certifications.result_builders import (
    EXCUSED,
    FAILED,
    MISSED,
    OBTAINED,
    a_result,
    annul,
    record,
    stored_results,
)
from tests.use_cases.use_case_builders import (
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    an_idempotency_key,
    day,
    register_in,
)

AT_ONCE = 50
Line = tuple[str | None, type[Exception] | None]


async def jury(database: Database, *results: ExamResult, key: str | None = None) -> list[Line]:
    """The outcome of each line, and the class of what refused it."""
    seen: list[Line] = []

    def render(row: Row) -> ReplayableResponse:
        outcomes: list[LineOutcome] = row["lines"]
        seen.extend(
            (line.row["outcome"] if line.row else None, type(line.refusal) if line.refusal else None)
            for line in outcomes
        )
        return ReplayableResponse(200, b"{}", {})

    await record_jury_results(database, results, a_request_context(key=key, render=render))
    return seen


async def answer_of(database: Database, result: ExamResult) -> str:
    """What an attempt comes to."""
    try:
        return str((await record(database, result))["outcome"])
    except ResultExists:
        return "exists"


async def test_of_fifty_results_of_one_day_at_once_one_counts(database: Database, database_url: str) -> None:
    """Half of them say that the exam was failed, half that it was obtained."""
    adviser = await an_adviser(database)
    await asyncio.gather(*(database.one("SELECT pg_sleep(0.1)") for _ in range(AT_ONCE)))  # every connection is open

    answers = Counter(
        await asyncio.gather(
            *(answer_of(database, a_result(adviser, (OBTAINED, FAILED)[place % 2])) for place in range(AT_ONCE))
        )
    )

    (row,) = await stored_results(database)
    assert answers == {row["outcome"]: 1, "exists": AT_ONCE - 1}
    assert len(await database.many("SELECT 1 FROM outbox")) == 1
    await database.close()
    assert await count_deadlocks(database_url) == 0


async def test_juries_results_and_annulments_of_one_day_at_once_leave_one_that_counts(
    database: Database, database_url: str
) -> None:
    """Juries lock several advisers, named in opposite orders."""
    advisers = [await an_adviser(database) for _ in range(4)]
    first = await record(database, a_result(advisers[0]))

    async def a_jury(place: int) -> None:
        named = advisers if place % 2 else [*reversed(advisers)]
        await jury(database, *(a_result(adviser, FAILED) for adviser in named))

    await asyncio.gather(
        *(a_jury(place) for place in range(20)),
        *(answer_of(database, a_result(adviser)) for adviser in advisers for _ in range(5)),
        annul(database, first),
    )

    counting = Counter(row["adviser_id"] for row in await stored_results(database) if row["annulled_on"] is None)
    assert {*counting.values()} == {1}
    assert {*counting} >= {*advisers[1:]}
    await database.close()
    assert await count_deadlocks(database_url) == 0


def unlocked_opening(begin: str, *others: Any, is_timed: bool) -> tuple[str, str]:
    """Transactions open as they always do, but for the lock."""
    script, expected = opening_script(begin, *others, is_timed=is_timed)
    assert LOCK_ADVISER in script
    return script.replace(LOCK_ADVISER, "SELECT 1 FROM adviser"), expected.replace("UPDATE", "SELECT")


async def test_red_run_without_the_lock_the_index_refuses_the_second(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    adviser = await an_adviser(database)
    first, second = Gate(), Gate()
    monkeypatch.setattr(database_module, "opening_script", unlocked_opening)
    asked = [
        asyncio.create_task(record(PausingDatabase(database, gate.pause), a_result(adviser, outcome)))
        for gate, outcome in ((first, OBTAINED), (second, FAILED))
    ]
    await first.wait_until_reached()
    await second.wait_until_reached()
    first.open()
    await asyncio.wait(asked[:1])
    second.open()

    recorded, refused = await asyncio.gather(*asked, return_exceptions=True)

    assert not isinstance(recorded, BaseException)
    assert isinstance(refused, UniqueViolation)
    assert constraint_of(refused) == "uq_certification_result"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"on": day("2026-06-16")}, ImplausibleDate),
        ({"qualification": "mediateur-numerique-ccp1", "on": day("2025-07-12")}, TitleNotDelivered),
        ({"outcome": EXCUSED}, MotiveNotValid),
        ({"qualification": "unheard-of"}, UnknownReference),
        ({"organisation": uuid4()}, UnknownReference),
    ],
)
async def test_what_cannot_be_is_not_recorded(
    database: Database, fields: dict[str, Any], refusal: type[Exception]
) -> None:
    adviser = await an_adviser(database)

    with pytest.raises(refusal):
        await record(database, a_result(adviser, **fields))
    (line,) = await jury(database, a_result(adviser, **fields))

    assert line == (None, refusal)
    assert await stored_results(database) == []


async def test_each_line_of_a_jury_is_recorded_or_refused_by_itself(database: Database) -> None:
    known, anonymised = await an_adviser(database), await an_adviser(database)
    await database.one("UPDATE adviser SET anonymised_at = now() WHERE id = $1", anonymised)

    lines = await jury(
        database,
        a_result(known, organisation=LA_MEDNUM),
        a_result(known, FAILED),
        a_result(known, FAILED, qualification="pix"),
        a_result(uuid4()),
        a_result(anonymised),
    )

    assert lines == [
        ("obtained", None),
        (None, ResultExists),
        ("failed", None),
        (None, UnknownReference),
        (None, AdviserAnonymised),
    ]
    assert {(row["qualification"], row["outcome"]) for row in await stored_results(database)} == {
        ("remn-ccp1", "obtained"), ("pix", "failed"),
    }  # fmt: skip
    told = await database.many("SELECT type, history, recipients FROM outbox ORDER BY id")
    assert [(row["type"], row["history"]) for row in told] == [("certification.recorded", False)] * 2


async def test_a_jury_that_is_sent_again_is_answered_and_nothing_more(database: Database) -> None:
    adviser, key = await an_adviser(database), an_idempotency_key()
    await jury(database, a_result(adviser), key=key)

    with pytest.raises(AlreadyCompleted):
        await jury(database, a_result(adviser), key=key)

    assert len(await stored_results(database)) == 1


async def test_a_jury_of_whom_nobody_is_known_records_nothing(database: Database) -> None:
    assert await jury(database, a_result(uuid4())) == [(None, UnknownReference)]
    assert await database.many("SELECT 1 FROM outbox") == []


async def test_results_that_come_late_move_the_numbers_of_those_after_them(database: Database) -> None:
    adviser = await an_adviser(database)
    await record(database, a_result(adviser, on=day("2025-03-12")))

    late = await record(database, a_result(adviser, MISSED, on=day("2025-02-12")))
    await jury(database, a_result(adviser, FAILED, on=day("2025-01-15")))

    found = [(row["on"].month, row["attempt"]) for row in await stored_results(database)]
    assert (late["attempt"], found) == (1, [(1, 1), (2, 2), (3, 3)])


async def test_a_result_that_exempts_makes_what_was_refused_regularisable(database: Database) -> None:
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    refused = await register_in(database, adviser)

    await jury(database, a_result(adviser, qualification="catic", on=day("2025-02-12")))

    assert refused["status"] == "refused"
    told = await database.many("SELECT type FROM outbox ORDER BY id DESC LIMIT 2")
    assert {row["type"] for row in told} == {"certification.recorded", "registration.regularisable"}
