"""What the actions on a registration have in common: where they are, and how they answer."""

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter
from fastapi.types import DecoratedCallable
from pydantic import BaseModel

from app.api.http.authorised_request import AuthorisedRequest
from app.api.http.bodies.resource_responses import resource_renderer
from app.api.http.request_headers import require_idempotency_key
from app.api.http.routing import StrictRoute, problem_responses
from app.api.registrations.registration_resources import RegistrationResource, registration_as_seen
from app.use_cases.request_context import RequestContext


def registrations_router() -> APIRouter:
    return APIRouter(prefix="/v1/registrations", tags=["Inscriptions"], route_class=StrictRoute)


def registration_action(
    router: APIRouter, path: str, operation_id: str, summary: str, problems: tuple[str, ...] = ()
) -> Callable[[DecoratedCallable], DecoratedCallable]:
    """The route of an action on a registration, which needs an idempotency key and answers with the registration as it
    leaves it. `problems` are the codes of those that not every action can answer."""
    return router.post(
        f"/{{registration_id}}/{path}",
        operation_id=operation_id,
        summary=summary,
        response_model=RegistrationResource,
        responses=problem_responses("idempotency-key-missing", "invalid-transition", "adviser-anonymised", *problems),
    )


def action_context(authorised: AuthorisedRequest, key: str | None, body: BaseModel) -> RequestContext:
    """Raise Problem when the idempotency key is missing or malformed."""
    render = resource_renderer(authorised, partial(registration_as_seen, authorised))
    return authorised.request_context(render, require_idempotency_key(key), body)
