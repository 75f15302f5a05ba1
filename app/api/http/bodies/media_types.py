"""The media type of a response: the one that `Accept` prefers (RFC 9110), or the first of those that are offered."""

import re
from collections.abc import Sequence

from starlette.responses import Response

from app.api.http.problems.problem_details import Problem
from app.wording.languages import Sentence

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA_RANGE = re.compile(r"\s*([\w*+.-]+/[\w*+.-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.ASCII)


def negotiate_media_type(accept: str | None, offered: Sequence[str]) -> str:
    """One of those offered, the first of them when the client prefers none. Raise Problem when it accepts none."""
    if accept in {None, "*/*", offered[0]}:
        return offered[0]
    ranges = [found for part in (accept or "").split(",") if (found := _MEDIA_RANGE.fullmatch(part))]
    quality: dict[str, float] = {}
    for kind in offered:
        matching = [(one[1].count("*"), -float(one[2] or 1)) for one in ranges if _matches(one[1].lower(), kind)]
        quality[kind] = -min(matching)[1] if matching else 0.0
    best = max(offered, key=lambda kind: quality[kind])
    if not quality[best]:
        raise Problem("not-acceptable", _formats_offered(", ".join(offered)))
    return best


def negotiated(response: Response) -> Response:
    """The response, which says to caches that it depends on `Accept`."""
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept")))
    return response


def _matches(given: str, kind: str) -> bool:
    return given in {kind, "*/*", f"{kind.partition('/')[0]}/*"}


def _formats_offered(listed: str) -> Sentence:
    return Sentence(fr=f"Formats proposés : {listed}.", en=f"Formats offered: {listed}.")
