"""Every route declares who may call it, and the application starts with no other."""

import re
from importlib import import_module

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from app.api.application import UndeclaredRouteError, create_application
from app.api.http.application_state import ApplicationState
from app.api.identity.authorisation import scope_of
from app.api.modules import catalogue_routes
from tests.api.response_assertions import offline_state
from tests.house.source_files import MODULES

ROUTERS = [
    name.removesuffix(".py").replace("/", ".")
    for name, path in MODULES.items()
    if name.startswith("app/api/")
    and re.search(r"^router = (APIRouter|registrations_router)\(", path.read_text(), re.MULTILINE)
]
PUBLIC_PATHS = {
    "/", "/docs", "/guide", "/guide/samples/{name}", "/problems", "/problems/{code}", "/favicon.ico", "/robots.txt",
    "/answer/{token}", "/support/{token}", "/mailbox", "/mailbox/{message_id}", "/mailbox/{message_id}/html",
    "/mailbox/{message_id}/calendar.ics",
    "/privacy", "/statistics", "/statistics/leave", "/statistics/sessions.csv", "/statistics/{by}.csv",
    "/livez", "/readyz", "/metrics", "/openapi.json",
}  # fmt: skip


@pytest.fixture
def service() -> ApplicationState:
    """Nothing connects before the first request."""
    return offline_state("http://127.0.0.1")


@pytest.mark.parametrize("module", ROUTERS)
def test_every_route_declares_its_scope(module: str) -> None:
    router: APIRouter = import_module(module).router
    routes = [route for route in router.routes if isinstance(route, APIRoute)]

    assert len(routes) == len(router.routes) > 0
    assert [route.path for route in routes if scope_of(route) is None] == []


def test_every_router_is_part_of_the_application(service: ApplicationState) -> None:
    routes: list[APIRoute] = [route for module in ROUTERS for route in import_module(module).router.routes]
    paths = {route.path_format for route in routes if route.include_in_schema}

    assert paths == set(create_application(service).openapi()["paths"])


def test_only_the_pages_for_everybody_are_public(service: ApplicationState) -> None:
    plain = {
        route.path
        for route in create_application(service).routes
        if isinstance(route, Route | Mount) and not isinstance(route, APIRoute)
    }

    assert plain - {"/assets", "/design-system", "/docs/assets"} == PUBLIC_PATHS


async def _undeclared() -> None:
    """A route for anybody."""


def test_an_application_with_an_undeclared_route_does_not_start(
    service: ApplicationState, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter(prefix="/v1/secrets")
    router.get("/open")(_undeclared)
    monkeypatch.setattr(catalogue_routes, "router", router)

    with pytest.raises(UndeclaredRouteError, match="/v1/secrets/open"):
        create_application(service)


def test_an_undeclared_route_is_seen_in_a_router_within_a_router(
    service: ApplicationState, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, outer = APIRouter(prefix="/secrets"), APIRouter(prefix="/v1")
    inner.get("/open")(_undeclared)
    outer.include_router(inner)
    monkeypatch.setattr(catalogue_routes, "router", outer)

    with pytest.raises(UndeclaredRouteError, match="declares no scope"):
        create_application(service)
