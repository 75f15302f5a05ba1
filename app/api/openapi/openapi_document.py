"""The whole contract: what the framework found in the routes, completed."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from app.api.http.problems.problem_details import ProblemResource
from app.api.openapi import operation_errors, request_examples
from app.api.openapi.descriptions import PARAMETER_DESCRIPTIONS, SCHEMA_DESCRIPTIONS
from app.api.openapi.merge_patch_schemas import PATCH_SCHEMAS, add_patch_schemas
from app.api.openapi.operation_access import add_access_descriptions
from app.api.openapi.response_headers import COMMON_HEADERS, COMMON_HEADERS_WITH_LANGUAGE, HEADERS, header_references
from app.api.openapi.schema_cleanup import EXTENSIBLE_ENUMS, clean_schema, extensible_enum, without_null
from app.api.openapi.webhooks_section import PAYLOAD_ADAPTERS, webhooks

Operation = dict[str, Any]

SCHEMA_REFERENCE = "#/components/schemas/{model}"
SERVER = {
    "url": "/",
    "description": "Le serveur qui publie ce document : production, ou démonstration locale.",
    "x-internal": False,
}
SUCCESS_DESCRIPTIONS = {"200": "Réussi.", "201": "Créé.", "202": "Pris en charge.", "204": "Fait."}
NOT_MODIFIED_DESCRIPTION = "Inchangé : vous avez déjà cette version."


def complete_document(generated: dict[str, Any], routes: Sequence[APIRoute]) -> dict[str, Any]:
    """The contract to publish. `found` is changed."""
    schemas = generated["components"]["schemas"]
    _complete_schemas(schemas)
    codes: set[str] = set()
    for method, operation in operations(generated):
        codes |= operation_errors.problem_codes_of(operation)
        _complete_operation(method, operation, schemas)
    add_access_descriptions(generated, routes)
    generated["servers"] = [SERVER]
    generated["webhooks"] = webhooks()
    generated["components"] |= {
        "headers": {name: _with_clean_schema(header) for name, header in HEADERS.items()},
        "examples": operation_errors.problem_examples(codes),
        "responses": operation_errors.shared_responses(codes),
    }
    return generated


def operations(contract: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Each with its method."""
    for path in contract["paths"].values():
        yield from path.items()


def _complete_schemas(schemas: dict[str, Any]) -> None:
    """Add those of problems and webhooks, remove those of errors that are never answered so."""
    for name, adapter in {"ProblemResource": TypeAdapter[Any](ProblemResource), **PAYLOAD_ADAPTERS}.items():
        own = adapter.json_schema(ref_template=SCHEMA_REFERENCE)
        schemas.update({**own.pop("$defs", {}), name: own})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, schema in schemas.items():
        meaning = SCHEMA_DESCRIPTIONS.get(name) or (
            f"Une page de la liste, {name} par {name}." if name.endswith("Page") else None
        )
        schemas[name] = clean_schema(schema) | ({"description": meaning} if meaning else {})
        if name in EXTENSIBLE_ENUMS:
            schemas[name] = extensible_enum(schemas[name])
    add_patch_schemas(schemas)


def _with_clean_schema(described: dict[str, Any]) -> dict[str, Any]:
    return described | {"schema": clean_schema(without_null(described["schema"]))}


def _complete_operation(method: str, operation: Operation, schemas: dict[str, Any]) -> None:
    """`schemas` are those of the whole contract."""
    example = request_examples.EXAMPLES.get(operation["operationId"], request_examples.Example())
    codes, failures = operation_errors.problem_codes_of(operation), operation_errors.error_responses_of(operation)
    parameters = [_with_clean_schema(found) for found in operation.get("parameters", [])]
    required = {"Idempotency-Key": "idempotency-key-missing" in codes, "If-Match": method != "put"}
    filled = {
        "Idempotency-Key": str(request_examples.idempotency_key_of(operation["operationId"])),
        **example.parameters,
    }
    for parameter in parameters:
        name = parameter["name"]
        parameter.setdefault("description", PARAMETER_DESCRIPTIONS.get(name, ""))
        parameter["required"] = required.get(name, parameter["required"])
        if name in filled:
            parameter["example"] = filled[name]
    operation["parameters"] = parameters
    if "requestBody" in operation:
        _complete_request_body(operation, example)
    successes = {
        status: _success_response(status, answer, operation, schemas)
        for status, answer in operation["responses"].items()
        if status in SUCCESS_DESCRIPTIONS
    }
    if any(parameter["name"] == "If-None-Match" for parameter in parameters):
        successes["304"] = {
            "description": NOT_MODIFIED_DESCRIPTION,
            "headers": header_references((*COMMON_HEADERS_WITH_LANGUAGE, "ETag")),
        }
    operation["responses"] = successes | failures


def _complete_request_body(operation: Operation, example: request_examples.Example) -> None:
    (described,) = operation["requestBody"]["content"].values()
    schema = clean_schema(described["schema"])
    if operation["operationId"] in PATCH_SCHEMAS:
        schema = {"$ref": SCHEMA_REFERENCE.format(model=PATCH_SCHEMAS[operation["operationId"]])}
    described["schema"] = schema
    described["examples"] = {name: {"summary": name, "value": body} for name, body in example.bodies.items()}


def _success_response(
    status: str, answer: dict[str, Any], operation: Operation, schemas: dict[str, Any]
) -> dict[str, Any]:
    """An answer with what its shape and the parameters of its operation tell of its headers and examples."""
    if "content" not in answer:
        return {"description": SUCCESS_DESCRIPTIONS[status], "headers": header_references(COMMON_HEADERS)}
    (kind, described), *others = answer["content"].items()
    schema = described["schema"].get("$ref", "").rpartition("/")[2]
    parameters = {parameter["name"] for parameter in operation["parameters"]}
    versioned = schema != "" and "version" in schemas[schema]["properties"]
    sends = {
        "ETag": versioned or "If-None-Match" in parameters,
        "Location": (versioned and status == "201") or status == "202",
        "Link": schema.endswith("Page"),
        "Idempotent-Replayed": "Idempotency-Key" in parameters,
        "Preference-Applied": "Prefer" in parameters,
    }
    headers = [*COMMON_HEADERS_WITH_LANGUAGE, *(name for name, carried_ in sends.items() if carried_)]
    return {
        "description": SUCCESS_DESCRIPTIONS[status],
        "headers": header_references(headers) | answer.get("headers", {}),
        "content": {
            kind: _with_examples(described, operation["operationId"]),
            **{other: _with_examples(content, f"{operation['operationId']} {other}") for other, content in others},
        },
    }


def _with_examples(content: dict[str, Any], recorded_as: str) -> dict[str, Any]:
    recorded_examples = request_examples.recorded_answers(recorded_as)
    return content | ({"examples": recorded_examples} if recorded_examples else {})
