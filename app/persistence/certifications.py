"""Certifications. A training organisation sees those that it recorded, and those of its advisers."""

from collections.abc import Collection
from uuid import UUID

from app.persistence.advisers.adviser_visibility import HAS_LIVE_REGISTRATION
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, PageQuery, PageRows
from app.persistence.engine.upsert import ResourceTable

CERTIFICATIONS = ResourceTable("certification")

SELECT = "SELECT c.* FROM certification c"
_OF_ITS_ADVISERS = HAS_LIVE_REGISTRATION.format(adviser="{t}.adviser_id", organisation="{}")
_IS_VISIBLE = f"({{t}}.training_organisation_id = {{}} OR {_OF_ITS_ADVISERS})"


def visible_to(owner: UUID | None) -> list[Filter]:
    """The filter on what the training organisation `owner` may see; none when None."""
    return [] if owner is None else [Filter(_IS_VISIBLE.replace("{}", "{0}"), owner)]


async def read(reader: Reader, certification: UUID, *, owner: UUID | None) -> Row | None:
    """One certification; None when it is unknown, or the training organisation `owner` may not see it."""
    visible = _IS_VISIBLE.replace("{}", "$2").format(t="c")
    return await reader.one(f"{SELECT} WHERE c.id = $1 AND ($2::uuid IS NULL OR {visible})", certification, owner)


async def read_counting(reader: Reader, advisers: Collection[UUID]) -> list[Row]:
    """The results of these advisers that count, those of one qualification in the order of their days."""
    return await reader.many(
        f"""{SELECT} WHERE c.adviser_id = ANY($1) AND c.annulled_on IS NULL
        ORDER BY c.adviser_id, c.qualification, c."on", c.id""",
        list(advisers),
    )


async def read_all_of(reader: Reader, advisers: Collection[UUID]) -> list[Row]:
    """Every result of these advisers, those annulled first."""
    return await reader.many(
        f"{SELECT} WHERE c.adviser_id = ANY($1) ORDER BY c.annulled_on IS NULL, c.id", list(advisers)
    )


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, SELECT, table_alias="c")
