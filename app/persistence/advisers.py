"""Advisers as a client may see them. A training organisation sees those registered with it."""

from uuid import UUID

from app.persistence.database import Reader
from app.persistence.driver import Row
from app.persistence.pages import Filter, Page, Slice

SELECT = "SELECT a.* FROM adviser a"
_REGISTERED = "EXISTS (SELECT FROM registration r WHERE r.adviser_id = {t}.id AND r.training_organisation_id = {})"


def visible_to(owner: UUID | None) -> list[Filter]:
    """No filter for whoever is not a training organisation."""
    return [] if owner is None else [Filter(_REGISTERED, owner)]


async def read(reader: Reader, adviser: UUID, *, owner: UUID | None) -> Row | None:
    """One adviser; None when unknown, or not registered with the training organisation `owner`."""
    registered = _REGISTERED.format("$2", t="a")
    return await reader.one(f"{SELECT} WHERE a.id = $1 AND ($2::uuid IS NULL OR {registered})", adviser, owner)


async def list_page(reader: Reader, page: Page) -> Slice:
    return await page.of(reader, SELECT, alias="a")
