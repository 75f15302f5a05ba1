"""What the database refuses, whatever the code above it does."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from app.persistence.engine.database import Database, open_database
from tests.databases import Databases
from tests.persistence.postgres_errors import PostgresError, UniqueViolation, constraint_of
from tests.use_cases.use_case_builders import (
    FIRST_DAY,
    PAST_DAY,
    an_adviser,
    an_adviser_in_post,
    register_in,
    stored_registration,
)


@pytest.fixture(scope="module")
async def database(databases: Databases, template: str) -> AsyncGenerator[Database]:
    """One for the module: nearly every statement here is refused, and each test has an adviser of its own."""
    opened = open_database(databases.copy(template))
    yield opened
    await opened.close()


async def _rows(database: Database) -> dict[str, UUID]:
    """An adviser with a funded registration and a waiting one."""
    adviser = await an_adviser_in_post(database)
    funded = await stored_registration(database, await register_in(database, adviser))
    waiting = await stored_registration(database, await register_in(database, adviser, module="cybersecurite"))
    return {"adviser": adviser, "funded": funded["id"], "waiting": waiting["id"]}


CHANGES_OF_A_REGISTRATION = {
    "funding = NULL": "ck_registration_unit",
    "funding = 'none'": "ck_registration_unit",
    "funding = 'somebody'": "ck_registration_funding",
    "status = 'lost'": "ck_registration_status",
    "payer = 'nobody'": "ck_registration_payer",
    "session_ends_on = session_starts_on - 1": "ck_registration_order",
    "module_code = 'unheard-of'": "fk_registration_module_code",
    "adviser_id = gen_random_uuid()": "fk_registration_adviser_id",
    "training_organisation_id = gen_random_uuid()": "fk_registration_training_organisation_id",
}


@pytest.mark.parametrize(("change", "constraint"), CHANGES_OF_A_REGISTRATION.items())
async def test_a_registration_cannot_be_stored_in_an_impossible_state(
    database: Database, change: str, constraint: str
) -> None:
    rows = await _rows(database)

    with pytest.raises(PostgresError) as refused:
        await database.one(f"UPDATE registration SET {change} WHERE id = $1", rows["funded"])  # noqa: S608  # ours

    assert constraint_of(refused.value) == constraint


async def test_a_unit_has_one_holder(database: Database) -> None:
    rows = await _rows(database)

    with pytest.raises(UniqueViolation) as refused:
        await database.one(
            "UPDATE registration SET status = 'accepted', funding = 'state', unit = 'civil_year:2026#1' WHERE id = $1",
            rows["waiting"],
        )

    assert constraint_of(refused.value) == "uq_registration_unit"


async def test_one_statement_may_hand_a_unit_over(database: Database) -> None:
    rows = await _rows(database)

    await database.one(
        """UPDATE registration SET funding = 'state', unit = CASE WHEN id = $1 THEN NULL ELSE 'civil_year:2026#1' END
        WHERE adviser_id = $2""",
        rows["funded"],
        rows["adviser"],
    )

    held = await database.many(
        "SELECT id FROM registration WHERE adviser_id = $1 AND unit IS NOT NULL", rows["adviser"]
    )
    assert [row["id"] for row in held] == [rows["waiting"]]


async def test_another_adviser_may_hold_a_unit_of_the_same_name(database: Database) -> None:
    units = [(await register_in(database, await an_adviser_in_post(database)))["unit"] for _ in range(2)]

    assert units == ["civil_year:2026#1"] * 2


@pytest.mark.parametrize(
    "status", ["accepted", "awaiting_choice", "completed", "absent_justified", "absent_unjustified"]
)
async def test_two_active_registrations_cannot_have_the_same_module_and_first_day(
    database: Database, status: str
) -> None:
    rows = await _rows(database)
    same = "UPDATE registration SET module_code = 'numerique-responsable', status = $2 WHERE id = $1"

    with pytest.raises(UniqueViolation) as refused:
        await database.one(same, rows["waiting"], status)

    assert constraint_of(refused.value) == "uq_registration_active"


@pytest.mark.parametrize("status", ["refused", "cancelled"])
async def test_a_registration_that_ended_leaves_its_place(database: Database, status: str) -> None:
    rows = await _rows(database)
    same = "UPDATE registration SET module_code = 'numerique-responsable', status = $2 WHERE id = $1"

    await database.one(same, rows["waiting"], status)

    twins = "SELECT id FROM registration WHERE adviser_id = $1 AND module_code = 'numerique-responsable'"
    assert len(await database.many(twins, rows["adviser"])) == 2


CHANGES_OF_A_CONTRACT = {
    "type = 'stage', ends_on = '2027-01-01'": "ck_contract_type",
    "ends_on = '2027-01-01'": "ck_contract_term",
    "type = 'CDD'": "ck_contract_term",
    "type = 'CDD', ends_on = starts_on - 1": "ck_contract_order",
    "terminated_on = starts_on - 1": "ck_contract_order",
    "employer_legal_form = 'royal'": "ck_contract_employer_legal_form",
    "renews_contract_id = gen_random_uuid()": "fk_contract_renews_contract_id",
    "adviser_id = gen_random_uuid()": "fk_contract_adviser_id",
}


@pytest.mark.parametrize(("change", "constraint"), CHANGES_OF_A_CONTRACT.items())
async def test_a_contract_cannot_be_stored_in_an_impossible_state(
    database: Database, change: str, constraint: str
) -> None:
    await an_adviser_in_post(database)

    with pytest.raises(PostgresError) as refused:
        await database.one(f"UPDATE contract SET {change}")  # noqa: S608  # ours

    assert constraint_of(refused.value) == constraint


CHANGES_OF_THE_REST = {
    "UPDATE module SET kind = 'evening' WHERE code = 'cafe-ia'": "ck_module_kind",
    "UPDATE module SET prerequisite = 'permis' WHERE code = 'cafe-ia'": "ck_module_prerequisite",
    "UPDATE module SET supplementary = true WHERE code = 'formation-initiale'": "ck_module_supplementary",
    "INSERT INTO policy SELECT 'other', effective_from, content, created_at FROM policy": "uq_policy_effective_from",
    "INSERT INTO client VALUES (gen_random_uuid(), 'x', 'king', NULL, now())": "ck_client_role",
    "INSERT INTO client VALUES (gen_random_uuid(), 'x', 'training_organisation', NULL, now())": (
        "ck_client_training_organisation"
    ),
    "INSERT INTO client SELECT gen_random_uuid(), 'x', 'platform', id, now() FROM training_organisation": (
        "ck_client_training_organisation"
    ),
    "INSERT INTO carry_over SELECT gen_random_uuid(), id, 'x', 0, 'x', '2026-01-01', id, now(), '2026-01-01', "
    "'2026-12-31' FROM adviser": ("ck_carry_over_units"),
    """INSERT INTO certification SELECT gen_random_uuid(), id, 'pix', NULL, 'won', '2026-01-01', NULL, 1, NULL, 1,
    now(), now() FROM adviser""": "ck_certification_outcome",
    """INSERT INTO certification SELECT gen_random_uuid(), id, 'unheard-of', NULL, 'failed', '2026-01-01', NULL, 1,
    NULL, 1, now(), now() FROM adviser""": "fk_certification_qualification",
}


@pytest.mark.parametrize(("statement", "constraint"), CHANGES_OF_THE_REST.items())
async def test_the_rest_cannot_be_stored_in_an_impossible_state(
    database: Database, statement: str, constraint: str
) -> None:
    await an_adviser(database)

    with pytest.raises(PostgresError) as refused:
        await database.one(statement)

    assert constraint_of(refused.value) == constraint


async def test_an_id_conum_is_of_one_adviser_and_many_have_none(database: Database) -> None:
    *_, without, _ = [await an_adviser(database, conum_id=conum_id) for conum_id in (None, None, 12)]

    with pytest.raises(UniqueViolation) as refused:
        await database.one("UPDATE adviser SET conum_id = 12 WHERE id = $1", without)

    assert constraint_of(refused.value) == "uq_adviser_conum_id"


INSERT_RESULT = """INSERT INTO certification (id, adviser_id, qualification, outcome, "on", attempt, annulled_on,
    version, created_at, updated_at) VALUES (gen_random_uuid(), $1, $2, $3, $4, 1, $5, 1, now(), now())"""


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        (("pix", "failed", PAST_DAY, None), True),
        (("pix", "obtained", PAST_DAY, None), True),
        (("pix", "failed", PAST_DAY, PAST_DAY), False),
        (("pix", "failed", FIRST_DAY, None), False),
        (("catic", "failed", PAST_DAY, None), False),
    ],
)
async def test_one_result_of_a_title_and_a_day_counts(
    database: Database, second: tuple[object, ...], *, refused: bool
) -> None:
    adviser = await an_adviser(database)
    await database.one(INSERT_RESULT, adviser, "pix", "obtained", PAST_DAY, None)

    if refused:
        with pytest.raises(UniqueViolation) as failure:
            await database.one(INSERT_RESULT, adviser, *second)
        assert constraint_of(failure.value) == "uq_certification_result"
    else:
        await database.one(INSERT_RESULT, adviser, *second)
