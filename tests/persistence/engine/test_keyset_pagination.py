"""A walk through a list by its keys sees every row once, even when thousands of them share their instant."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.persistence.advisers import advisers
from app.persistence.engine.database import Database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, PageQuery
from tests.fake_clock import MORNING

SAME_INSTANT = """INSERT INTO adviser (id, in_scheme, department, version, created_at, updated_at)
SELECT gen_random_uuid(), true, CASE WHEN number % 10 = 0 THEN '974' ELSE '35' END, 1, $2, $2
FROM generate_series(1, $1) AS number"""
ADVISERS = 2_000


def key_of(row: Row, sort: str) -> tuple[datetime, str]:
    """Where the next page begins; a page is JSON, and an instant there is a text."""
    return datetime.fromisoformat(str(row[sort])), str(row["id"])


async def walk(
    database: Database, limit: int, *, sort: str = "created_at", filters: Sequence[Filter] = ()
) -> tuple[list[UUID], list[int]]:
    """The ids in the order seen, and the sizes of the pages."""
    seen: list[UUID] = []
    sizes: list[int] = []
    after = None
    while True:
        found = await advisers.list_page(database, PageQuery(limit=limit, sort=sort, after=after, filters=filters))
        seen += [UUID(str(row["id"])) for row in found.rows]
        sizes.append(len(found.rows))
        if not found.has_more:
            return seen, sizes
        after = key_of(found.rows[-1], sort)


@pytest.mark.parametrize("limit", [7, 100, 499, 500])
async def test_a_walk_through_equal_instants_has_no_hole_and_no_double(database: Database, limit: int) -> None:
    await database.one(SAME_INSTANT, ADVISERS, MORNING)

    seen, sizes = await walk(database, limit)

    assert len(seen) == len(set(seen)) == ADVISERS
    assert seen == sorted(seen)
    assert set(sizes[:-1]) == {limit}
    assert 0 < sizes[-1] <= limit


async def test_a_walk_may_take_one_row_at_a_time(database: Database) -> None:
    await database.one(SAME_INSTANT, 40, MORNING)

    seen, sizes = await walk(database, 1)

    assert len(set(seen)) == 40
    assert sizes == [1] * 40


@pytest.mark.parametrize(("rows", "pages"), [(0, [0]), (4, [4]), (5, [5]), (6, [5, 1]), (10, [5, 5])])
async def test_the_last_page_is_never_followed_by_an_empty_one(database: Database, rows: int, pages: list[int]) -> None:
    await database.one(SAME_INSTANT, rows, MORNING)

    _, sizes = await walk(database, 5)

    assert sizes == pages


async def test_filters_hold_on_every_page(database: Database) -> None:
    await database.one(SAME_INSTANT, 500, MORNING)

    seen, _ = await walk(database, 7, filters=[Filter("{t}.department = {}", "974")])

    overseas = await database.many("SELECT id FROM adviser WHERE department = '974'")
    assert Counter(seen) == Counter(row["id"] for row in overseas)


async def test_a_walk_by_modification_sees_what_is_modified_meanwhile_again(database: Database) -> None:
    await database.one(SAME_INSTANT, 20, MORNING)
    first = await advisers.list_page(database, PageQuery(limit=5, sort="updated_at"))
    touched = first.rows[0]["id"]
    await database.one("UPDATE adviser SET updated_at = $2 WHERE id = $1", touched, MORNING + timedelta(hours=1))

    after = key_of(first.rows[-1], "updated_at")
    rest = await advisers.list_page(database, PageQuery(limit=500, sort="updated_at", after=after))

    assert [row["id"] for row in rest.rows][-1] == touched
    assert len(rest.rows) == 16


async def test_rows_added_behind_a_walk_do_not_disturb_it(database: Database) -> None:
    await database.one(SAME_INSTANT, 200, MORNING)
    walking = asyncio.create_task(walk(database, 3))
    for number in range(1, 6):
        await database.one(SAME_INSTANT, 10, MORNING - timedelta(minutes=number))

    seen, _ = await walking

    assert len(seen) == len(set(seen))
    rows = await database.many("SELECT id FROM adviser WHERE created_at = $1", MORNING)
    assert {row["id"] for row in rows} <= set(seen)
