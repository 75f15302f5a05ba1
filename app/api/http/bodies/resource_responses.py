"""Resources of every noun, answered in the same way: created, replaced, changed, or not found."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import Response

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.json_responses import replayable_response, to_response
from app.api.http.problems.problem_details import Problem
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.request_context import RequestContext
from app.wording.languages import Sentence

ToResource = Callable[[Row], Mapping[str, Any]]
Renderer = Callable[[Row], ReplayableResponse]


def resource_renderer(
    authorised: AuthorisedRequest, to_resource: ToResource, *, status: int = 200, location: str | None = None
) -> Renderer:
    """What a use case makes its response with. `location` is the path of the resource, whose braces name columns of
    the row: `/v1/contracts/{id}`."""

    def render(row: Row) -> ReplayableResponse:
        url = f"{authorised.service.base_url}{location.format_map(row)}" if location else None
        return replayable_response(to_resource(row), authorised.language, status=status, location=url)

    return render


async def upsert_response(
    authorised: AuthorisedRequest,
    upsert: Callable[[RequestContext], Awaitable[tuple[Row, bool]]],
    to_resource: ToResource,
    location: str,
) -> Response:
    """The response to a PUT or a PATCH: 201 with its `location` when the resource is new, 200 otherwise. `upsert` gives
    the row, and whether it is new."""
    render = resource_renderer(authorised, to_resource)
    row, is_new = await upsert(authorised.request_context(render))
    if is_new:
        render = resource_renderer(authorised, to_resource, status=201, location=location)
    return to_response(render(row))


def no_response(_: Row) -> ReplayableResponse:
    """The renderer of a use case that changes nothing: it is never called."""
    raise NotImplementedError


def found(row: Row | None, otherwise: Sentence | None = None) -> Row:
    """The row. When there is none, raise Problem with this detail, NotFound without a detail of its own."""
    if row is None:
        raise NotFound("resource") if otherwise is None else Problem("not-found", otherwise)
    return row
