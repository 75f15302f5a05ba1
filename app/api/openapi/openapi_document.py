"""The whole contract: what the framework found in the routes, completed."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from app.api.http.problems.problem_details import ProblemResource
from app.api.openapi import operation_errors, request_examples
from app.api.openapi.descriptions import MEANINGS, PARAMETERS
from app.api.openapi.merge_patch_schemas import PATCHES, add_patches
from app.api.openapi.operation_access import say_access
from app.api.openapi.response_headers import HEADERS, SPOKEN, UNSPOKEN, carried
from app.api.openapi.schema_cleanup import GROWING, growing, tidied, without_null
from app.api.openapi.webhooks_section import ADAPTERS, webhooks

Operation = dict[str, Any]

REF = "#/components/schemas/{model}"
SERVER = {
    "url": "/",
    "description": "Le serveur qui publie ce document : production, ou démonstration locale.",
    "x-internal": False,
}
SUCCESSES = {"200": "Réussi.", "201": "Créé.", "202": "Pris en charge.", "204": "Fait."}
UNCHANGED = "Inchangé : vous avez déjà cette version."


def published(found: dict[str, Any], routes: Sequence[APIRoute]) -> dict[str, Any]:
    """The contract to publish. `found` is changed."""
    schemas = found["components"]["schemas"]
    _complete_schemas(schemas)
    codes: set[str] = set()
    for method, operation in operations(found):
        codes |= operation_errors.codes_of(operation)
        _complete(method, operation, schemas)
    say_access(found, routes)
    found["servers"] = [SERVER]
    found["webhooks"] = webhooks()
    found["components"] |= {
        "headers": {name: _with_schema(header) for name, header in HEADERS.items()},
        "examples": operation_errors.examples(codes),
        "responses": operation_errors.responses(codes),
    }
    return found


def operations(contract: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Each with its method."""
    for path in contract["paths"].values():
        yield from path.items()


def _complete_schemas(schemas: dict[str, Any]) -> None:
    """Add those of problems and webhooks, remove those of errors that are never answered so."""
    for name, adapter in {"ProblemResource": TypeAdapter[Any](ProblemResource), **ADAPTERS}.items():
        own = adapter.json_schema(ref_template=REF)
        schemas.update({**own.pop("$defs", {}), name: own})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, schema in schemas.items():
        meaning = MEANINGS.get(name) or (f"Une page de la liste, {name} par {name}." if name.endswith("Page") else None)
        schemas[name] = tidied(schema) | ({"description": meaning} if meaning else {})
        if name in GROWING:
            schemas[name] = growing(schemas[name])
    add_patches(schemas)


def _with_schema(described: dict[str, Any]) -> dict[str, Any]:
    return described | {"schema": tidied(without_null(described["schema"]))}


def _complete(method: str, operation: Operation, schemas: dict[str, Any]) -> None:
    """`schemas` are those of the whole contract."""
    example = request_examples.EXAMPLES.get(operation["operationId"], request_examples.Example())
    codes, failures = operation_errors.codes_of(operation), operation_errors.errors_of(operation)
    parameters = [_with_schema(found) for found in operation.get("parameters", [])]
    required = {"Idempotency-Key": "idempotency-key-missing" in codes, "If-Match": method != "put"}
    filled = {"Idempotency-Key": str(request_examples.key_of(operation["operationId"])), **example.parameters}
    for parameter in parameters:
        name = parameter["name"]
        parameter.setdefault("description", PARAMETERS.get(name, ""))
        parameter["required"] = required.get(name, parameter["required"])
        if name in filled:
            parameter["example"] = filled[name]
    operation["parameters"] = parameters
    if "requestBody" in operation:
        _complete_body(operation, example)
    successes = {
        status: _success(status, answer, operation, schemas)
        for status, answer in operation["responses"].items()
        if status in SUCCESSES
    }
    if any(parameter["name"] == "If-None-Match" for parameter in parameters):
        successes["304"] = {"description": UNCHANGED, "headers": carried((*SPOKEN, "ETag"))}
    operation["responses"] = successes | failures


def _complete_body(operation: Operation, example: request_examples.Example) -> None:
    (described,) = operation["requestBody"]["content"].values()
    schema = tidied(described["schema"])
    if operation["operationId"] in PATCHES:
        schema = {"$ref": REF.format(model=PATCHES[operation["operationId"]])}
    described["schema"] = schema
    described["examples"] = {name: {"summary": name, "value": body} for name, body in example.bodies.items()}


def _success(status: str, answer: dict[str, Any], operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    """An answer with what its shape and the parameters of its operation tell of its headers and examples."""
    if "content" not in answer:
        return {"description": SUCCESSES[status], "headers": carried(UNSPOKEN)}
    (kind, described), *others = answer["content"].items()
    schema = described["schema"].get("$ref", "").rpartition("/")[2]
    takes = {parameter["name"] for parameter in operation["parameters"]}
    versioned = schema != "" and "version" in schemas[schema]["properties"]
    carries = {
        "ETag": versioned or "If-None-Match" in takes,
        "Location": (versioned and status == "201") or status == "202",
        "Link": schema.endswith("Page"),
        "Idempotent-Replayed": "Idempotency-Key" in takes,
        "Preference-Applied": "Prefer" in takes,
    }
    headers = [*SPOKEN, *(name for name, carried_ in carries.items() if carried_)]
    return {
        "description": SUCCESSES[status],
        "headers": carried(headers) | answer.get("headers", {}),
        "content": {
            kind: _shown(described, operation["operationId"]),
            **{other: _shown(content, f"{operation['operationId']} {other}") for other, content in others},
        },
    }


def _shown(content: dict[str, Any], recorded: str) -> dict[str, Any]:
    said = request_examples.answers_of(recorded)
    return content | ({"examples": said} if said else {})
