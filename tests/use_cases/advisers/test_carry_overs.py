"""Carry-overs as they are stored, and as a deed of another use case."""

from uuid import UUID

import pytest

from app.domain.errors import OutsideScheme, TooLateToCarryOver
from app.domain.facts.adviser_file import CarryOver
from app.domain.statement_errors import ImplausibleDate
from app.persistence.advisers.adviser_files import read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.use_cases.advisers.grant_carry_over import CarryOverGrant, carry_over_deed, grant_carry_over
from app.use_cases.changes.write_changes import write_change_sets
from tests.use_cases.use_case_builders import (
    a_request_context,
    an_adviser_in_post,
    change_contract,
    day,
    register_in,
    response_content,
    stored_registration,
)

GRANT = CarryOverGrant("civil_year:2025", 1, "maladie", None)
WINDOW = (day("2026-01-01"), day("2026-12-31"))


async def carried(database: Database, adviser: UUID) -> tuple[CarryOver, ...]:
    return (await read_snapshot(database, AdviserLock(LockTarget.ADVISER, adviser))).file.carry_overs


async def test_a_carry_over_is_stored_with_its_window(database: Database) -> None:
    adviser = await an_adviser_in_post(database)

    answer = response_content(await grant_carry_over(database, adviser, GRANT, a_request_context()))

    assert (answer["decided_on"], answer["valid_from"], answer["valid_until"]) == (
        "2026-06-15",
        "2026-01-01",
        "2026-12-31",
    )
    assert await carried(database, adviser) == (CarryOver("civil_year:2025", 1, *WINDOW),)


async def test_it_stays_whatever_becomes_of_the_year_that_it_came_from(database: Database) -> None:
    adviser = await an_adviser_in_post(database)
    (contract,) = await database.many("SELECT id FROM contract WHERE adviser_id = $1", adviser)
    await grant_carry_over(database, adviser, GRANT, a_request_context())

    await change_contract(database, contract["id"], adviser, starts_on=day("2026-01-05"))

    assert await carried(database, adviser) == (CarryOver("civil_year:2025", 1, *WINDOW),)
    assert (await register_in(database, adviser))["unit"] == "carry_over:civil_year:2025#1"


@pytest.mark.parametrize(
    ("in_scheme", "grant", "error"),
    [
        (True, CarryOverGrant("civil_year:2024", 1, "maladie", None), TooLateToCarryOver),
        (False, GRANT, OutsideScheme),
        (True, CarryOverGrant("civil_year:2025", 1, "maladie", day("2026-06-16")), ImplausibleDate),
    ],
)
async def test_it_is_not_granted(
    database: Database, grant: CarryOverGrant, error: type[Exception], *, in_scheme: bool
) -> None:
    adviser = await an_adviser_in_post(database, in_scheme=in_scheme)

    with pytest.raises(error):
        await grant_carry_over(database, adviser, grant, a_request_context())

    assert await carried(database, adviser) == ()


async def test_a_deed_is_written_by_whoever_holds_the_transaction(database: Database) -> None:
    """As that of a support request: what waits is promoted, and everybody told, in its transaction."""
    adviser = await an_adviser_in_post(database)
    await register_in(database, adviser)
    waiting = await register_in(database, adviser, day("2026-09-22"))
    lock, context = AdviserLock(LockTarget.ADVISER, adviser), a_request_context()

    async with database.transaction(lock) as tx:
        change_set = await carry_over_deed(tx, lock, await read_snapshot(tx, lock), GRANT, context)
        unwritten = await stored_registration(database, waiting)
        await write_change_sets(tx, change_set)

    events = await database.many("SELECT type FROM outbox WHERE adviser_id = $1 ORDER BY id DESC LIMIT 2", adviser)
    assert (unwritten["status"], (await stored_registration(database, waiting))["status"]) == (
        "awaiting_choice",
        "accepted",
    )
    assert [row["type"] for row in events] == ["registration.funded", "entitlement.carried_over"]
