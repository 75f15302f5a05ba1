"""What was kept long enough is deleted, and nothing sooner; in the audit log too, which nobody can change."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.clock import utc_now
from app.persistence.administration.audit_log import delete_expired_entries
from app.persistence.advisers.personal_data import LOOKED_AT_PER_STATEMENT
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.schema.retention_periods import AUDIT_LOG_RETENTION, duration_in_french
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.advisers.anonymise_adviser import INACTIVITY_ACTION, InactivityRound
from tests.fake_clock import MORNING
from tests.persistence.postgres_errors import InsufficientPrivilege, RestrictViolation
from tests.use_cases.use_case_builders import a_contract, an_adviser, an_adviser_in_post, day, register_in

HOUR = timedelta(hours=1)
YEARS = 5
LATER = MORNING.replace(year=MORNING.year + YEARS) + HOUR


async def a_line(database: Database, age: timedelta) -> UUID:
    """An audit entry of this age, by the clock of the database."""
    subject = uuid4()
    async with database.transaction(audit_entry=AuditEntry(None, "getAdviser", None, utc_now() - age)) as tx:
        tx.add_audit_subjects(subject)
    return subject


async def left(database: Database) -> list[UUID]:
    return [row["subject_ids"][0] for row in await database.many("SELECT subject_ids FROM audit_log ORDER BY id")]


async def test_an_audit_entry_is_deleted_after_a_year_and_no_other(database: Database) -> None:
    await a_line(database, 2 * AUDIT_LOG_RETENTION)
    await a_line(database, AUDIT_LOG_RETENTION + HOUR)
    young = [await a_line(database, AUDIT_LOG_RETENTION - HOUR), await a_line(database, HOUR)]

    assert await delete_expired_entries(database) == 2
    assert await delete_expired_entries(database) == 0
    assert await left(database) == young


async def test_the_service_deletes_no_audit_entry_otherwise(database: Database) -> None:
    await a_line(database, 2 * AUDIT_LOG_RETENTION)

    for statement in ("DELETE FROM audit_log", "TRUNCATE audit_log", "UPDATE audit_log SET refused = true"):
        with pytest.raises(InsufficientPrivilege):
            await database.one(statement)


async def test_not_even_the_owner_deletes_a_younger_entry_or_changes_an_old_one(owner: Database) -> None:
    await a_line(owner, AUDIT_LOG_RETENTION - HOUR)
    old = await a_line(owner, AUDIT_LOG_RETENTION + HOUR)

    for statement in ("DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(RestrictViolation, match="append-only"):
            await owner.one(statement)
    with pytest.raises(RestrictViolation, match="append-only"):
        await owner.one("UPDATE audit_log SET refused = true WHERE subject_ids = ARRAY[$1::uuid]", old)


async def test_a_training_organisation_may_not_delete_any(database: Database) -> None:
    with pytest.raises(InsufficientPrivilege):
        await database.for_tenant(LA_MEDNUM).one("SELECT forget_old_traces(1)")


async def _anonymised(database: Database) -> set[UUID]:
    inactivity = InactivityRound(database, YEARS)
    while await inactivity.anonymise_next(LATER):
        pass
    return {row["id"] for row in await database.many("SELECT id FROM adviser WHERE anonymised_at IS NOT NULL")}


async def test_who_has_done_nothing_for_years_is_anonymised(database: Database) -> None:
    gone = await an_adviser(database)
    left_in_time = await an_adviser(database)
    await a_contract(database, left_in_time, type="CDD", ends_on=day("2024-01-31"))

    assert await _anonymised(database) == {gone, left_in_time}

    row = await database.one("SELECT * FROM adviser WHERE id = $1", gone)
    traced = await database.many("SELECT subject_ids FROM audit_log WHERE action = $1 ORDER BY id", INACTIVITY_ACTION)
    assert row is not None
    assert (row["email"], row["anonymised_at"]) == (None, LATER)
    assert {line["subject_ids"][0] for line in traced} == {gone, left_in_time}


async def test_who_has_a_contract_or_a_session_since_is_not(database: Database) -> None:
    await an_adviser_in_post(database)
    ending = await an_adviser(database)
    await a_contract(database, ending, type="CDD", ends_on=(LATER - timedelta(days=YEARS * 365)).date())
    trained = await an_adviser(database)
    await register_in(database, trained, (MORNING + timedelta(days=90)).date())
    async with database.transaction() as tx:
        await tx.run("UPDATE adviser SET updated_at = $1 WHERE id = $2", LATER, await an_adviser(database))

    assert await _anonymised(database) == set()


async def test_a_round_looks_at_every_adviser_however_many_there_are(database: Database) -> None:
    await database.one(
        """INSERT INTO adviser (id, in_scheme, version, created_at, updated_at)
        SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, true, 1, $2, $2
        FROM generate_series(1, $1) n""",
        2 * LOOKED_AT_PER_STATEMENT + 1,
        LATER,
    )
    gone = {await an_adviser(database), await an_adviser(database)}

    assert await _anonymised(database) == gone


async def test_nothing_is_too_old_yet(database: Database) -> None:
    await an_adviser(database)

    assert not await InactivityRound(database, YEARS).anonymise_next(LATER - 2 * HOUR)


def test_durations_are_said_in_french() -> None:
    assert [duration_in_french(each) for each in (AUDIT_LOG_RETENTION, timedelta(days=90), timedelta(hours=72))] == [
        "1 an",
        "90 jours",
        "72 heures",
    ]
