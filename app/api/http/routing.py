"""What every route checks before its own work: access, parameters, body. And the problems that it declares."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import TypedDict

from app.api.http.authorised_request import access_requirement_of
from app.api.http.bodies.limited_body import JSON_BODY, UPLOAD_BODY, BodyLimits, LimitedBodyRequest
from app.api.http.pagination import Pagination
from app.api.http.plans.route_plans import plan_of
from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.problem_details import PROBLEM_MEDIA_TYPE, Problem, invalid_parameter
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
    """A route that refuses what the framework would ignore: unknown parameters, other content types, long bodies. What
    is left is answered by its plan (`app/api/http/plans`), or in the framework's way."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.plan = plan_of(self)
        self._known = frozenset(_query_names(self.dependant))
        self._requirement = access_requirement_of(self)
        self._respond_by_framework = AsyncExitStackMiddleware(self.app)
        self.app = self._respond

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_checked(request: Request) -> Response:
            return await handle(request.scope["checked_request"])

        return handle_checked

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._requirement is not None:  # before anything is read; without any, the application does not start
            self._requirement.authorise(scope)
        request = await self._checked(scope, receive)
        arguments = await self.plan.arguments(request) if self.plan is not None else None
        if arguments is None:
            scope["checked_request"] = request
            await self._respond_by_framework(scope, receive, send)
            return
        response: Response = await self.endpoint(**arguments)
        await response(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Request:
        """The request, with its body. Raise Problem when it has what the framework would ignore."""
        field = self.body_field
        limits = UPLOAD_BODY if field is not None and isinstance(field.field_info, Form) else JSON_BODY
        request = LimitedBodyRequest(scope, receive, limits)
        if scope["query_string"]:
            _check_parameters(request, self._known)
        if field is None:
            return request
        _check_content_type(request, limits)
        await request.body()
        if limits is UPLOAD_BODY:
            await request.parse_form()
            if self._requirement is not None:  # a file may take long to come: its request begins now
                self._requirement.authorise(scope)
        return request


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
