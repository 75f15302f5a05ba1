"""What a page is given of a request: the service, and the form that came with it."""

from urllib.parse import parse_qs

from fastapi import Request

from app.api.http.application_state import ApplicationState
from app.api.http.bodies.limited_body import JSON_BODY, LimitedBodyRequest


def service_of(request: Request) -> ApplicationState:
    service: ApplicationState = request.app.state.service
    return service


async def read_form(request: Request) -> dict[str, list[str]]:
    """The values of each field. Raise Problem when the body is longer than JSON may be, or comes too slowly."""
    body = await LimitedBodyRequest(request.scope, request.receive, JSON_BODY).body()
    return parse_qs(body.decode("utf-8", "replace"))
