"""How an answer is read: a success by its documented shape, an error as a problem whose page exists."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from app.api.application import create_application
from app.api.http.application_state import ApplicationState
from app.api.identity.authentication import CredentialAuthenticator
from app.persistence.engine.database import open_database
from tests.fake_clock import FakeClock
from tests.live_server import PEPPER, TLS_CONTEXT

PROBLEM_CODE = re.compile(r"[a-z]+(-[a-z]+)*")
PROBLEM_MEDIA_TYPE = "application/problem+json"


def _operations(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:  # how FastAPI keeps an included router
            yield from _operations(included.routes)


def offline_state(base_url: str = "") -> ApplicationState:
    """What an application is made with that connects to nothing."""
    database = open_database("postgresql://nobody@127.0.0.1:1/nowhere")
    authenticator = CredentialAuthenticator(database, PEPPER)
    return ApplicationState(database, FakeClock(), PEPPER.secrets, base_url, authenticator)


def offline_application() -> FastAPI:
    """The application; nothing connects."""
    return create_application(offline_state())


OPERATIONS = {str(route.operation_id): route for route in _operations(offline_application().routes)}


def documented_body(answer: httpx.Response, operation: str) -> Any:
    """The body, which has exactly the fields of the operation's schema: a missing one fails to be read, an extra one
    or one of another type fails to be written back."""
    assert answer.is_success, answer.text
    body = answer.json()
    shape: TypeAdapter[Any] = TypeAdapter(OPERATIONS[operation].response_model)
    assert shape.dump_python(shape.validate_python(body), mode="json", by_alias=True) == body
    return body


@cache
def _page_status(url: str) -> int:
    return httpx.get(url, verify=TLS_CONTEXT).status_code


def expect_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an error of that status and code."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM_MEDIA_TYPE), answer.text[:500]
    said: dict[str, Any] = answer.json()
    assert (said["code"], said["status"]) == (code, status), said
    assert said.keys() - {"errors"} == {"type", "title", "status", "detail", "instance", "code"}
    assert said["instance"].startswith("urn:uuid:")
    assert _page_status(said["type"]) == httpx.codes.OK
    return said


def expect_wrong_fields(answer: httpx.Response, code: str = "validation-error") -> dict[str, str]:
    """The code of each mistake by its JSON pointer."""
    found = {error["pointer"]: error["code"] for error in expect_problem(answer, 422, code)["errors"]}
    assert all(PROBLEM_CODE.fullmatch(item) for item in found.values()), found
    return found
