"""Advisers. A training organisation sees those with a live registration of its own, without their e-mail."""

from collections.abc import Collection
from uuid import UUID

from app.persistence.advisers.adviser_visibility import HAS_LIVE_REGISTRATION
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, PageQuery, PageRows
from app.persistence.engine.transactions.adviser_locks import LOCK_ADVISER
from app.persistence.engine.upsert import ResourceTable

ADVISERS = ResourceTable("adviser")

SELECT = "SELECT a.* FROM adviser a"
# Without the e-mail, which the role of training organisations may not read.
SELECT_FOR_AN_ORGANISATION = """SELECT a.id, a.conum_id, a.first_name, a.last_name, a.department, a.in_scheme,
    a.initial_training_entered_on, a.initial_training_ended_on, a.anonymised_at, a.version, a.created_at, a.updated_at
FROM adviser a"""
_IS_VISIBLE = HAS_LIVE_REGISTRATION.format(adviser="{t}.id", organisation="{}")


def visible_to(owner: UUID | None) -> list[Filter]:
    """The filter on what the training organisation `owner` may see; none when None."""
    return [] if owner is None else [Filter(_IS_VISIBLE, owner)]


async def read(reader: Reader, adviser: UUID, *, owner: UUID | None) -> Row | None:
    """One adviser; None when unknown, or when the training organisation `owner` may not see them."""
    if owner is None:
        return await reader.one(f"{SELECT} WHERE a.id = $1", adviser)
    visible = _IS_VISIBLE.format("$2", t="a")
    return await reader.one(f"{SELECT_FOR_AN_ORGANISATION} WHERE a.id = $1 AND {visible}", adviser, owner)


async def list_ids(reader: Reader, *, after: UUID, limit: int, owner: UUID | None = None) -> list[UUID]:
    """The ids of at most `limit` advisers after this one, in their order, without those anonymised; only those whom the
    training organisation `owner` may see, when there is one."""
    visible = _IS_VISIBLE.format("$3", t="a")
    rows = await reader.many(
        f"""SELECT a.id FROM adviser a WHERE a.id > $1 AND a.anonymised_at IS NULL
            AND ($3::uuid IS NULL OR {visible}) ORDER BY a.id LIMIT $2""",
        after,
        limit,
        owner,
    )
    return [row["id"] for row in rows]


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, SELECT, table_alias="a")


async def list_page_for_an_organisation(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, SELECT_FOR_AN_ORGANISATION, table_alias="a")


LOCK = f"{LOCK_ADVISER} WHERE id = $1 RETURNING *"

# By id, ID Conum or e-mail in small letters. In the order of ids, in which advisers are locked everywhere.
LOCK_NAMED = f"""WITH named AS MATERIALIZED (
    SELECT id FROM adviser WHERE id IN (
        SELECT id FROM adviser WHERE id = ANY($1)
        UNION SELECT id FROM adviser WHERE conum_id = ANY($2)
        UNION SELECT id FROM adviser WHERE lower(email) = ANY($3)
    ) ORDER BY id FOR NO KEY UPDATE
)
{LOCK_ADVISER} FROM named WHERE adviser.id = named.id RETURNING adviser.*"""

# The same for a training organisation ($3): by ID Conum those that it may see, and none by an e-mail that it may not
# read. Locked in the same order.
LOCK_NAMED_BY_AN_ORGANISATION = f"""WITH named AS MATERIALIZED (
    SELECT id FROM adviser WHERE id IN (
        SELECT id FROM adviser WHERE id = ANY($1)
        UNION SELECT a.id FROM adviser a WHERE a.conum_id = ANY($2) AND {_IS_VISIBLE.format("$3", t="a")}
    ) ORDER BY id FOR NO KEY UPDATE
)
{LOCK_ADVISER} FROM named WHERE adviser.id = named.id
RETURNING adviser.*, {_IS_VISIBLE.format("$3", t="adviser")} AS is_visible"""


async def lock(transaction: Transaction, adviser: UUID) -> Row | None:
    """The row of the adviser, locked until the transaction ends; None when unknown."""
    return await transaction.one(LOCK, adviser)


async def lock_named(
    transaction: Transaction, ids: Collection[UUID], conum_ids: Collection[int], emails: Collection[str]
) -> list[Row]:
    """The rows of these advisers, locked until the transaction ends."""
    return await transaction.many(LOCK_NAMED, list(ids), list(conum_ids), list(emails))


async def lock_named_by_an_organisation(
    transaction: Transaction, ids: Collection[UUID], conum_ids: Collection[int], organisation: UUID
) -> list[Row]:
    """The rows of these advisers, locked until the transaction ends; `is_visible` says which the organisation may see.
    One that it may not see is found by its id alone."""
    return await transaction.many(LOCK_NAMED_BY_AN_ORGANISATION, list(ids), list(conum_ids), organisation)


async def conum_id_is_taken(reader: Reader, conum_id: int, adviser: object) -> bool:
    """Whether another adviser has this ID Conum."""
    return await reader.one("SELECT id FROM adviser WHERE conum_id = $1 AND id <> $2", conum_id, adviser) is not None
