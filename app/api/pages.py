"""Lists: `limit` and an opaque cursor in, `pagination.next` and `Link` out. A cursor belongs to its filters."""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Depends, Query, Request
from pydantic import Field, JsonValue
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.access import Asking
from app.api.bodies import said
from app.api.problems import Problem, as_shown, field_error, pointer_to
from app.persistence.database import Reader
from app.persistence.driver import Row
from app.persistence.pages import MAX_LIMIT, Filter, Page, Slice
from app.wording.languages import Sentence

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Nombre de lignes, de 1 à 500.")]
CURSOR: dict[str, JsonValue] = {"pattern": "^[A-Za-z0-9_-]+$"}
LONGEST_CURSOR = 600
Cursor = Annotated[
    str | None,
    Query(
        max_length=LONGEST_CURSOR,
        description="Le `pagination.next` de la page précédente, avec les mêmes filtres.",
        json_schema_extra=CURSOR,
    ),
]


def _an_instant(what: str) -> Any:
    """A parameter that is one; `what` says how it bounds, in French."""
    said = f"Instant RFC 3339 (`2026-01-31T00:00:00Z`), {what}."
    return Query(max_length=40, description=said, json_schema_extra={"format": "date-time"})


UpdatedSince = Annotated[str | None, _an_instant("inclus ; trie par modification")]
Since = Annotated[str | None, _an_instant("inclus")]
Until = Annotated[str | None, _an_instant("exclu")]

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+ -]\d\d:\d\d)", re.ASCII)
_SIGNATURE_BYTES = 12
DEFAULT_LIMIT = 100
LONGEST_INTEGER = 18

FOREIGN_CURSOR = Sentence(
    fr="Ce curseur n’est pas de cette liste, de ces filtres ou de ce client.",
    en="This cursor is not of this list, of these filters or of this client.",
)
UUIDS = Sentence(fr="Des UUID séparés par des virgules.", en="UUIDs separated by commas.")
INTEGERS = Sentence(fr="Des entiers séparés par des virgules.", en="Integers separated by commas.")
INSTANT = Sentence(
    fr="Un instant RFC 3339 avec son décalage, comme 2026-01-31T00:00:00Z.",
    en="An RFC 3339 instant with its offset, such as 2026-01-31T00:00:00Z.",
)


class Pagination(TypedDict):
    """`next` est le curseur de la page suivante ; null à la dernière."""

    next: Annotated[str, Field(max_length=LONGEST_CURSOR, json_schema_extra=CURSOR)] | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a client asked to list; `parameters` are its filters as written, which the next link repeats."""

    path: str
    parameters: Mapping[str, str]
    limit: int
    cursor: str | None
    updated_since: datetime | None

    async def answered(
        self,
        asking: Asking,
        read: Callable[[Reader, Page], Awaitable[Slice]],
        filters: Sequence[Filter],
        worded: Callable[[Row], Mapping[str, Any]],
        *,
        whose: str | None = None,
    ) -> Response:
        """One page; `whose` is the column of the adviser that a row is about.

        Raise Problem on a cursor of another list, other filters or another client.
        """
        conditions, sort = [*filters], None
        if self.updated_since is not None:
            conditions, sort = [*filters, Filter("{t}.updated_at >= {}", self.updated_since)], "updated_at"
        seal = self._seal(asking)
        after = seal.opened(self.cursor) if self.cursor is not None else None
        page = Page(limit=self.limit, sort=sort, after=after, filters=conditions)
        found = await read(asking.reader, page)
        cursor = seal.sealed(found.keys) if found.more else None
        body = {"data": [worded(row) for row in found.rows], "pagination": {"next": cursor}}
        response = said(body, asking.language)
        if cursor is not None:
            query = urlencode({**self.parameters, "limit": self.limit, "cursor": cursor})
            response.headers["Link"] = f'<{asking.service.base_url}{self.path}?{query}>; rel="next"'
        return await asking.showing(response, *(row[whose] for row in found.rows if whose))

    def _seal(self, asking: Asking) -> "Seal":
        scope = orjson.dumps([self.path, str(asking.client.id), sorted(self.parameters.items())])
        return Seal(asking.service.pepper.secrets, scope)


@dataclass(frozen=True, slots=True)
class Seal:
    """Cursors signed for one list, its filters and one client."""

    secrets: tuple[str, ...]
    scope: bytes

    def sealed(self, keys: Sequence[str | int]) -> str:
        content = orjson.dumps(keys)
        return urlsafe_b64encode(self._signature(self.secrets[0], content) + content).decode().rstrip("=")

    def opened(self, cursor: str) -> tuple[datetime | str, ...]:
        """The keys of the last row seen. Raise Problem."""
        *instants, key = self.unsealed(cursor)
        return *(datetime.fromisoformat(instant) for instant in instants), key

    def unsealed(self, cursor: str) -> list[Any]:
        """What was sealed. Raise Problem."""
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            sealed = b""
        signature, content = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
        if not any(hmac.compare_digest(signature, self._signature(secret, content)) for secret in self.secrets):
            raise Problem("invalid-cursor", FOREIGN_CURSOR)
        keys: list[Any] = orjson.loads(content)
        return keys

    def _signature(self, secret: str, content: bytes) -> bytes:
        return hmac.digest(f"cursor:{secret}".encode(), self.scope + content, sha256)[:_SIGNATURE_BYTES]


async def page_request(
    request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None, updated_since: UpdatedSince = None
) -> PageRequest:
    since = instant("updated_since", updated_since) if updated_since is not None else None
    return PageRequest(request.scope["path"], _filters(request), limit, cursor, since)


async def unversioned_page_request(
    request: Request, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> PageRequest:
    return PageRequest(request.scope["path"], _filters(request), limit, cursor, None)


def _filters(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name not in {"limit", "cursor"}}


Paging = Annotated[PageRequest, Depends(page_request)]
# Of what is never modified.
PlainPaging = Annotated[PageRequest, Depends(unversioned_page_request)]


def equalities(**columns: object) -> list[Filter]:
    """A filter for each column that is asked for."""
    return [Filter(f"{{t}}.{name} = {{}}", value) for name, value in columns.items() if value is not None]


def uuids(name: str, listed: str) -> list[UUID]:
    """Comma-separated UUIDs. Raise Problem."""
    try:
        return [UUID(item.strip()) for item in listed.split(",")]
    except ValueError:
        raise invalid_parameter(name, UUIDS) from None


def integers(name: str, listed: str) -> list[int]:
    """Comma-separated integers of 64 bits. Raise Problem."""
    items = [item.strip() for item in listed.split(",")]
    if not all(item.isascii() and item.isdigit() and len(item) <= LONGEST_INTEGER for item in items):
        raise invalid_parameter(name, INTEGERS)
    return [int(item) for item in items]


def instant(name: str, value: str) -> datetime:
    """Raise Problem. A `+` that the client forgot to encode arrives as a space."""
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value.replace(" ", "+")).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid_parameter(name, INSTANT)


def invalid_parameter(name: str, detail: Sentence) -> Problem:
    shown = as_shown(name)
    named = Sentence(fr=f"{shown} : {detail.fr}", en=f"{shown}: {detail.en}")
    return Problem("invalid-parameter", named, [field_error(pointer_to(name), "invalid", detail)])
