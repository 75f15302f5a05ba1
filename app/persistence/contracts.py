"""Employment contracts of advisers."""

from collections.abc import Collection
from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.upsert import ResourceTable

CONTRACTS = ResourceTable("contract")


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, "SELECT c.* FROM contract c", table_alias="c")


async def read_known(reader: Reader, advisers: Collection[UUID], ids: Collection[UUID]) -> list[Row]:
    """The contracts of these advisers, and those with one of these ids."""
    return await reader.many(
        "SELECT * FROM contract WHERE adviser_id = ANY($1) UNION SELECT * FROM contract WHERE id = ANY($2)",
        list(advisers),
        list(ids),
    )


async def can_renew(reader: Reader, renewed: object, adviser: object, contract: object) -> bool:
    """Whether `renewed` is another contract of the same adviser."""
    statement = "SELECT id FROM contract WHERE id = $1 AND adviser_id = $2 AND id <> $3"
    return await reader.one(statement, renewed, adviser, contract) is not None
