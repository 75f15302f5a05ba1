"""What every route does before its own work: content type, unknown parameters, and the errors it announces."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope
from typing_extensions import TypedDict

from app.api.http.bodies.multipart_forms import read_complete_form
from app.api.http.pagination import Pagination, invalid_parameter
from app.api.http.problems.problem_details import PROBLEM_MEDIA_TYPE, Problem
from app.api.http.problems.problem_types import PROBLEM_TYPES
from app.api.identity.authorisation import scope_requirement_of
from app.persistence.administration.imports import MAX_FILE_BYTES
from app.persistence.engine.pagination import MAX_LIMIT
from app.wording.languages import Sentence

MAX_JSON_DEPTH = 20
ANSWER_SECONDS = 10.0  # once an upload has come

BODY_CUT_SHORT = Sentence(fr="Le corps s’est interrompu.", en="The body was cut short.")
BODY_TOO_SLOW = Sentence(fr="Le corps n’est pas arrivé à temps.", en="The body did not arrive in time.")
PARAMETER_REPEATED = Sentence(fr="Paramètre donné deux fois.", en="Parameter given twice.")
NESTED_TOO_DEEPLY = Sentence(
    fr=f"Au plus {MAX_JSON_DEPTH} niveaux d’imbrication.", en=f"At most {MAX_JSON_DEPTH} levels of nesting."
)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a body may be: its types, at most so many bytes, in at most so many seconds."""

    media_types: frozenset[str]
    max_bytes: int
    timeout_seconds: float
    wrong_type: Sentence
    too_large: Sentence


JSON_BODY = BodyLimits(
    media_types=frozenset({"application/json", "application/merge-patch+json"}),
    max_bytes=256 * 1024,
    timeout_seconds=8.0,  # less than a whole request may take
    wrong_type=Sentence(
        fr="Envoyez le corps avec Content-Type: application/json.",
        en="Send the body with Content-Type: application/json.",
    ),
    too_large=Sentence(fr="Un corps compte au plus 256 Kio.", en="A body has at most 256 KiB."),
)
UPLOAD_BODY = BodyLimits(
    media_types=frozenset({"multipart/form-data"}),
    max_bytes=MAX_FILE_BYTES + 16 * 1024,  # with what surrounds it
    timeout_seconds=110.0,
    wrong_type=Sentence(
        fr="Envoyez le fichier avec Content-Type: multipart/form-data.",
        en="Send the file with Content-Type: multipart/form-data.",
    ),
    too_large=Sentence(fr="Un fichier compte au plus 10 Mio.", en="A file has at most 10 MiB."),
)


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The errors a route can answer beside those of every route of its kind, by their codes."""
    announced: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        answer = announced.setdefault(PROBLEM_TYPES[code].status, {"content": {PROBLEM_MEDIA_TYPE: {"examples": {}}}})
        answer["content"][PROBLEM_MEDIA_TYPE]["examples"][code] = {}
    return announced


def page_model(resource: Any) -> Any:
    """The page of a resource, named after it."""
    name = resource.__name__.removesuffix("Resource") + "Page"
    data = Annotated[list[resource], Field(max_length=MAX_LIMIT)]
    return TypedDict(name, {"data": data, "pagination": Pagination})  # type: ignore[operator]  # made once a resource


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


class StrictRoute(APIRoute):
    """A route that refuses what it would otherwise ignore."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = frozenset(_query_names(self.dependant))
        field = self.body_field
        takes_file = field is not None and isinstance(field.field_info, Form)
        needs = scope_requirement_of(self)

        async def checked(request: Request) -> Response:
            if needs is not None:  # before anything is read; a route without any keeps the application from starting
                needs.authorise(request.scope)
            if request.scope["query_string"]:
                _check_parameters(request, known)
            if field is None:
                return await handle(request)
            bounds = UPLOAD_BODY if takes_file else JSON_BODY
            _check_content_type(request, bounds)
            bounded = LimitedBodyRequest(request.scope, request.receive, bounds)
            await bounded.body()
            if takes_file:
                await bounded.parse_form()
                if needs is not None:  # a file may take long to come: its request begins now
                    needs.authorise(request.scope)
            return await handle(bounded)

        return checked


class LimitedBodyRequest(Request):
    """A request whose body is read up to a limit, counted on the stream, and parsed strictly."""

    def __init__(self, scope: Scope, receive: Receive, bounds: BodyLimits) -> None:
        super().__init__(scope, receive)
        self._limits = bounds

    async def body(self) -> bytes:
        """Raise Problem when it is too long, announced or not, or too slow to come."""
        if not hasattr(self, "_body"):
            announced = self.headers.get("content-length", "0")
            if not announced.isdigit() or int(announced) > self._limits.max_bytes:
                raise Problem("payload-too-large", self._limits.too_large)
            if self._limits is UPLOAD_BODY:
                until = asyncio.get_running_loop().time() + UPLOAD_BODY.timeout_seconds + ANSWER_SECONDS
                self.scope["time_limit"].reschedule(until)
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
            raise Problem("malformed-request", BODY_CUT_SHORT) from None  # for the log: nobody is there
        return bytes(received)

    async def parse_form(self) -> None:
        """Read the form, for the framework to find it read. Raise Problem when it is not whole."""
        self._form = await read_complete_form(self)

    async def json(self) -> Any:
        """JSON as RFC 8259 has it: neither NaN nor Infinity. Raise JSONDecodeError, or Problem when it is too deep."""
        body = await self.body()
        content = json.loads(body, parse_constant=_reject_non_finite)
        # Fewer brackets than levels cannot be too deep, and no honest request has more.
        if body.count(b"{") + body.count(b"[") > MAX_JSON_DEPTH and _depth(content) > MAX_JSON_DEPTH:
            raise Problem("malformed-json", NESTED_TOO_DEEPLY)
        return content


def _depth(content: Any) -> int:
    """How many arrays and objects enclose the innermost value."""
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


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise invalid_parameter(name, PARAMETER_REPEATED)
        if name not in known:
            raise invalid_parameter(name, _unknown_parameter(known))


def _unknown_parameter(known: frozenset[str]) -> Sentence:
    listed = ", ".join(sorted(known))
    return Sentence(
        fr=f"Paramètre inconnu ; paramètres acceptés : {listed or 'aucun'}.",
        en=f"Unknown parameter; accepted parameters: {listed or 'none'}.",
    )


def _check_content_type(request: Request, bounds: BodyLimits) -> None:
    """A request without a body may go without a type."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    sent = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if sent and content_type not in bounds.media_types:
        raise Problem("unsupported-media-type", bounds.wrong_type)
