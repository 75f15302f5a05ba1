"""The served OpenAPI document, and health."""

import json
import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.response_assertions import OPERATIONS, PROBLEM_MEDIA_TYPE
from tests.live_server import LiveServer

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.mark.parametrize(("path", "status"), [("/livez", "live"), ("/readyz", "ready")])
def test_health_is_said_without_a_key(anonymous: httpx.Client, path: str, status: str) -> None:
    answer = anonymous.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": status})


@pytest.fixture(scope="module")
def contract(served: LiveServer) -> Any:
    return httpx.get(f"{served.base_url}/openapi.json").raise_for_status().json()


def _operations(contract: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, item in contract["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_the_contract_is_of_openapi_3_1(contract: Any) -> None:
    assert contract["openapi"].startswith("3.1.")
    assert contract["info"].keys() >= {"title", "version", "description"}


def test_the_contract_shows_every_operation(contract: Any) -> None:
    published = {operation["operationId"] for _, _, operation in _operations(contract)}

    assert published == OPERATIONS.keys()


def test_every_operation_has_a_name_of_its_own(contract: Any) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(contract)]

    assert len(set(names)) == len(names)


def test_every_operation_says_what_it_is_for(contract: Any) -> None:
    silent = [
        (method, path, name)
        for path, method, operation in _operations(contract)
        for name in ("summary", "description", "tags")
        if not operation.get(name)
    ]

    assert silent == []


def test_every_operation_names_its_key(contract: Any) -> None:
    schemes = contract["components"]["securitySchemes"]
    unlocked = [
        (method, path)
        for path, method, operation in _operations(contract)
        if not operation.get("security") or not {*operation["security"][0]} <= schemes.keys()
    ]

    assert unlocked == []
    assert {(scheme["type"], scheme["scheme"]) for scheme in schemes.values()} == {("http", "bearer")}


def test_every_operation_has_tags_that_are_described(contract: Any) -> None:
    described = {tag["name"] for tag in contract["tags"]}

    assert {tag for _, _, operation in _operations(contract) for tag in operation["tags"]} <= described


def _resolved(contract: Any, item: dict[str, Any]) -> dict[str, Any]:
    """The item itself, or what its `$ref` leads to."""
    while "$ref" in item:
        found = contract
        for name in item["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        item = found
    return item


def _is_problem(answer: dict[str, Any]) -> bool:
    schemas = {media_type: content["schema"] for media_type, content in answer["content"].items()}
    return schemas == {PROBLEM_MEDIA_TYPE: {"$ref": "#/components/schemas/ProblemResource"}}


def test_every_error_is_a_problem(contract: Any) -> None:
    others = [
        (method, path, status)
        for path, method, operation in _operations(contract)
        for status, answer in operation["responses"].items()
        if status >= "400" and not _is_problem(_resolved(contract, answer))
    ]

    assert others == []


def test_every_operation_announces_the_errors_of_every_route(contract: Any) -> None:
    silent = [
        (method, path)
        for path, method, operation in _operations(contract)
        if not {"400", "401", "403"} <= operation["responses"].keys()
    ]

    assert silent == []


def test_the_contract_names_no_validation_error_of_the_framework(contract: Any) -> None:
    assert "HTTPValidationError" not in json.dumps(contract)


def test_every_reference_of_the_contract_leads_somewhere(contract: Any) -> None:
    dangling = [
        name
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(contract))
        if name not in contract["components"]["schemas"]
    ]

    assert dangling == []


def test_every_path_names_its_parameters(contract: Any) -> None:
    for path, _, operation in _operations(contract):
        declared = {item["name"] for item in operation.get("parameters", []) if item["in"] == "path"}

        assert declared == set(re.findall(r"{(\w+)}", path))


def test_every_success_has_a_schema(contract: Any) -> None:
    bare = [
        (method, path, status)
        for path, method, operation in _operations(contract)
        for status, answer in operation["responses"].items()
        if status in {"200", "201", "202"}
        and not all(kind.get("schema") for kind in answer.get("content", {"": {}}).values())
    ]

    assert bare == []


def test_required_headers_are_in_the_contract(contract: Any) -> None:
    named = {
        operation["operationId"]: {item["name"] for item in operation.get("parameters", []) if item["in"] == "header"}
        for _, _, operation in _operations(contract)
    }

    assert "Idempotency-Key" in named["registerAdviser"]
    assert all("If-Match" in named[name] for name in named if name.startswith(("put", "patch", "reschedule")))


def test_a_problem_is_named_by_a_uuid(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/nowhere")

    assert answer.json()["instance"] == f"urn:uuid:{UUID(answer.headers['X-Request-Id'])}"
