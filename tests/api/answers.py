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
from app.api.service import Service
from app.persistence.database import open_database
from tests.clockwork import Clockwork
from tests.served import PEPPER, TRUST

CODE = re.compile(r"[a-z]+(-[a-z]+)*")
PROBLEM = "application/problem+json"


def _operations(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:  # how FastAPI keeps an included router
            yield from _operations(included.routes)


def published() -> FastAPI:
    """The application; nothing connects."""
    return create_application(Service(open_database("postgresql://nowhere/none"), Clockwork(), PEPPER, ""))


OPERATIONS = {str(route.operation_id): route for route in _operations(published().routes)}


def documented(answer: httpx.Response, operation: str) -> Any:
    """The body, which has exactly the fields of the operation's schema: a missing one fails to be read, an extra one
    or one of another type fails to be written back."""
    assert answer.is_success, answer.text
    body = answer.json()
    shape: TypeAdapter[Any] = TypeAdapter(OPERATIONS[operation].response_model)
    assert shape.dump_python(shape.validate_python(body), mode="json", by_alias=True) == body
    return body


@cache
def _page_status(url: str) -> int:
    return httpx.get(url, verify=TRUST).status_code


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an error of that status and code."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM), answer.text[:500]
    said: dict[str, Any] = answer.json()
    assert (said["code"], said["status"]) == (code, status), said
    assert said.keys() - {"errors"} == {"type", "title", "status", "detail", "instance", "code"}
    assert said["instance"].startswith("urn:uuid:")
    assert _page_status(said["type"]) == httpx.codes.OK
    return said


def wrong_fields(answer: httpx.Response, code: str = "validation-error") -> dict[str, str]:
    """The code of each mistake by its JSON pointer."""
    found = {error["pointer"]: error["code"] for error in problem(answer, 422, code)["errors"]}
    assert all(CODE.fullmatch(item) for item in found.values()), found
    return found
