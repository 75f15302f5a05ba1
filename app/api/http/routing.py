"""What every route checks before its own work: access, parameters, body. And the problems that it declares."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.responses import Response
from typing_extensions import TypedDict

from app.api.http.authorised_request import access_requirement_of
from app.api.http.bodies.limited_body import JSON_BODY, UPLOAD_BODY, BodyLimits, LimitedBodyRequest
from app.api.http.pagination import Pagination
from app.api.http.problems.problem_details import PROBLEM_MEDIA_TYPE, Problem, invalid_parameter
from app.api.http.problems.problem_types import PROBLEM_TYPES
from app.persistence.engine.pagination import MAX_LIMIT
from app.wording.languages import Sentence

PARAMETER_REPEATED = Sentence(fr="Paramètre donné deux fois.", en="Parameter given twice.")


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The problems that a route can have, beside those of every route of its kind, for its `responses`."""
    declared: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        response = declared.setdefault(PROBLEM_TYPES[code].status, {"content": {PROBLEM_MEDIA_TYPE: {"examples": {}}}})
        response["content"][PROBLEM_MEDIA_TYPE]["examples"][code] = {}
    return declared


def page_model(resource: Any) -> Any:
    """The type of a page of that resource, named after it."""
    name = resource.__name__.removesuffix("Resource") + "Page"
    data = Annotated[list[resource], Field(max_length=MAX_LIMIT)]
    return TypedDict(name, {"data": data, "pagination": Pagination})  # type: ignore[operator]  # its fields are known at run time


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


class StrictRoute(APIRoute):
    """A route that refuses what the framework would ignore: unknown parameters, other content types, long bodies."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = frozenset(_query_names(self.dependant))
        field = self.body_field
        takes_file = field is not None and isinstance(field.field_info, Form)
        requirement = access_requirement_of(self)

        async def checked(request: Request) -> Response:
            if requirement is not None:  # before anything is read; without any, the application does not start
                requirement.authorise(request.scope)
            if request.scope["query_string"]:
                _check_parameters(request, known)
            if field is None:
                return await handle(request)
            limits = UPLOAD_BODY if takes_file else JSON_BODY
            _check_content_type(request, limits)
            limited = LimitedBodyRequest(request.scope, request.receive, limits)
            await limited.body()
            if takes_file:
                await limited.parse_form()
                if requirement is not None:  # a file may take long to come: its request begins now
                    requirement.authorise(request.scope)
            return await handle(limited)

        return checked


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise invalid_parameter(name, PARAMETER_REPEATED)
        if name not in known:
            raise invalid_parameter(name, _unknown_parameter(known))


def _unknown_parameter(known: frozenset[str]) -> Sentence:
    accepted = ", ".join(sorted(known))
    return Sentence(
        fr=f"Paramètre inconnu ; paramètres acceptés : {accepted or 'aucun'}.",
        en=f"Unknown parameter; accepted parameters: {accepted or 'none'}.",
    )


def _check_content_type(request: Request, limits: BodyLimits) -> None:
    """A request without a body needs no content type. Raise Problem."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    sent = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if sent and content_type not in limits.media_types:
        raise Problem("unsupported-media-type", limits.wrong_type)
