"""Resources as bytes."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from app.api.headers import JSON, etag, is_known
from app.persistence.attempts import Answer

PRIVATE = "private, no-cache"


def dumped(resource: object) -> bytes:
    """Instants end in `Z`; what JSON has no word for, ids first, is written as text."""
    return orjson.dumps(resource, default=str, option=orjson.OPT_UTC_Z)


def answer_of(resource: Mapping[str, Any], *, status: int = 200, location: str | None = None) -> Answer:
    """A resource with its version as `ETag`."""
    headers = {"Content-Type": JSON, "Cache-Control": PRIVATE}
    if "version" in resource:
        headers["ETag"] = etag(resource["version"])
    if location is not None:
        headers["Location"] = location
    return Answer(status, dumped(resource), headers)


def shown(resource: Mapping[str, Any], if_none_match: str | None = None) -> Response:
    """A resource read: 304 when the client has this version."""
    version = resource.get("version")
    headers = {"Cache-Control": PRIVATE} | ({"ETag": etag(version)} if version else {})
    if version is not None and is_known(if_none_match, version):
        return Response(status_code=304, headers=headers)
    return Response(dumped(resource), media_type=JSON, headers=headers)
