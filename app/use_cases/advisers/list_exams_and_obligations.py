"""Lists computed by the rules from each adviser's file, page after page: exams to present, modules to follow."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.facts.adviser_file import AdviserFile
from app.domain.record.exam_presentations import PresentationStatus, presentations
from app.domain.record.obligations import ObligationStatus, obligations
from app.persistence.administration.policies import read_policies
from app.persistence.advisers import advisers
from app.persistence.advisers.adviser_files import read_files
from app.persistence.catalogue import read_qualifications
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.pagination import PageQuery, PageRows

MAX_FILES_PER_PAGE = 500  # per page: the filter may match in none of them
FILES_PER_STATEMENT = 100  # other requests have their turn in between
AFTER_LAST_NAME = "~"  # sorts after the name of any item
BEFORE_FIRST_KEY = f"{UUID(int=0)}/{AFTER_LAST_NAME}"

ItemsOf = Callable[[AdviserFile], Iterable[tuple[str, Any]]]
"""The items of a file that a list shows, each with a name that is unique within the file."""


@dataclass(frozen=True, slots=True)
class FileScan:
    """Of all advisers, or of those registered with the training organisation `owner`. Their identifiers are read
    through `reader`, which sees what the caller may; their files from `database`, as the rules need them whole."""

    database: Database
    reader: Reader
    owner: UUID | None = None

    async def page(self, page: PageQuery, items_of: ItemsOf, *, trained: bool = False) -> PageRows:
        """A page of rows with `adviser_id` and `found`. It covers MAX_FILES_PER_PAGE files at most, so that it may be
        short, or empty, and have others after it. `trained` leaves out advisers whose initial training cannot have
        ended. The key of a row is its adviser and its name.
        """
        place = str(page.after[0]) if page.after else BEFORE_FIRST_KEY
        ids, rows, keys = await self._next_advisers(place), list[dict[str, Any]](), list[str]()
        for start in range(0, len(ids), FILES_PER_STATEMENT):
            for file in await read_files(self.database, ids[start : start + FILES_PER_STATEMENT], trained=trained):
                named = {f"{file.adviser.id}/{name}": found for name, found in items_of(file)}
                fresh = sorted(key for key in named if key > place)
                keys += fresh
                rows += [{"adviser_id": file.adviser.id, "found": named[key]} for key in fresh]
                if len(rows) > page.limit:
                    return PageRows(rows[: page.limit], (keys[page.limit - 1],), has_more=True)
        whole = len(ids) < MAX_FILES_PER_PAGE
        return PageRows(rows, () if whole else (f"{ids[-1]}/{AFTER_LAST_NAME}",), has_more=not whole)

    async def _next_advisers(self, place: str) -> list[UUID]:
        """The next ones; first the adviser in whose file the page before ended, unless it ended with its last item."""
        adviser, _, name = place.partition("/")
        after, partly = UUID(adviser), [] if name == AFTER_LAST_NAME else [UUID(adviser)]
        limit = MAX_FILES_PER_PAGE - len(partly)
        return partly + await advisers.list_ids(self.reader, after=after, limit=limit, owner=self.owner)


async def exams_to_present(scan: FileScan, page: PageQuery, status: PresentationStatus | None, today: date) -> PageRows:
    """The exams in this state today (R37); in any state when None."""
    qualifications = await read_qualifications(scan.database)
    policy = (await read_policies(scan.database)).on(today)

    def items_of(file: AdviserFile) -> Iterable[tuple[str, Any]]:
        presented = presentations(file, qualifications, policy, today)
        return ((item.qualification, item) for item in presented if status in {None, item.status})

    return await scan.page(page, items_of, trained=True)


async def modules_to_follow(
    scan: FileScan, page: PageQuery, year: int | None, status: ObligationStatus | None, today: date
) -> PageRows:
    """The obligations of this civil year in this state today (section 7), that of initial training among them; of any
    year, in any state, when None."""
    policy = (await read_policies(scan.database)).on(today)

    def items_of(file: AdviserFile) -> Iterable[tuple[str, Any]]:
        owed = obligations(file, policy, today)
        of_the_year = (item for item in owed if year is None or item.is_owed_for(year, today))
        return ((item.period, item) for item in of_the_year if status in {None, item.status})

    return await scan.page(page, items_of)
