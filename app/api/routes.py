"""What every route does before its own work: content type, unknown parameters, and the errors it announces."""

import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.pages import Pagination, invalid_parameter
from app.api.problems import MEDIA_TYPE, Problem

BODY_LIMIT = 256 * 1024
JSON_TYPES = {"application/json", "application/merge-patch+json"}
_DESCRIPTIONS = {
    400: "Requête, en-tête, curseur ou paramètre mal formé",
    401: "Clé d’API absente ou inconnue",
    403: "Portée manquante",
    404: "Introuvable, ou pas à vous",
    409: "Conflit avec l’état présent",
    412: "Version périmée",
    413: "Corps trop volumineux",
    415: "Type de contenu refusé",
    422: "Demande invalide, champ par champ",
    428: "If-Match manquant",
    503: "Momentanément indisponible",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors a route can answer, those of every route included."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemResource"}}}
    return {
        status: {"description": _DESCRIPTIONS[status], "content": content}
        for status in sorted({400, 401, 403, 413, 415, 503, *statuses})
    }


def listed(resource: Any) -> Any:
    """The page of a resource, named after it."""
    name = resource.__name__.removesuffix("Resource") + "Page"
    return TypedDict(name, {"data": list[resource], "pagination": Pagination})  # type: ignore[operator]  # made once a resource


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
        takes_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            if request.scope["query_string"]:
                _check_parameters(request, known)
            if not takes_body:
                return await handle(request)
            _check_content_type(request)
            bounded = BoundedRequest(request.scope, request.receive)
            await bounded.body()
            return await handle(bounded)

        return checked


class BoundedRequest(Request):
    """A request whose body is read up to a limit, counted on the stream, and parsed strictly."""

    async def body(self) -> bytes:
        """Raise Problem when it is too long, announced or not."""
        if not hasattr(self, "_body"):
            announced = self.headers.get("content-length", "0")
            received = bytearray()
            if not announced.isdigit() or int(announced) > BODY_LIMIT:
                raise Problem("payload-too-large", "Un corps compte au plus 256 Kio.")
            async for chunk in self.stream():
                received += chunk
                if len(received) > BODY_LIMIT:
                    raise Problem("payload-too-large", "Un corps compte au plus 256 Kio.")
            self._body = bytes(received)
        return self._body

    async def json(self) -> Any:
        """JSON as RFC 8259 has it: neither NaN nor Infinity. Raise JSONDecodeError."""
        return json.loads(await self.body(), parse_constant=_no_number)


def _no_number(name: str) -> None:
    raise json.JSONDecodeError("not a number in JSON", name, 0)


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise invalid_parameter(name, "Paramètre donné deux fois.")
        if name not in known:
            accepted = ", ".join(sorted(known)) or "aucun"
            raise invalid_parameter(name, f"Paramètre inconnu ; paramètres acceptés : {accepted}.")


def _check_content_type(request: Request) -> None:
    """A request without a body may go without a type."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    sent = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if sent and content_type not in JSON_TYPES:
        raise Problem("unsupported-media-type", "Envoyez le corps avec Content-Type: application/json.")
