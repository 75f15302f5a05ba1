"""Contracts as a list."""

from app.persistence.database import Reader
from app.persistence.pages import Page, Slice


async def list_page(reader: Reader, page: Page) -> Slice:
    return await page.of(reader, "SELECT c.* FROM contract c", alias="c")
