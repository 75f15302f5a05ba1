"""Every kind of action at once, on the same advisers and on others: nothing deadlocks, and the ledger stays true."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.domain.errors import Conflict
from app.domain.rights.buckets import quota_buckets
from app.domain.rights.entitlements import holders
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from tests.fake_clock import MORNING
from tests.persistence.interleaved_transactions import count_deadlocks
from tests.persistence.postgres_errors import Deadlock
from tests.use_cases.random_actions import random_actions
from tests.use_cases.use_case_builders import an_adviser, day

ROUNDS = 12
AT_ONCE = 16

# The database itself says whether a write skipped a version or used one twice.
VERSIONS_FOLLOW = """
CREATE FUNCTION versions_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'version % follows %', NEW.version, OLD.version;
    END IF;
    RETURN NEW;
END $$
"""
WATCH_VERSIONS = """
CREATE TRIGGER versions_follow BEFORE UPDATE ON registration FOR EACH ROW EXECUTE FUNCTION versions_follow()
"""


def assert_the_ledger_is_true(dossier: AdviserSnapshot, today: date = MORNING.date()) -> None:  # noqa: B008  # a date
    """No unit twice; a unit for each funded module, and for nothing else; no bucket with more holders than units, but
    for sessions that had started when the file was corrected: nothing takes their funding away."""
    registrations = dossier.file.registrations
    units = [item.unit for item in registrations if item.unit is not None]
    assert len(units) == len(set(units))
    policy = dossier.policies.on(day("2026-06-15"))
    buckets = quota_buckets(dossier.file, policy, through=2027)
    held = holders(dossier.file, buckets)
    for bucket in buckets:
        started = [item for item in held[bucket.name] if item.first_day <= today]
        assert len(held[bucket.name]) <= max(bucket.units, len(started))
    for item in registrations:
        assert (item.unit is not None) == (item.funding == "state" and item.holds_a_unit_when_funded)


async def test_actions_of_every_kind_at_once_never_deadlock_nor_overdraw(
    database: Database, owner: Database, database_url: str
) -> None:
    await owner.one(VERSIONS_FOLLOW)
    await owner.one(WATCH_VERSIONS)
    play, outcomes = await random_actions(database, advisers=3), list[Any]()

    for _ in range(ROUNDS):
        await play.refresh()
        outcomes += await asyncio.gather(*(play.action() for _ in range(AT_ONCE)), return_exceptions=True)

    assert [item for item in outcomes if isinstance(item, BaseException) and not isinstance(item, Conflict)] == []
    done = [item for item in outcomes if not isinstance(item, BaseException)]
    assert len(done) > len(outcomes) / 2
    for adviser in play.contracts:
        assert_the_ledger_is_true(await read_snapshot(database, AdviserLock(LockTarget.ADVISER, adviser)))
    await database.close()
    assert await count_deadlocks(database_url) == 0


INSERT_A_CONTRACT = """INSERT INTO contract (id, adviser_id, type, starts_on, employer_siret, employer_name,
employer_legal_form, employer_aidants_connect_accredited, version, created_at, updated_at)
VALUES (gen_random_uuid(), $1, 'CDI', '2024-01-15', '1', 'x', 'public', false, 1, now(), now())"""


async def outcomes_of_inserting_then_locking(
    owner: Database, adviser: UUID, lock: str
) -> Sequence[BaseException | None]:
    """Two transactions, each with a contract of the adviser inserted before either locks the adviser."""
    inserted = asyncio.Barrier(2)

    async def one() -> None:
        async with owner.transaction() as tx:
            await tx.run("SET LOCAL deadlock_timeout = '20ms'")
            await tx.run(INSERT_A_CONTRACT, adviser)
            await inserted.wait()
            await tx.one(f"SELECT 1 FROM adviser WHERE id = $1 {lock}", adviser)  # noqa: S608  # one of the two below

    return await asyncio.gather(one(), one(), return_exceptions=True)


@pytest.mark.parametrize(("lock", "deadlocked"), [("FOR NO KEY UPDATE", 0), ("FOR UPDATE", 1)])
async def test_only_the_stronger_lock_deadlocks_with_foreign_keys(
    database: Database, owner: Database, lock: str, deadlocked: int
) -> None:
    adviser = await an_adviser(database)

    outcomes = await outcomes_of_inserting_then_locking(owner, adviser, lock)

    assert sum(isinstance(outcome, Deadlock) for outcome in outcomes) == deadlocked
    assert list(outcomes).count(None) == 2 - deadlocked
