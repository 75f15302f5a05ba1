"""Lists that the rules make: what each adviser's file says today, page after page."""

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
from app.persistence.engine.pagination import Page, Slice

LOOKED_AT_MOST = 500  # a page: what is asked for may be found in none of them
AT_ONCE = 100  # others have their turn in between
ALL = "~"  # after the name of any line
BEFORE_ALL = f"{UUID(int=0)}/{ALL}"

Lines = Callable[[AdviserFile], Iterable[tuple[str, Any]]]
"""What a list shows of a file: values, each with the name that tells it from the adviser's others."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Of whom: all advisers, or those registered with the training organisation `owner`. Who they are is asked of
    `reader`, which shows the caller its own; their files of `database`, because the rules need the whole of them."""

    database: Database
    reader: Reader
    owner: UUID | None = None

    async def page(self, page: Page, lines: Lines, *, trained: bool = False) -> Slice:
        """A page of rows with `adviser_id` and `found`, of at most so many files: it may be short, or empty, and have
        others after it. `trained` leaves out whose initial training can't have ended.

        The place of a row is its adviser and its name.
        """
        place = str(page.after[0]) if page.after else BEFORE_ALL
        ids, rows, keys = await self._who(place), list[dict[str, Any]](), list[str]()
        for start in range(0, len(ids), AT_ONCE):
            for file in await read_files(self.database, ids[start : start + AT_ONCE], trained=trained):
                named = {f"{file.adviser.id}/{name}": found for name, found in lines(file)}
                fresh = sorted(key for key in named if key > place)
                keys += fresh
                rows += [{"adviser_id": file.adviser.id, "found": named[key]} for key in fresh]
                if len(rows) > page.limit:
                    return Slice(rows[: page.limit], (keys[page.limit - 1],), more=True)
        whole = len(ids) < LOOKED_AT_MOST
        return Slice(rows, () if whole else (f"{ids[-1]}/{ALL}",), more=not whole)

    async def _who(self, place: str) -> list[UUID]:
        """Those who come next; first the one at whom the page before ended, unless nothing of theirs is left."""
        adviser, _, name = place.partition("/")
        after, partly = UUID(adviser), [] if name == ALL else [UUID(adviser)]
        limit = LOOKED_AT_MOST - len(partly)
        return partly + await advisers.list_ids(self.reader, after=after, limit=limit, owner=self.owner)


async def exams_to_present(survey: Survey, page: Page, status: PresentationStatus | None, today: date) -> Slice:
    """The exams in this state today (R37); in any, when None."""
    qualifications = await read_qualifications(survey.database)
    policy = (await read_policies(survey.database)).on(today)

    def lines(file: AdviserFile) -> Iterable[tuple[str, Any]]:
        presented = presentations(file, qualifications, policy, today)
        return ((item.qualification, item) for item in presented if status in {None, item.status})

    return await survey.page(page, lines, trained=True)


async def modules_to_follow(
    survey: Survey, page: Page, year: int | None, status: ObligationStatus | None, today: date
) -> Slice:
    """The obligations of this civil year in this state today (section 7); of any year, in any state, when None."""
    policy = (await read_policies(survey.database)).on(today)

    def lines(file: AdviserFile) -> Iterable[tuple[str, Any]]:
        owed = obligations(file, policy, today)
        return ((item.period, item) for item in owed if year in {None, item.year} and status in {None, item.status})

    return await survey.page(page, lines)
