"""Statistics from the counts that are kept are those of counting registrations one by one, however much is kept."""

from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime, timedelta

import pytest

from app.clock import utc_now
from app.persistence.administration import kept_counts
from app.persistence.administration.kept_counts import count_next_changes
from app.persistence.administration.statistics import (
    Grouping,
    Measure,
    Period,
    count_one_by_one,
    count_registrations,
)
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.transactions.audit_entries import AuditEntry
from tests.databases import Databases
from tests.fake_clock import MORNING

QUESTIONS: Sequence[tuple[Sequence[Grouping], Sequence[Measure]]] = (
    ((), tuple(Measure)),
    ((Grouping.MONTH,), (Measure.DAYS_TO_SESSION, Measure.FUNDED, Measure.DAYS_TO_DECISION)),
    ((Grouping.STATUS, Grouping.MONTH, Grouping.FUNDING), ()),
    ((Grouping.REASON, Grouping.STATUS), (Measure.DEROGATED, Measure.FUNDED)),
    ((Grouping.OVER_QUOTA,), ()),
    ((Grouping.MODULE, Grouping.TRAINING_ORGANISATION), (Measure.FUNDED,)),
    ((Grouping.DEPARTMENT,), (Measure.FUNDED, Measure.CORRECTED)),
    ((Grouping.MODULE,), (Measure.CORRECTED, Measure.DEROGATED)),
    ((Grouping.DEPARTMENT, Grouping.MODULE), tuple(Measure)),  # not kept
)
PERIODS = [
    Period(*(date.fromisoformat(day) if day else None for day in days))
    for days in (
        ("", ""),
        ("2025-01-01", "2025-12-31"),
        ("2025-03-05", "2026-06-14"),
        ("2026-05-05", "2026-05-20"),
        ("2026-05-01", "2026-05-20"),
        ("2026-05-05", "2026-05-31"),
        ("2026-04-15", "2026-05-10"),
        ("", "2026-04-17"),
        ("2026-04-17", ""),
    )
]
EVERYTHING = "SELECT kind, month, labels, count FROM registration_count WHERE count <> 0 ORDER BY 1, 2, 3"


@pytest.fixture
async def demonstrated(databases: Databases, demonstration: str) -> AsyncGenerator[Database]:
    """The demonstration, in which every case occurs."""
    opened = open_database(databases.copy(demonstration), pool_size=2)
    yield opened
    await opened.close()


async def expect_the_same(database: Database) -> None:
    for period in PERIODS:
        for groups, measures in QUESTIONS:
            kept = await count_registrations(database, period, groups, measures, owner=None)
            counted = await count_one_by_one(database, period, groups, measures, owner=None)
            shown = [[*row.items()] for row in kept]
            assert shown == [[*row.items()] for row in counted], (period, groups, measures)


async def count_all(database: Database) -> None:
    while await count_next_changes(database, utc_now()):
        pass


async def change(database: Database, statement: str, at: datetime) -> None:
    async with database.transaction(audit_entry=AuditEntry(None, "test", None, at)) as tx:
        assert await tx.many(f"{statement} RETURNING 1", at)


async def change_many_things(database: Database) -> None:
    """Registrations change their state, leave a quota, get a reason, are derogated and corrected; advisers move."""
    at = MORNING + timedelta(days=1)
    third = "UPDATE registration r SET updated_at = $1, {} WHERE id IN (SELECT id FROM registration WHERE {})"
    await change(database, third.format("status = 'completed'", "status = 'accepted' AND funding = 'state'"), at)
    await change(database, third.format("status = 'cancelled', unit = NULL, funding = NULL", "funding = 'none'"), at)
    await change(database, third.format("attendance_corrected = true", "status = 'completed'"), at)
    await change(database, third.format("derogated = true, status = 'accepted'", "status = 'refused'"), at)
    await change(database, third.format("session_starts_on = session_starts_on - 2", "derogated"), at)
    await change(
        database,
        third.format(
            "decision_id = (SELECT d.id FROM decision d WHERE d.reasons::text <> '[]' ORDER BY d.id LIMIT 1)",
            "status = 'awaiting_choice'",
        ),
        at,
    )
    await change(database, "UPDATE adviser SET updated_at = $1, department = '974' WHERE department <> '974'", at)


async def test_nothing_is_kept_yet(demonstrated: Database) -> None:
    await expect_the_same(demonstrated)


@pytest.mark.parametrize("changes_per_statement", [3, 500])
async def test_all_is_kept(demonstrated: Database, changes_per_statement: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_counts, "CHANGES_PER_STATEMENT", changes_per_statement)

    await count_all(demonstrated)

    registrations = await demonstrated.one("SELECT count(*) AS count FROM registration")
    assert registrations == await demonstrated.one("SELECT count(*) AS count FROM counted_registration")
    await expect_the_same(demonstrated)


async def test_what_has_changed_since_is_seen_at_once_and_counted_later(demonstrated: Database) -> None:
    await count_all(demonstrated)

    await change_many_things(demonstrated)

    await expect_the_same(demonstrated)
    await count_all(demonstrated)
    await expect_the_same(demonstrated)


async def test_counts_that_followed_every_change_are_those_of_a_first_count(demonstrated: Database) -> None:
    await count_all(demonstrated)
    await change_many_things(demonstrated)
    await count_all(demonstrated)
    followed = await demonstrated.many(EVERYTHING)
    for statement in ("DELETE FROM counted_registration", "DELETE FROM registration_count"):
        await demonstrated.many(statement)
    await demonstrated.many("UPDATE counting_mark SET reached = '-infinity'")

    await count_all(demonstrated)

    assert await demonstrated.many(EVERYTHING) == followed


async def test_what_another_process_counts_is_left_to_it(demonstrated: Database) -> None:
    async with demonstrated.transaction() as tx:
        await tx.one(kept_counts.READ_MARK)

        assert not await count_next_changes(demonstrated, utc_now())

    assert await count_next_changes(demonstrated, utc_now())


async def test_while_much_is_not_counted_registrations_are_counted_one_by_one(
    demonstrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count_all(demonstrated)
    await demonstrated.many("UPDATE registration_count SET count = count + 1")  # so that it shows what is read
    monkeypatch.setattr(kept_counts, "MOST_UNCOUNTED", 3)

    with pytest.raises(AssertionError):
        await expect_the_same(demonstrated)

    await demonstrated.many("UPDATE counting_mark SET reached = '-infinity'")
    await expect_the_same(demonstrated)


@pytest.mark.parametrize("table", ["registration", "adviser"])
async def test_changes_of_either_list_are_too_many(
    demonstrated: Database, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count_all(demonstrated)
    assert await kept_counts.nearly_all_is_counted(demonstrated)
    at = utc_now()
    five = f"UPDATE {table} SET updated_at = $1 WHERE id IN (SELECT id FROM {table} LIMIT 5)"  # noqa: S608  # a name above
    await change(demonstrated, five, at)

    monkeypatch.setattr(kept_counts, "MOST_UNCOUNTED", 5)
    assert await kept_counts.nearly_all_is_counted(demonstrated)

    monkeypatch.setattr(kept_counts, "MOST_UNCOUNTED", 4)
    assert not await kept_counts.nearly_all_is_counted(demonstrated)


async def test_what_somebody_writes_without_an_instant_is_waited_for(demonstrated: Database) -> None:
    mark = "SELECT reached FROM counting_mark"
    before = await demonstrated.one(mark)
    async with demonstrated.transaction() as tx:
        await tx.run("UPDATE registration SET version = version")

        assert await count_next_changes(demonstrated, utc_now())
        assert await demonstrated.one(mark) == before

    await count_all(demonstrated)
    assert await demonstrated.one(mark) != before
