"""The contract against the last one that was released; and each kind of break, planted and seen."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.api.openapi.breaking_changes import breaking_changes
from tests.api.openapi.contract_requests import CONTRACT

RELEASED = Path(__file__).parents[3] / "openapi" / "released"
Planting = Callable[[dict[str, Any]], Any]


def _version(file: Path) -> tuple[int, ...]:
    return tuple(map(int, file.stem.split(".")))


LAST = max(RELEASED.glob("*.json"), key=_version)


def test_nothing_that_was_released_is_broken() -> None:
    assert breaking_changes(orjson.loads(LAST.read_bytes()), CONTRACT) == []


def test_a_contract_breaks_nothing_of_itself() -> None:
    assert breaking_changes(CONTRACT, deepcopy(CONTRACT)) == []


def schema(contract: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = contract["components"]["schemas"][name]
    return found


def without(contract: dict[str, Any], name: str, field: str) -> None:
    """Take a field that is always there out of a schema."""
    schema(contract, name)["properties"].pop(field)
    schema(contract, name)["required"].remove(field)


def operation(contract: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = contract["paths"][path][method]
    return found


def parameter(contract: dict[str, Any], name: str) -> dict[str, Any]:
    """Of GET /v1/registrations."""
    taken = operation(contract, "get", "/v1/registrations")["parameters"]
    return next(item for item in taken if item["name"] == name)


BREAKS: dict[str, tuple[Planting, str]] = {
    "a path goes away": (lambda c: c["paths"].pop("/v1/qualifications"), "GET /v1/qualifications: gone"),
    "an operation goes away": (lambda c: c["paths"]["/v1/modules/{code}"].pop("get"), "GET /v1/modules/{code}: gone"),
    "an operation gets another name": (
        lambda c: operation(c, "get", "/v1/modules").update(operationId="allModules"),
        "operationId allModules",
    ),
    "a parameter goes away": (
        lambda c: operation(c, "get", "/v1/registrations")["parameters"].remove(parameter(c, "ids")),
        "parameter ids gone",
    ),
    "a parameter is required": (lambda c: parameter(c, "ids").update(required=True), "parameter ids required"),
    "a parameter takes less": (lambda c: parameter(c, "limit")["schema"].update(maximum=100), "limit: maximum 500"),
    "a body may not be left out": (
        lambda c: operation(c, "post", "/v1/registrations/{registration_id}/cancellation")["requestBody"].update(
            required=True
        ),
        "body: required",
    ),
    "a field is required": (
        lambda c: schema(c, "RegistrationRequest")["required"].append("requested_on"),
        ".requested_on: required",
    ),
    "a field is not known any more": (
        lambda c: schema(c, "SessionBody")["properties"].pop("place"),
        ".session.place: unknown",
    ),
    "a field takes another type": (
        lambda c: schema(c, "PositioningTestRequest")["properties"]["hours"].update(type="string"),
        ".hours: integer instead of string",
    ),
    "a field takes no null any more": (
        lambda c: schema(c, "SessionBody")["properties"]["place"].update(type="string"),
        ".place: null instead of string",
    ),
    "a field takes shorter texts": (
        lambda c: schema(c, "CancellationRequest")["properties"]["motive"].update(maxLength=10),
        ".motive: maxLength 2000 instead of 10",
    ),
    "a field takes another pattern": (
        lambda c: schema(c, "AdviserRequest")["properties"]["department"].update(pattern="^[0-9]$"),
        ".department: pattern",
    ),
    "a body takes another content type": (
        lambda c: operation(c, "post", "/v1/registrations")["requestBody"].update(
            content={"text/plain": {"schema": {"type": "string"}}}
        ),
        "body: application/json gone",
    ),
    "a choice is not offered any more": (lambda c: schema(c, "SessionFormat")["enum"].remove("hybrid"), ": hybrid"),
    "an answer has another status": (
        lambda c: operation(c, "post", "/v1/registrations")["responses"].update(
            {"200": operation(c, "post", "/v1/registrations")["responses"].pop("201")}
        ),
        "201: on one side only",
    ),
    "an answer has another content type": (
        lambda c: operation(c, "get", "/v1/qualifications")["responses"]["200"].update(content={}),
        "200: application/json gone",
    ),
    "an answer lacks a header": (
        lambda c: operation(c, "get", "/v1/modules/{code}")["responses"]["200"]["headers"].pop("ETag"),
        "header ETag gone",
    ),
    "an answer lacks a field": (
        lambda c: without(c, "ModuleResource", "hours"),
        ".hours: gone",
    ),
    "an answer may lack a field": (
        lambda c: schema(c, "ModuleResource")["required"].remove("hours"),
        ".hours: required",
    ),
    "an answer lacks a field that it could lack": (
        lambda c: schema(c, "ChoiceResource")["properties"].pop("payers"),
        ".payers: gone",
    ),
    "an answer has null where it had none": (
        lambda c: schema(c, "ModuleResource")["properties"]["hours"].update(type=["integer", "null"]),
        ".hours: null instead of integer",
    ),
    "an answer has a status that nobody knows": (
        lambda c: schema(c, "Status")["enum"].append("forgotten"),
        ".status: forgotten",
    ),
    "an answer has larger numbers": (
        lambda c: schema(c, "ModuleResource")["properties"]["hours"].update(maximum=10_000),
        ".hours: maximum 10000",
    ),
    "an error has another shape": (
        lambda c: without(c, "ProblemResource", "code"),
        ".code: gone",
    ),
    "another way to be let in": (
        lambda c: operation(c, "get", "/v1/modules").update(security=[{"Other": []}]),
        "security",
    ),
    "a webhook goes away": (lambda c: c["webhooks"].pop("registration.funded"), "registration.funded: gone"),
    "a webhook lacks a field": (
        lambda c: schema(c, "RegistrationNews")["properties"].pop("payer"),
        ".payer: gone",
    ),
}  # fmt: skip

ADDITIONS: dict[str, Planting] = {
    "an operation": lambda c: c["paths"].update({"/v1/more": {"get": operation(c, "get", "/v1/modules")}}),
    "a parameter": lambda c: operation(c, "get", "/v1/modules")["parameters"].append(parameter(c, "ids")),
    "a field to send": lambda c: schema(c, "SessionBody")["properties"].update(room={"type": "string"}),
    "a field to read": lambda c: schema(c, "ModuleResource")["properties"].update(level={"type": "string"}),
    "an error": lambda c: operation(c, "get", "/v1/modules")["responses"].update({"409": {"description": "New."}}),
    "a header": lambda c: operation(c, "get", "/v1/modules")["responses"]["200"]["headers"].update(
        Age={"schema": {"type": "integer"}}
    ),
    "a type of event": lambda c: schema(c, "EventType")["x-extensible-enum"].append("registration.forgotten"),
    "a body that takes more": lambda c: schema(c, "CancellationRequest")["properties"]["motive"].update(maxLength=4000),
}


@pytest.mark.parametrize("planted", BREAKS.values(), ids=BREAKS)
def test_a_break_is_seen(planted: tuple[Planting, str]) -> None:
    plant, expected = planted
    changed = deepcopy(CONTRACT)
    plant(changed)

    found = breaking_changes(CONTRACT, changed)

    assert any(expected in line for line in found), found


@pytest.mark.parametrize("plant", ADDITIONS.values(), ids=ADDITIONS)
def test_an_addition_breaks_nothing(plant: Planting) -> None:
    changed = deepcopy(CONTRACT)
    plant(changed)

    assert breaking_changes(CONTRACT, changed) == []


def test_a_deprecated_operation_may_go() -> None:
    deprecated, without = deepcopy(CONTRACT), deepcopy(CONTRACT)
    operation(deprecated, "get", "/v1/qualifications")["deprecated"] = True
    without["paths"].pop("/v1/qualifications")

    assert breaking_changes(deprecated, without) == []
