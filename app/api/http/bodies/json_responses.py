"""Resources as JSON responses."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import orjson
from starlette.responses import Response

from app.api.http.language_negotiation import etag, language_headers
from app.api.http.request_headers import JSON_MEDIA_TYPE, etag_matches
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.wording.languages import Language

PRIVATE_NO_CACHE = "private, no-cache"
LENGTH_WITH_MICROSECONDS = len("2026-01-31T08:30:00.123456+00:00")


def format_instant(value: Any) -> Any:
    """An instant in PostgreSQL's JSON, as text, in the form that `to_json` gives a `datetime`. Anything else stays."""
    if not isinstance(value, str):
        return value
    if len(value) == LENGTH_WITH_MICROSECONDS:  # nearly all, and a page has three hundred: the quick way
        return f"{value[:-6]}Z"
    seconds, _, fraction = value.removesuffix("+00:00").partition(".")
    return f"{seconds}.{fraction:0<6}Z" if fraction else f"{seconds}Z"


def resource_fields(row: Row, resource: type) -> dict[str, Any]:
    """The fields of a resource that are columns of the row, under the same names."""
    return {
        name: format_instant(row[name]) if name.endswith("_at") else row[name]
        for name in resource.__annotations__
        if name in row
    }


def to_json(resource: object) -> bytes:
    """Instants end in `Z`; what is no JSON type, identifiers for instance, is written as text."""
    return orjson.dumps(resource, default=str, option=orjson.OPT_UTC_Z)


def json_response(body: Mapping[str, Any], language: Language) -> Response:
    """A response without a validator: a page of a list, a preview."""
    return Response(
        to_json(body),
        media_type=JSON_MEDIA_TYPE,
        headers={"Cache-Control": PRIVATE_NO_CACHE, **language_headers(language)},
    )


def conditional_json_response(
    body: Mapping[str, Any], language: Language, tag: str, if_none_match: str | None
) -> Response:
    """304 when the client has the representation of `tag`, a strong validator with its quotes."""
    headers = {"Cache-Control": PRIVATE_NO_CACHE, **language_headers(language), "ETag": tag}
    if etag_matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(to_json(body), media_type=JSON_MEDIA_TYPE, headers=headers)


def replayable_response(
    resource: Mapping[str, Any], language: Language, *, status: int = 200, location: str | None = None
) -> ReplayableResponse:
    """A resource, with its version as `ETag`, as the response that is stored with an idempotency key."""
    headers = {"Content-Type": JSON_MEDIA_TYPE, "Cache-Control": PRIVATE_NO_CACHE, **language_headers(language)}
    if "version" in resource:
        headers["ETag"] = etag(representation_of(resource), language)
    if location is not None:
        headers["Location"] = location
    return ReplayableResponse(status, to_json(resource), headers)


def resource_response(resource: Mapping[str, Any], language: Language, if_none_match: str | None = None) -> Response:
    """The response to a GET: 304 when the client has this version in this language."""
    return conditional_json_response(resource, language, etag(representation_of(resource), language), if_none_match)


def representation_of(resource: Mapping[str, Any]) -> str:
    """The version; and, of what shows more than its own changes (the seats of a session, the place of who waits), a
    checksum of all that is shown."""
    seat = resource.get("seat")
    shows_more = "seats" in resource or (seat is not None and seat["place"] is not None)
    return f"{resource['version']}.{crc32(to_json(resource))}" if shows_more else str(resource["version"])


def to_response(replayable: ReplayableResponse) -> Response:
    """The response that a use case rendered, now or when the same request came first."""
    response = Response(replayable.body, replayable.status, replayable.headers)
    if replayable.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
