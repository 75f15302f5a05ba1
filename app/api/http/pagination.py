"""Pages of lists: parameters `limit` and `cursor`, and in the response `pagination.next` and `Link`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, NotRequired
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query, Request
from pydantic import Field, JsonValue
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import json_response
from app.api.http.fields.field_types import InstantText
from app.api.http.fields.list_parameters import parse_instant
from app.api.http.pagination_cursors import CursorSigner
from app.api.http.problems.problem_details import invalid_parameter
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import MAX_LIMIT, Filter, PageQuery, PageRows, PageTexts
from app.persistence.engine.transactions.change_watermark import read_watermark
from app.wording.languages import Sentence

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Nombre de lignes, de 1 à 500.")]
CURSOR_SCHEMA: dict[str, JsonValue] = {"pattern": "^[A-Za-z0-9_-]+$"}
MAX_CURSOR_LENGTH = 600
Cursor = Annotated[
    str | None,
    Query(
        max_length=MAX_CURSOR_LENGTH,
        description="Le `pagination.next` de la page précédente, avec les mêmes filtres.",
        json_schema_extra=CURSOR_SCHEMA,
    ),
]


def _instant_parameter(what: str) -> Any:
    """An instant as a parameter; `what` says in French how it bounds the list."""
    said = f"Instant RFC 3339 (`2026-01-31T00:00:00Z`), {what}."
    return Query(description=said, json_schema_extra={"format": "date-time"})


UpdatedSince = Annotated[
    InstantText | None,
    _instant_parameter("inclus ; trie par modification ; la `pagination.watermark` de la lecture précédente"),
]
Since = Annotated[InstantText | None, _instant_parameter("inclus")]
Until = Annotated[InstantText | None, _instant_parameter("exclu")]

DEFAULT_LIMIT = 100
UNTIL_BEFORE_SINCE = Sentence(fr="Précède `since`.", en="Is before `since`.")


class Pagination(TypedDict):
    """`next` est le curseur de la page suivante ; null à la dernière. `watermark`, avec `updated_since` seulement, est
    l’`updated_since` de la lecture suivante, le même à toutes les pages de celle-ci."""

    next: Annotated[str, Field(max_length=MAX_CURSOR_LENGTH, json_schema_extra=CURSOR_SCHEMA)] | None
    watermark: NotRequired[datetime]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that a client asked for. `parameters` are its filters as written; the next link repeats them."""

    path: str
    parameters: Mapping[str, str]
    has_own_limit: bool
    limit: int
    cursor: str | None
    updated_since: datetime | None

    async def respond(
        self,
        authorised: AuthorisedRequest,
        read: Callable[[Reader, PageQuery], Awaitable[PageRows]],
        filters: Sequence[Filter],
        to_resource: Callable[[Row], Mapping[str, Any]],
        *,
        subject_column: str | None = None,
    ) -> Response:
        """One page, audited; `subject_column` is the column of the adviser that a row is about.

        Raise Problem on a cursor of another list, other filters or another client.
        """
        page, marks = await self.query(authorised, filters)
        found = await read(authorised.reader, page)
        subjects = [row[subject_column] for row in found.rows] if subject_column is not None else []
        return await self._answer(authorised, [to_resource(row) for row in found.rows], found, marks, subjects)

    async def respond_with_texts(
        self,
        authorised: AuthorisedRequest,
        read: Callable[[Reader, PageQuery], Awaitable[PageTexts]],
        filters: Sequence[Filter],
        put_words_in: Callable[[str], str],
    ) -> Response:
        """The same, of resources that PostgreSQL wrote: `put_words_in` gives their JSON, made of theirs with marks."""
        page, marks = await self.query(authorised, filters)
        found = await read(authorised.reader, page)
        data = orjson.Fragment(f"[{put_words_in(','.join(found.texts))}]")
        return await self._answer(authorised, data, found, marks, found.subjects)

    async def query(
        self, authorised: AuthorisedRequest, filters: Sequence[Filter]
    ) -> tuple[PageQuery, dict[str, datetime]]:
        """What to read, and the watermark when there is one. Raise Problem."""
        after = self._cursor_signer(authorised).decode(self.cursor) if self.cursor is not None else None
        page = PageQuery(limit=self.limit, after=after, filters=filters)
        if self.updated_since is None:
            return page, {}
        page, watermark = await self._ordered_by_change(authorised, page, self.updated_since)
        return page, {"watermark": watermark}

    async def _answer(
        self,
        authorised: AuthorisedRequest,
        data: Sequence[Mapping[str, Any]] | orjson.Fragment,
        found: PageRows | PageTexts,
        marks: Mapping[str, datetime],
        subjects: Sequence[str],
    ) -> Response:
        cursor = self.next_cursor(authorised, found, marks)
        response = json_response({"data": data, "pagination": {"next": cursor, **marks}}, authorised.language)
        self.add_link(authorised, response, cursor)
        return await authorised.audit_read(response, *subjects)

    def next_cursor(
        self, authorised: AuthorisedRequest, found: PageRows | PageTexts, marks: Mapping[str, datetime]
    ) -> str | None:
        """None at the last page. `marks` is what `query` gave."""
        keys = (*(mark.isoformat() for mark in marks.values()), *found.last_keys)
        return self._cursor_signer(authorised).encode(keys) if found.has_more else None

    def add_link(self, authorised: AuthorisedRequest, response: Response, cursor: str | None) -> None:
        """Link to the next page, unless it is the last. A limit that nobody may write is left out."""
        if cursor is not None:
            size = {"limit": self.limit} if self.limit <= MAX_LIMIT else {}
            query = urlencode({**self.parameters, **size, "cursor": cursor})
            response.headers["Link"] = f'<{authorised.service.base_url}{self.path}?{query}>; rel="next"'

    async def _ordered_by_change(
        self, authorised: AuthorisedRequest, page: PageQuery, since: datetime
    ) -> tuple[PageQuery, datetime]:
        """The page in the order of changes, and the watermark: read before the first page, then carried by the cursors.
        Cursors of former versions carry none: what changed since `since` is then read again."""
        filters = [*page.filters, Filter("{t}.updated_at >= {}", since)]
        by_change = replace(page, sort="updated_at", filters=filters)
        if page.after is None:
            return by_change, await read_watermark(authorised.reader, authorised.now, since)
        *carried, changed, key = page.after
        marks = [mark for mark in carried if isinstance(mark, datetime)]
        return replace(by_change, after=(changed, key)), marks[0] if marks else since

    def _cursor_signer(self, authorised: AuthorisedRequest) -> CursorSigner:
        scope = orjson.dumps([self.path, str(authorised.client.id), sorted(self.parameters.items())])
        return CursorSigner(authorised.service.secrets, scope)


async def page_request(
    request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> PageRequest:
    since = parse_instant("updated_since", updated_since) if updated_since is not None else None
    return PageRequest(request.scope["path"], *_parameters(request), limit, cursor, since)


async def unversioned_page_request(
    request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> PageRequest:
    return PageRequest(request.scope["path"], *_parameters(request), limit, cursor, None)


def _parameters(request: Request) -> tuple[dict[str, str], bool]:
    """The filters, and whether there is a limit beside them."""
    given = request.query_params
    return {name: value for name, value in given.items() if name not in {"limit", "cursor"}}, "limit" in given


Paging = Annotated[PageRequest, Depends(page_request)]
# For lists whose rows never change.
UnversionedPaging = Annotated[PageRequest, Depends(unversioned_page_request)]


def equality_filters(**columns: object) -> list[Filter]:
    """A filter for each column whose value is not None."""
    return [Filter(f"{{t}}.{name} = {{}}", value) for name, value in columns.items() if value is not None]


def time_range_filters(column: str, since: str | None, until: str | None) -> list[Filter]:
    """The filters of the parameters `since`, included, and `until`, excluded. Raise Problem."""
    first, last = (
        parse_instant(name, each) if each is not None else None for name, each in (("since", since), ("until", until))
    )
    if first and last and last < first:
        raise invalid_parameter("until", UNTIL_BEFORE_SINCE)
    bounds = ((f"{{t}}.{column} >= {{}}", first), (f"{{t}}.{column} < {{}}", last))
    return [Filter(sql, bound) for sql, bound in bounds if bound is not None]
