"""Resources as bytes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from app.api.http.language_negotiation import etag, spoken
from app.api.http.request_headers import JSON, is_known
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import Answer
from app.wording.languages import Language

PRIVATE = "private, no-cache"
WITH_MICROSECONDS = len("2026-01-31T08:30:00.123456+00:00")


def instant(value: Any) -> Any:
    """An instant as every answer says it: `dumped` writes a `datetime` so, and this the text of PostgreSQL's JSON."""
    if not isinstance(value, str):
        return value
    if len(value) == WITH_MICROSECONDS:  # nearly all of them, and a page has three hundred
        return f"{value[:-6]}Z"
    seconds, _, fraction = value.removesuffix("+00:00").partition(".")
    return f"{seconds}.{fraction:0<6}Z" if fraction else f"{seconds}Z"


def picked(row: Row, resource: type) -> dict[str, Any]:
    """The fields of a resource that are columns of the row, under the same names."""
    return {
        name: instant(row[name]) if name.endswith("_at") else row[name]
        for name in resource.__annotations__
        if name in row
    }


def dumped(resource: object) -> bytes:
    """Instants end in `Z`; what JSON has no word for, ids first, is written as text."""
    return orjson.dumps(resource, default=str, option=orjson.OPT_UTC_Z)


def said(body: Mapping[str, Any], language: Language) -> Response:
    """What has no validator: a page, a simulation."""
    return Response(dumped(body), media_type=JSON, headers={"Cache-Control": PRIVATE, **spoken(language)})


def said_unless_known(body: Mapping[str, Any], language: Language, tag: str, if_none_match: str | None) -> Response:
    """304 when the client has what `tag`, a strong validator with its quotes, stands for."""
    headers = {"Cache-Control": PRIVATE, **spoken(language), "ETag": tag}
    if is_known(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(dumped(body), media_type=JSON, headers=headers)


def answer_of(
    resource: Mapping[str, Any], language: Language, *, status: int = 200, location: str | None = None
) -> Answer:
    """A resource with its version as `ETag`."""
    headers = {"Content-Type": JSON, "Cache-Control": PRIVATE, **spoken(language)}
    if "version" in resource:
        headers["ETag"] = etag(resource["version"], language)
    if location is not None:
        headers["Location"] = location
    return Answer(status, dumped(resource), headers)


def shown(resource: Mapping[str, Any], language: Language, if_none_match: str | None = None) -> Response:
    """A resource read: 304 when the client has this version in this language."""
    return said_unless_known(resource, language, etag(resource["version"], language), if_none_match)
