"""Lists that the rules make are walked without skipping or repeating, however the pages fall."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.domain.record.exam_presentations import PresentationStatus
from app.persistence.advisers.adviser_files import read_files
from app.persistence.engine.database import Database
from app.persistence.engine.pagination import Page, Slice
from app.use_cases.advisers import list_exams_and_obligations
from app.use_cases.advisers.list_exams_and_obligations import Survey, exams_to_present, modules_to_follow
from app.use_cases.record_certification import Result, certify
from tests.use_cases.use_case_builders import an_adviser, an_adviser_in_post, asking, day

TODAY = day("2026-06-15")
TRAINED_ON = {"initial_training_ended_on": day("2022-06-03")}
ADVISERS = 7

Turn = Callable[[Page], Awaitable[Slice]]


@pytest.fixture
async def seen(database: Database) -> Survey:
    """Seven advisers with two exams overdue and three years late or due each, and one without any."""
    for _ in range(ADVISERS):
        await an_adviser_in_post(database, **TRAINED_ON)
    await an_adviser(database, initial_training_entered_on=None)
    return Survey(database, database)


async def walked(turn: Turn, limit: int) -> list[tuple[str, str]]:
    """Every row of every page, by its adviser and its name; no page is longer than asked."""
    rows, after = list[tuple[str, str]](), None
    while True:
        found = await turn(Page(limit, after=after))
        named = [
            (row["adviser_id"], getattr(row["found"], "qualification", None) or row["found"].period)
            for row in found.rows
        ]
        assert len(named) <= limit
        rows += [(str(adviser), str(name)) for adviser, name in named]
        if not found.more:
            return rows
        after = found.keys


@pytest.mark.parametrize(("at_most", "at_once"), [(500, 100), (3, 2), (2, 1), (8, 8), (7, 4)])
async def test_a_walk_neither_skips_nor_repeats(
    seen: Survey, monkeypatch: pytest.MonkeyPatch, at_most: int, at_once: int
) -> None:
    monkeypatch.setattr(list_exams_and_obligations, "LOOKED_AT_MOST", at_most)
    monkeypatch.setattr(list_exams_and_obligations, "AT_ONCE", at_once)

    for limit in (1, 2, 3, 5, 14, 500):
        exams = await walked(lambda page: exams_to_present(seen, page, None, TODAY), limit)
        modules = await walked(lambda page: modules_to_follow(seen, page, None, None, TODAY), limit)

        assert (exams, modules) == (sorted({*exams}), sorted({*modules}))
        assert (len(exams), len(modules)) == (ADVISERS * 2, ADVISERS * 3)


async def test_a_page_without_a_line_may_have_others_after_it(seen: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_exams_and_obligations, "LOOKED_AT_MOST", 2)
    rows = await seen.database.many("SELECT id FROM adviser WHERE initial_training_ended_on IS NOT NULL ORDER BY id")
    last = rows[-1]["id"]
    await certify(seen.database, Result(last, "pix", CertificationOutcome.OBTAINED, TODAY, None, None), asking())

    first = await exams_to_present(seen, Page(10), PresentationStatus.MET, TODAY)
    found = await walked(lambda page: exams_to_present(seen, page, PresentationStatus.MET, TODAY), 10)

    assert (first.rows, first.more) == ([], True)
    assert found == [(str(last), "pix")]


async def test_only_the_files_that_may_have_exams_are_read(seen: Survey) -> None:
    ids = [row["id"] for row in await seen.database.many("SELECT id FROM adviser")]

    read = [len(await read_files(seen.database, ids, trained=trained)) for trained in (True, False)]

    assert read == [ADVISERS, ADVISERS + 1]
