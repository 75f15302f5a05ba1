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

from app.api.http.bodies.multipart_forms import whole_form
from app.api.http.pagination import Pagination, invalid_parameter
from app.api.http.problems.problem_details import MEDIA_TYPE, Problem
from app.api.http.problems.problem_types import CATALOGUE
from app.api.identity.authorisation import needs_of
from app.persistence.administration.imports import LARGEST_FILE
from app.persistence.engine.pagination import MAX_LIMIT
from app.wording.languages import Sentence

DEEPEST = 20
TO_ANSWER_SECONDS = 10.0  # once an upload has come

CUT_SHORT = Sentence(fr="Le corps s’est interrompu.", en="The body was cut short.")
TOO_SLOW = Sentence(fr="Le corps n’est pas arrivé à temps.", en="The body did not arrive in time.")
TWICE = Sentence(fr="Paramètre donné deux fois.", en="Parameter given twice.")
TOO_DEEP = Sentence(fr=f"Au plus {DEEPEST} niveaux d’imbrication.", en=f"At most {DEEPEST} levels of nesting.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a body may be: its types, at most so many bytes, in at most so many seconds."""

    types: frozenset[str]
    most: int
    seconds: float
    wrong_type: Sentence
    too_large: Sentence


JSON = Bounds(
    types=frozenset({"application/json", "application/merge-patch+json"}),
    most=256 * 1024,
    seconds=8.0,  # less than a whole request may take
    wrong_type=Sentence(
        fr="Envoyez le corps avec Content-Type: application/json.",
        en="Send the body with Content-Type: application/json.",
    ),
    too_large=Sentence(fr="Un corps compte au plus 256 Kio.", en="A body has at most 256 KiB."),
)
UPLOAD = Bounds(
    types=frozenset({"multipart/form-data"}),
    most=LARGEST_FILE + 16 * 1024,  # with what surrounds it
    seconds=110.0,
    wrong_type=Sentence(
        fr="Envoyez le fichier avec Content-Type: multipart/form-data.",
        en="Send the file with Content-Type: multipart/form-data.",
    ),
    too_large=Sentence(fr="Un fichier compte au plus 10 Mio.", en="A file has at most 10 MiB."),
)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The errors a route can answer beside those of every route of its kind, by their codes."""
    announced: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        answer = announced.setdefault(CATALOGUE[code].status, {"content": {MEDIA_TYPE: {"examples": {}}}})
        answer["content"][MEDIA_TYPE]["examples"][code] = {}
    return announced


def listed(resource: Any) -> Any:
    """The page of a resource, named after it."""
    name = resource.__name__.removesuffix("Resource") + "Page"
    data = Annotated[list[resource], Field(max_length=MAX_LIMIT)]
    return TypedDict(name, {"data": data, "pagination": Pagination})  # type: ignore[operator]  # made once a resource


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


class Route(APIRoute):
    """A route that refuses what it would otherwise ignore."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = frozenset(_query_names(self.dependant))
        field = self.body_field
        takes_file = field is not None and isinstance(field.field_info, Form)
        needs = needs_of(self)

        async def checked(request: Request) -> Response:
            if needs is not None:  # before anything is read; a route without any keeps the application from starting
                needs.admit(request.scope)
            if request.scope["query_string"]:
                _check_parameters(request, known)
            if field is None:
                return await handle(request)
            bounds = UPLOAD if takes_file else JSON
            _check_content_type(request, bounds)
            bounded = BoundedRequest(request.scope, request.receive, bounds)
            await bounded.body()
            if takes_file:
                await bounded.take_apart()
                if needs is not None:  # a file may take long to come: its request begins now
                    needs.admit(request.scope)
            return await handle(bounded)

        return checked


class BoundedRequest(Request):
    """A request whose body is read up to a limit, counted on the stream, and parsed strictly."""

    def __init__(self, scope: Scope, receive: Receive, bounds: Bounds) -> None:
        super().__init__(scope, receive)
        self._bounds = bounds

    async def body(self) -> bytes:
        """Raise Problem when it is too long, announced or not, or too slow to come."""
        if not hasattr(self, "_body"):
            announced = self.headers.get("content-length", "0")
            if not announced.isdigit() or int(announced) > self._bounds.most:
                raise Problem("payload-too-large", self._bounds.too_large)
            if self._bounds is UPLOAD:
                until = asyncio.get_running_loop().time() + UPLOAD.seconds + TO_ANSWER_SECONDS
                self.scope["time_limit"].reschedule(until)
            try:
                async with asyncio.timeout(self._bounds.seconds):
                    self._body = await self._received()
            except TimeoutError:
                raise Problem("request-timeout", TOO_SLOW) from None
        return self._body

    async def _received(self) -> bytes:
        received = bytearray()
        try:
            async for chunk in self.stream():
                received += chunk
                if len(received) > self._bounds.most:
                    raise Problem("payload-too-large", self._bounds.too_large)
        except ClientDisconnect:
            raise Problem("malformed-request", CUT_SHORT) from None  # for the log: nobody is there
        return bytes(received)

    async def take_apart(self) -> None:
        """Read the form, for the framework to find it read. Raise Problem when it is not whole."""
        self._form = await whole_form(self)

    async def json(self) -> Any:
        """JSON as RFC 8259 has it: neither NaN nor Infinity. Raise JSONDecodeError, or Problem when it is too deep."""
        body = await self.body()
        content = json.loads(body, parse_constant=_no_number)
        # Fewer brackets than levels cannot be too deep, and no honest request has more.
        if body.count(b"{") + body.count(b"[") > DEEPEST and _depth(content) > DEEPEST:
            raise Problem("malformed-json", TOO_DEEP)
        return content


def _depth(content: Any) -> int:
    """How many arrays and objects enclose the innermost value."""
    depth, level = 0, [content]
    while level:
        level = [inner for outer in level for inner in _inside(outer)]
        depth += 1
    return depth - 1


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType]  # any JSON


def _no_number(name: str) -> None:
    raise json.JSONDecodeError("not a number in JSON", name, 0)


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise invalid_parameter(name, TWICE)
        if name not in known:
            raise invalid_parameter(name, _unknown(known))


def _unknown(known: frozenset[str]) -> Sentence:
    listed = ", ".join(sorted(known))
    return Sentence(
        fr=f"Paramètre inconnu ; paramètres acceptés : {listed or 'aucun'}.",
        en=f"Unknown parameter; accepted parameters: {listed or 'none'}.",
    )


def _check_content_type(request: Request, bounds: Bounds) -> None:
    """A request without a body may go without a type."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    sent = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if sent and content_type not in bounds.types:
        raise Problem("unsupported-media-type", bounds.wrong_type)
