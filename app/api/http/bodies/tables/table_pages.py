"""A list as a table: one file of all that the filters let through, as far as a file goes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.tables.table import Table
from app.api.http.bodies.tables.table_responses import MAX_TABLE_ROWS, table_response
from app.api.http.pagination import PageRequest
from app.persistence.engine.database import Reader
from app.persistence.engine.pagination import Filter, PageQuery, PageRows


async def respond_with_table(
    paging: PageRequest,
    authorised: AuthorisedRequest,
    media_type: str,
    read: Callable[[Reader, PageQuery], Awaitable[PageRows]],
    filters: Sequence[Filter],
    to_table: Callable[[Sequence[Mapping[str, Any]]], Table],
    *,
    subject_column: str | None = None,
) -> Response:
    """As CSV or XLSX. See `respond_with_file`."""

    async def to_response(rows: Sequence[Mapping[str, Any]]) -> Response:
        return await table_response(to_table(rows), media_type)

    return await respond_with_file(
        paging, authorised, read, filters, to_response, longest=MAX_TABLE_ROWS, subject_column=subject_column
    )


async def respond_with_file(
    paging: PageRequest,
    authorised: AuthorisedRequest,
    read: Callable[[Reader, PageQuery], Awaitable[PageRows]],
    filters: Sequence[Filter],
    to_response: Callable[[Sequence[Mapping[str, Any]]], Awaitable[Response]],
    *,
    longest: int,
    subject_column: str | None = None,
) -> Response:
    """As many rows as the parameter `limit` says, `longest` without it; what follows is linked to, as it is from a
    page. Audited as a page is: `subject_column` is the column of the adviser that a row is about. Raise Problem."""
    whole = paging if paging.has_own_limit else replace(paging, limit=longest)
    page, marks = await whole.query(authorised, filters)

    async def read_and_write() -> tuple[PageRows, Response]:
        found = await read(authorised.reader, page)
        return found, await to_response(found.rows)

    found, response = await authorised.run_heavy_work(read_and_write)
    whole.add_link(authorised, response, whole.next_cursor(authorised, found, marks))
    subjects = [row[subject_column] for row in found.rows] if subject_column is not None else []
    return await authorised.audit_read(response, *subjects)
