"""A batch leaves what the transaction leaves and answers as it does, and leaves to it whatever is not plain."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.persistence.advisers import advisers
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.transactions.idempotency import (
    AlreadyCompleted,
    ConflictStored,
    IdempotencyKeyReused,
    ReplayableResponse,
)
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from app.use_cases.errors import UnknownReference
from app.use_cases.registrations import register_in_batches
from app.use_cases.registrations.register_adviser import NewRegistration
from app.use_cases.registrations.register_in_batches import MAX_BATCH, RegistrationBatches
from app.use_cases.registrations.session_venue import Venue
from tests.databases import Databases, name_of
from tests.persistence.test_decisions import assert_every_decision_replays
from tests.use_cases.advisers.test_returning_advisers import anonymised
from tests.use_cases.registrations.batch_builders import (
    EITHER_WAY,
    ReadBatches,
    Register,
    a_batch_context,
    register_in_a_batch,
    watched_batches,
)
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    INITIAL,
    a_new_registration,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    an_idempotency_key,
    day,
    register_in,
    response_content,
)

TABLES = ("adviser", "registration", "decision", "outbox", "audit_log", "idempotency")
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
async def batches(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[ReadBatches]:
    async with watched_batches(monkeypatch) as seen:
        yield seen


async def _registered(database: Database, adviser: UUID, starts_on: date = FIRST_DAY) -> ReplayableResponse:
    return await register_in_a_batch(database, a_new_registration(adviser, starts_on), a_batch_context())


async def accepted(database: Database) -> NewRegistration:
    return a_new_registration(await an_adviser_in_post(database))


async def over_quota(database: Database) -> NewRegistration:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    return a_new_registration(adviser, FIRST_DAY + timedelta(1))


async def refused(database: Database) -> NewRegistration:
    """Without a contract, outside the scheme, and for a module that the organisation does not give."""
    adviser = await an_adviser(database, in_scheme=False, initial_training_entered_on=None)
    return a_new_registration(adviser, module="aidants-connect")


async def with_a_venue(database: Database) -> NewRegistration:
    plain = await accepted(database)
    return replace(
        plain, venue=Venue('« Chez "Léa" » \\ 3ᵉ étage\t😀', "S-1"), employer_agreement=True, requested_on=None
    )


async def initial_training(database: Database) -> NewRegistration:
    return a_new_registration(await an_adviser_in_post(database, initial_training_entered_on=None), module=INITIAL)


PLAIN = (accepted, over_quota, refused, with_a_venue, initial_training)


async def rows_of(database: Database) -> str:
    """Every row that a registration may write, its identifiers and the lock's count left out."""
    rows = [
        str(dict(row) | {"file_version": None, "headers": None})
        for table in TABLES
        for row in await database.many(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608  # our own table names
    ]
    return "\n".join(rows)


def without_ids(text: str) -> str:
    """Each identifier replaced by the place where it occurs first."""
    places: dict[str, str] = {}
    return UUIDS.sub(lambda found: places.setdefault(found[0], f"id {len(places)}"), text)


@pytest.mark.parametrize("plain", PLAIN, ids=lambda plain: plain.__name__)
async def test_it_leaves_the_same_rows_and_the_same_bytes(
    databases: Databases,
    database_url: str,
    batches: ReadBatches,
    plain: Callable[[Database], Awaitable[NewRegistration]],
) -> None:
    prepared = open_database(database_url)
    requested = await plain(prepared)
    await prepared.close()
    left = list[tuple[str, ReplayableResponse]]()
    context = a_batch_context()
    for way in EITHER_WAY:
        url = databases.copy(name_of(database_url))
        database = open_database(url)
        response = await way(database, requested, context)
        await assert_every_decision_replays(database)
        left.append((await rows_of(database), response))
        await database.close()
        databases.drop(url)

    (alone_rows, alone), (batch_rows, batch) = left
    assert len(batches) == 1
    assert without_ids(batch_rows) == without_ids(alone_rows)
    assert (batch.status, batch.headers, batch.replayed) == (alone.status, alone.headers, alone.replayed)
    assert without_ids(batch.body.decode()) == without_ids(alone.body.decode())


async def test_those_that_wait_share_one_batch_and_each_gets_its_own_answer(
    database: Database, batches: ReadBatches
) -> None:
    people = [await an_adviser_in_post(database) for _ in range(7)]
    batches.gate.clear()

    answers = [asyncio.create_task(_registered(database, each)) for each in people]
    await batches.reached.wait()
    batches.gate.set()

    assert [UUID(response_content(await answer)["adviser_id"]) for answer in answers] == people
    assert batches == [(people[0],), tuple(people[1:])] or batches == [tuple(people)]


async def a_duplicate(database: Database) -> NewRegistration:
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    return a_new_registration(adviser)


async def nobody(_: Database) -> NewRegistration:
    return a_new_registration(uuid4())


async def an_unknown_module(database: Database) -> NewRegistration:
    return a_new_registration(await an_adviser_in_post(database), module="unheard-of")


async def somebody_anonymised(database: Database) -> NewRegistration:
    adviser = await an_adviser_in_post(database)
    await anonymised(database, adviser)
    return a_new_registration(adviser)


@pytest.mark.parametrize(
    ("prepared", "raised"),
    [
        (a_duplicate, ConflictStored),
        (nobody, UnknownReference),
        (an_unknown_module, UnknownReference),
        (somebody_anonymised, ConflictStored),
    ],
    ids=lambda value: value.__name__,
)
@pytest.mark.parametrize("way", EITHER_WAY, ids=lambda way: way.__name__)
async def test_what_can_t_be_done_is_said_as_the_transaction_says_it_and_disturbs_nobody(
    database: Database,
    way: Register,
    prepared: Callable[[Database], Awaitable[NewRegistration]],
    raised: type[Exception],
) -> None:
    wrong, other = await prepared(database), await an_adviser_in_post(database)

    outcomes = await asyncio.gather(
        way(database, wrong, a_batch_context()),
        way(database, a_new_registration(other), a_batch_context()),
        return_exceptions=True,
    )

    assert type(outcomes[0]) is raised
    assert isinstance(outcomes[1], ReplayableResponse)


async def test_a_decision_that_changes_others_is_the_transaction_s(database: Database, batches: ReadBatches) -> None:
    """The right that an exempted adviser used is another one once initial training is entered."""
    adviser = await an_adviser_in_post(database, initial_training_entered_on=None)
    obtained = ExamResult(adviser, "remn-ccp1", CertificationOutcome.OBTAINED, day("2024-05-06"), None, None)
    await record_result(database, obtained, a_request_context())
    await register_in(database, adviser, FIRST_DAY + timedelta(90))

    await register_in_a_batch(database, a_new_registration(adviser, module=INITIAL), a_batch_context())

    assert len(batches) == 1
    assert len(await database.many("SELECT FROM decision WHERE adviser_id = $1", adviser)) == 3


async def test_a_file_that_changed_since_it_was_read_is_decided_again(database: Database, batches: ReadBatches) -> None:
    adviser, other = await an_adviser_in_post(database), await an_adviser_in_post(database)
    batches.gate.clear()
    waiting = [asyncio.create_task(_registered(database, each, FIRST_DAY + timedelta(1))) for each in (adviser, other)]
    await batches.reached.wait()
    await register_in(database, adviser)
    batches.gate.set()

    statuses = [response_content(await answer)["status"] for answer in waiting]

    assert statuses == ["awaiting_choice", "accepted"]


async def test_a_file_that_somebody_holds_is_waited_for_by_its_transaction_alone(database: Database) -> None:
    adviser, other = await an_adviser_in_post(database), await an_adviser_in_post(database)
    async with database.transaction() as tx:
        await advisers.lock(tx, adviser)
        held = asyncio.create_task(register_in_a_batch(database, a_new_registration(adviser), a_batch_context()))
        free = await register_in_a_batch(database, a_new_registration(other), a_batch_context())
        assert not held.done()

    assert response_content(free)["status"] == "accepted"
    assert response_content(await held)["status"] == "accepted"


async def test_a_key_is_answered_once_and_only_its_own_request(database: Database) -> None:
    adviser, key = await an_adviser_in_post(database), an_idempotency_key()
    first = await register_in_a_batch(database, a_new_registration(adviser), a_batch_context(key))

    with pytest.raises(AlreadyCompleted) as again:
        await register_in_a_batch(database, a_new_registration(adviser), a_batch_context(key))
    with pytest.raises(IdempotencyKeyReused):
        await register_in_a_batch(database, a_new_registration(adviser), a_batch_context(key, "another"))

    assert again.value.response.body == first.body


async def test_a_failure_of_the_batch_is_nobody_s(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server refuses is found out by whoever caused it."""
    monkeypatch.setattr(register_in_batches, "decide_registration", _undecidable)
    people = [await an_adviser_in_post(database) for _ in range(3)]

    answers = await asyncio.gather(
        *(register_in_a_batch(database, a_new_registration(each), a_batch_context()) for each in people)
    )

    assert {response_content(answer)["status"] for answer in answers} == {"accepted"}


def _undecidable(*_: Any) -> None:
    raise RuntimeError


async def test_whoever_is_cancelled_takes_nobody_along(database: Database, batches: ReadBatches) -> None:
    """One before its batch is read, which does nothing; one after that, which is carried out and heard by nobody."""
    people = [await an_adviser_in_post(database) for _ in range(4)]
    batches.gate.clear()
    in_flight = asyncio.create_task(register_in_a_batch(database, a_new_registration(people[0]), a_batch_context()))
    await batches.reached.wait()
    early, *others = [asyncio.create_task(_registered(database, each)) for each in people[1:]]
    await asyncio.sleep(0)

    in_flight.cancel()
    early.cancel()
    await asyncio.gather(in_flight, early, return_exceptions=True)
    batches.gate.set()
    answers = await asyncio.gather(*others)

    assert {response_content(answer)["status"] for answer in answers} == {"accepted"}
    registered = {row["adviser_id"] for row in await database.many("SELECT adviser_id FROM registration")}
    assert registered == {people[0], *people[2:]}


async def test_nobody_waits_for_more_than_two_batches_and_nobody_is_passed(
    database: Database, batches: ReadBatches
) -> None:
    people = [await an_adviser_in_post(database) for _ in range(3 * MAX_BATCH)]
    waited, arrived = dict[UUID, int](), list[UUID]()

    async def registered(adviser: UUID) -> None:
        before = len(batches)
        arrived.append(adviser)
        await register_in_a_batch(database, a_new_registration(adviser), a_batch_context())
        place = next(place for place, batch in enumerate(batches) if adviser in batch)
        waited[adviser] = place - before

    await asyncio.gather(*(registered(each) for each in people))

    assert max(waited.values()) <= len(register_in_batches.OPENS_NEXT_LANE)
    in_order = sorted(batches, key=lambda batch: arrived.index(batch[0]))  # lanes may wait for a connection
    assert [adviser for batch in in_order for adviser in batch] == arrived
    assert max(map(len, batches)) <= MAX_BATCH


async def test_with_the_switch_off_nothing_is_in_a_batch(database: Database, batches: ReadBatches) -> None:
    closed = RegistrationBatches(database, is_open=False)

    await closed.register(await accepted(database), a_batch_context())

    assert batches == []


async def test_what_has_no_key_is_carried_out_by_itself(database: Database, batches: ReadBatches) -> None:
    """As the demonstration does, and the command line."""
    await RegistrationBatches(database).register(await accepted(database), a_request_context())

    assert batches == []
