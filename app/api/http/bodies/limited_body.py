"""Bodies read up to a size and within a time, and JSON read strictly."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from app.api.http.bodies.bare_files import NDJSON_MEDIA_TYPE, form_of_bare_file, is_bare_file
from app.api.http.bodies.multipart_forms import read_complete_form
from app.api.http.problems.problem_details import Problem
from app.persistence.administration.imports import MAX_FILE_BYTES
from app.wording.languages import Sentence

MAX_JSON_DEPTH = 20
ANSWER_SECONDS = 10.0  # to respond, once an upload has been received

BODY_CUT_SHORT = Sentence(fr="Le corps s’est interrompu.", en="The body was cut short.")
BODY_TOO_SLOW = Sentence(fr="Le corps n’est pas arrivé à temps.", en="The body did not arrive in time.")
NESTED_TOO_DEEPLY = Sentence(
    fr=f"Au plus {MAX_JSON_DEPTH} niveaux d’imbrication.", en=f"At most {MAX_JSON_DEPTH} levels of nesting."
)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The media types, size and time that a body may have, and what is said of one that has others."""

    media_types: frozenset[str]
    max_bytes: int
    timeout_seconds: float
    wrong_type: Sentence
    too_large: Sentence


JSON_BODY = BodyLimits(
    media_types=frozenset({"application/json", "application/merge-patch+json"}),
    max_bytes=256 * 1024,
    timeout_seconds=8.0,  # less than the time limit of a request
    wrong_type=Sentence(
        fr="Envoyez le corps avec Content-Type: application/json.",
        en="Send the body with Content-Type: application/json.",
    ),
    too_large=Sentence(fr="Un corps compte au plus 256 Kio.", en="A body has at most 256 KiB."),
)
UPLOAD_BODY = BodyLimits(
    media_types=frozenset({"multipart/form-data", NDJSON_MEDIA_TYPE}),
    max_bytes=MAX_FILE_BYTES + 16 * 1024,  # the rest of the form
    timeout_seconds=110.0,
    wrong_type=Sentence(
        fr="Envoyez le fichier avec Content-Type: multipart/form-data, ou application/x-ndjson.",
        en="Send the file with Content-Type: multipart/form-data, or application/x-ndjson.",
    ),
    too_large=Sentence(fr="Un fichier compte au plus 10 Mio.", en="A file has at most 10 MiB."),
)


class LimitedBodyRequest(Request):
    """A request whose body is read up to a limit, counted on the stream, and parsed strictly."""

    def __init__(self, scope: Scope, receive: Receive, limits: BodyLimits) -> None:
        super().__init__(scope, receive)
        self._limits = limits

    async def body(self) -> bytes:
        """Raise Problem when it is too long, or too slow to arrive."""
        if not hasattr(self, "_body"):
            content_length = self.headers.get("content-length", "0")
            if not content_length.isdigit() or int(content_length) > self._limits.max_bytes:
                raise Problem("payload-too-large", self._limits.too_large)
            if self._limits is UPLOAD_BODY:
                deadline = asyncio.get_running_loop().time() + UPLOAD_BODY.timeout_seconds + ANSWER_SECONDS
                self.scope["time_limit"].reschedule(deadline)
            try:
                async with asyncio.timeout(self._limits.timeout_seconds):
                    self._body = await self._read_body()
            except TimeoutError:
                raise Problem("request-timeout", BODY_TOO_SLOW) from None
        return self._body

    async def _read_body(self) -> bytes:
        received = bytearray()
        try:
            async for chunk in self.stream():
                received += chunk
                if len(received) > self._limits.max_bytes:
                    raise Problem("payload-too-large", self._limits.too_large)
        except ClientDisconnect:
            raise Problem("malformed-request", BODY_CUT_SHORT) from None  # for the log: the client has gone
        return bytes(received)

    async def parse_form(self) -> None:
        """Keep the form where the framework looks for it. Raise Problem when it is incomplete."""
        self._form = await (form_of_bare_file(self) if is_bare_file(self) else read_complete_form(self))

    async def json(self) -> Any:
        """JSON as RFC 8259 has it: neither NaN nor Infinity. Raise JSONDecodeError, or Problem when it is too deep."""
        body = await self.body()
        content = json.loads(body, parse_constant=_reject_non_finite)
        # Fewer brackets than MAX_JSON_DEPTH cannot be nested too deeply: most bodies need no further look.
        if body.count(b"{") + body.count(b"[") > MAX_JSON_DEPTH and _depth(content) > MAX_JSON_DEPTH:
            raise Problem("malformed-json", NESTED_TOO_DEEPLY)
        return content


def _depth(content: Any) -> int:
    """The number of arrays and objects around the innermost value."""
    depth, level = 0, [content]
    while level:
        level = [inner for outer in level for inner in _children(outer)]
        depth += 1
    return depth - 1


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType]  # any JSON


def _reject_non_finite(name: str) -> None:
    raise json.JSONDecodeError("not a number in JSON", name, 0)
