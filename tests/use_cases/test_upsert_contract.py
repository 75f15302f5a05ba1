from uuid import uuid4

import pytest

from app.persistence.engine.database import Database
from app.persistence.registrations.registrations import list_decisions
from app.use_cases.errors import PreconditionFailed, PreconditionRequired, UnknownReference
from app.use_cases.preconditions import ANY_VERSION, Precondition
from app.use_cases.registrations.reexamine_registration import AdviserNotice, reexamine
from app.use_cases.upsert_contract import upsert_contract
from tests.fake_clock import MORNING
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    NO_PRECONDITION,
    PAST_DAY,
    a_contract,
    a_request_context,
    an_adviser,
    an_adviser_in_post,
    change_contract,
    contract_columns,
    day,
    id_of,
    register_in,
    stored_registration,
)

LATER = MORNING.replace(hour=18)


async def test_a_contract_kept_as_is_keeps_its_version_and_decides_nothing(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    await register_in(database, adviser)
    written = await database.many("SELECT xmin::text FROM contract UNION ALL SELECT xmin::text FROM registration")

    row, is_new = await upsert_contract(
        database, contract, contract_columns(adviser), ANY_VERSION, a_request_context(now=LATER)
    )

    assert (row["version"], row["updated_at"], is_new) == (1, MORNING, False)
    assert written == await database.many(
        "SELECT xmin::text FROM contract UNION ALL SELECT xmin::text FROM registration"
    )
    assert len(await database.many("SELECT id FROM decision")) == 1


async def test_a_contract_that_exists_is_changed_by_whoever_knows_its_version_only(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    changed = contract_columns(adviser, employer_name="Ville renommée")

    with pytest.raises(PreconditionRequired):
        await upsert_contract(database, contract, changed, NO_PRECONDITION, a_request_context())
    with pytest.raises(PreconditionFailed) as stale:
        await upsert_contract(database, contract, changed, Precondition(frozenset({2, 3})), a_request_context())
    row, _ = await upsert_contract(database, contract, changed, Precondition(frozenset({1})), a_request_context())

    assert stale.value.version == 1
    assert row["version"] == 2


async def test_a_contract_never_passes_to_another_adviser(database: Database) -> None:
    adviser, other = await an_adviser(database), await an_adviser(database)
    contract = await a_contract(database, adviser)

    with pytest.raises(UnknownReference) as refused:
        await upsert_contract(database, contract, contract_columns(other), ANY_VERSION, a_request_context())

    assert refused.value.pointers == ("/adviser_id",)
    kept = await database.one("SELECT adviser_id, version FROM contract")
    assert kept is not None
    assert (kept["adviser_id"], kept["version"]) == (adviser, 1)


async def test_a_contract_of_nobody_is_refused(database: Database) -> None:
    with pytest.raises(UnknownReference) as refused:
        await upsert_contract(database, uuid4(), contract_columns(uuid4()), NO_PRECONDITION, a_request_context())

    assert refused.value.pointers == ("/adviser_id",)


async def test_a_contract_renews_another_one_of_the_same_adviser_only(database: Database) -> None:
    adviser, other = await an_adviser(database), await an_adviser(database)
    contract, others = await a_contract(database, adviser), await a_contract(database, other)

    for renewed in (others, uuid4(), contract):
        with pytest.raises(UnknownReference) as refused:
            await change_contract(database, contract, adviser, renews_contract_id=renewed)
        assert refused.value.pointers == ("/renews_contract_id",)
    renewal = await a_contract(database, adviser, renews_contract_id=contract)

    assert await database.one("SELECT id FROM contract WHERE renews_contract_id = $1", contract) is not None
    assert renewal != contract


async def test_a_termination_refuses_what_is_to_come_and_its_unit_goes_to_whoever_waits(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    to_come = await register_in(database, adviser, day("2026-12-01"), "cybersecurite")
    begun = await register_in(database, adviser, PAST_DAY)
    waiting = await register_in(database, adviser, day("2026-06-23"))
    assert (await stored_registration(database, to_come))["unit"] == "civil_year:2026#1"

    await change_contract(database, contract, adviser, terminated_on=day("2026-06-30"))

    assert (await stored_registration(database, to_come))["status"] == "refused"
    assert (await stored_registration(database, begun))["status"] == "awaiting_choice"
    funded = await stored_registration(database, waiting)
    assert (funded["status"], funded["unit"], funded["version"]) == ("accepted", "civil_year:2026#1", 2)


async def test_a_session_that_has_started_is_not_decided_again(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    begun = await register_in(database, adviser, PAST_DAY)

    await change_contract(database, contract, adviser, terminated_on=day("2026-01-31"))

    row = await stored_registration(database, begun)
    assert (row["status"], row["unit"], row["version"]) == ("accepted", "civil_year:2026#1", 1)


async def test_a_session_of_today_in_paris_has_started_even_while_it_is_yesterday_in_utc(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    begun = await register_in(database, adviser, day("2026-06-16"))
    past_midnight_in_paris = MORNING.replace(hour=22, minute=30)

    await upsert_contract(
        database,
        contract,
        contract_columns(adviser, terminated_on=day("2026-01-31")),
        ANY_VERSION,
        a_request_context(now=past_midnight_in_paris),
    )

    assert (await stored_registration(database, begun))["status"] == "accepted"


async def test_a_refusal_stands_until_the_notice_even_once_its_reason_is_gone(database: Database) -> None:
    adviser = await an_adviser(database)
    refused = await register_in(database, adviser)

    await a_contract(database, adviser)
    untouched = await stored_registration(database, refused)
    await reexamine(database, id_of(refused), AdviserNotice(), a_request_context())

    assert (untouched["status"], untouched["version"]) == ("refused", 1)
    assert (await stored_registration(database, refused))["status"] == "accepted"
    assert [row["cause"] for row in await list_decisions(database, id_of(refused))] == ["re_examination", "request"]


async def test_what_waits_is_offered_the_payers_of_the_contract_of_the_moment(database: Database) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    await register_in(database, adviser)
    waiting = await register_in(database, adviser, FIRST_DAY.replace(day=9))
    before = (await stored_registration(database, waiting))["offered_payers"]

    await change_contract(database, contract, adviser, employer_legal_form="private")

    assert before == ["employer", "self"]
    assert (await stored_registration(database, waiting))["offered_payers"] == ["employer", "opco", "self"]


async def test_what_waits_is_offered_the_payers_of_the_moment_even_once_its_session_has_started(
    database: Database,
) -> None:
    adviser = await an_adviser(database)
    contract = await a_contract(database, adviser)
    await register_in(database, adviser)
    waiting = await register_in(database, adviser, PAST_DAY)

    await change_contract(database, contract, adviser, employer_legal_form="private")

    row = await stored_registration(database, waiting)
    assert (row["status"], row["offered_payers"]) == ("awaiting_choice", ["employer", "opco", "self"])
    assert len(await list_decisions(database, id_of(waiting))) == 1


async def test_another_adviser_is_not_decided_again(database: Database) -> None:
    adviser, other = await an_adviser(database), await an_adviser_in_post(database)
    contract = await a_contract(database, adviser)
    theirs = await register_in(database, other)

    await change_contract(database, contract, adviser, terminated_on=day("2026-06-30"))

    assert (await stored_registration(database, theirs))["version"] == 1
