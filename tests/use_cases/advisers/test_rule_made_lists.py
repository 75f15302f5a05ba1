"""Lists computed by the rules are read page by page without skipping or repeating, however the pages fall."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.facts.certification import CertificationOutcome
from app.domain.record.exam_presentations import PresentationStatus
from app.persistence.advisers.adviser_files import read_files
from app.persistence.engine.database import Database
from app.persistence.engine.pagination import PageQuery, PageRows
from app.use_cases.advisers import list_exams_and_obligations
from app.use_cases.advisers.list_exams_and_obligations import FileScan, exams_to_present, modules_to_follow
from app.use_cases.certifications.record_certification import record_result
from app.use_cases.certifications.result_ledger import ExamResult
from tests.use_cases.use_case_builders import a_request_context, an_adviser, an_adviser_in_post, day

TODAY = day("2026-06-15")
TRAINED_ON = {"initial_training_ended_on": day("2022-06-03")}
ADVISERS = 7

ReadPage = Callable[[PageQuery], Awaitable[PageRows]]


@pytest.fixture
async def overdue_advisers(database: Database) -> FileScan:
    """Seven advisers with two exams overdue and three years late or due each, and one without any."""
    for _ in range(ADVISERS):
        await an_adviser_in_post(database, **TRAINED_ON)
    await an_adviser(database, initial_training_entered_on=None)
    return FileScan(database, database)


async def walk_pages(turn: ReadPage, limit: int) -> list[tuple[str, str]]:
    """Every row of every page, by its adviser and its name; no page is longer than asked."""
    rows, after = list[tuple[str, str]](), None
    while True:
        found = await turn(PageQuery(limit, after=after))
        named = [
            (row["adviser_id"], getattr(row["found"], "qualification", None) or row["found"].period)
            for row in found.rows
        ]
        assert len(named) <= limit
        rows += [(str(adviser), str(name)) for adviser, name in named]
        if not found.has_more:
            return rows
        after = found.last_keys


@pytest.mark.parametrize(("at_most", "at_once"), [(500, 100), (3, 2), (2, 1), (8, 8), (7, 4)])
async def test_a_walk_neither_skips_nor_repeats(
    overdue_advisers: FileScan, monkeypatch: pytest.MonkeyPatch, at_most: int, at_once: int
) -> None:
    monkeypatch.setattr(list_exams_and_obligations, "MAX_FILES_PER_PAGE", at_most)
    monkeypatch.setattr(list_exams_and_obligations, "FILES_PER_STATEMENT", at_once)

    for limit in (1, 2, 3, 5, 14, 500):
        exams = await walk_pages(lambda page: exams_to_present(overdue_advisers, page, None, TODAY), limit)
        modules = await walk_pages(lambda page: modules_to_follow(overdue_advisers, page, None, None, TODAY), limit)

        assert (exams, modules) == (sorted({*exams}), sorted({*modules}))
        assert (len(exams), len(modules)) == (ADVISERS * 2, ADVISERS * 3)


async def test_a_page_without_a_line_may_have_others_after_it(
    overdue_advisers: FileScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_exams_and_obligations, "MAX_FILES_PER_PAGE", 2)
    rows = await overdue_advisers.database.many(
        "SELECT id FROM adviser WHERE initial_training_ended_on IS NOT NULL ORDER BY id"
    )
    last = rows[-1]["id"]
    await record_result(
        overdue_advisers.database,
        ExamResult(last, "pix", CertificationOutcome.OBTAINED, TODAY, None, None),
        a_request_context(),
    )

    first = await exams_to_present(overdue_advisers, PageQuery(10), PresentationStatus.MET, TODAY)
    found = await walk_pages(lambda page: exams_to_present(overdue_advisers, page, PresentationStatus.MET, TODAY), 10)

    assert (first.rows, first.has_more) == ([], True)
    assert found == [(str(last), "pix")]


async def test_only_the_files_that_may_have_exams_are_read(overdue_advisers: FileScan) -> None:
    ids = [row["id"] for row in await overdue_advisers.database.many("SELECT id FROM adviser")]

    read = [len(await read_files(overdue_advisers.database, ids, trained=trained)) for trained in (True, False)]

    assert read == [ADVISERS, ADVISERS + 1]
