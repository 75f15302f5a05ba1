"""The whole OpenAPI document: what the framework generated from the routes, completed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.routing import APIRoute
from pydantic import JsonValue, TypeAdapter

from app.api.http.problems.problem_details import ProblemResource
from app.api.openapi import operation_errors, recorded_answers
from app.api.openapi.descriptions import PARAMETER_DESCRIPTIONS, SCHEMA_DESCRIPTIONS
from app.api.openapi.examples.example import Example
from app.api.openapi.examples.request_examples import EXAMPLES
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
    """The contract to publish. `generated` is changed in place."""
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
    """Each operation of the contract, with its method."""
    for path in contract["paths"].values():
        yield from path.items()


def _complete_schemas(schemas: dict[str, Any]) -> None:
    """Add those of problems and webhooks; remove those of the framework's own errors, which are never answered."""
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
    example = EXAMPLES.get(operation["operationId"], Example())
    failures = operation_errors.error_responses_of(operation)
    operation["parameters"] = _complete_parameters(method, operation, example)
    if "requestBody" in operation:
        _complete_request_body(operation, example)
    successes = {
        status: _success_response(status, response, operation, schemas)
        for status, response in operation["responses"].items()
        if status in SUCCESS_DESCRIPTIONS
    }
    if any(parameter["name"] == "If-None-Match" for parameter in operation["parameters"]):
        successes["304"] = {
            "description": NOT_MODIFIED_DESCRIPTION,
            "headers": header_references((*COMMON_HEADERS_WITH_LANGUAGE, "ETag")),
        }
    operation["responses"] = successes | failures


def _complete_parameters(method: str, operation: Operation, example: Example) -> list[dict[str, Any]]:
    codes = operation_errors.problem_codes_of(operation)
    required = {"Idempotency-Key": "idempotency-key-missing" in codes, "If-Match": method != "put"}
    key = str(recorded_answers.idempotency_key_of(operation["operationId"]))
    values = {"Idempotency-Key": key, **example.parameters}
    parameters = [_with_clean_schema(parameter) for parameter in operation.get("parameters", [])]
    for parameter in parameters:
        name = parameter["name"]
        parameter.setdefault("description", PARAMETER_DESCRIPTIONS.get(name, ""))
        parameter["required"] = required.get(name, parameter["required"])
        if name in values:
            parameter["example"] = values[name]
    return parameters


def _complete_request_body(operation: Operation, example: Example) -> None:
    # What follows the first is the same in another form, as its route describes it.
    (_, described), *others = operation["requestBody"]["content"].items()
    schema = clean_schema(described["schema"])
    if operation["operationId"] in PATCH_SCHEMAS:
        schema = {"$ref": SCHEMA_REFERENCE.format(model=PATCH_SCHEMAS[operation["operationId"]])}
    described |= {"schema": schema, "examples": _shown(example.bodies)}
    for media_type, content in others:
        content["examples"] = _shown(example.other_bodies.get(media_type, {}))


def _shown(bodies: Mapping[str, JsonValue]) -> dict[str, Any]:
    return {name: {"summary": name, "value": body} for name, body in bodies.items()}


def _success_response(
    status: str, response: dict[str, Any], operation: Operation, schemas: dict[str, Any]
) -> dict[str, Any]:
    """The response with its description, headers and examples."""
    if "content" not in response:
        return {"description": SUCCESS_DESCRIPTIONS[status], "headers": header_references(COMMON_HEADERS)}
    (media_type, content), *others = response["content"].items()
    schema = content["schema"].get("$ref", "").rpartition("/")[2]
    versioned = schema != "" and "version" in schemas[schema]["properties"]
    headers = [*COMMON_HEADERS_WITH_LANGUAGE, *_headers_sent(status, operation, schema, versioned=versioned)]
    operation_id = operation["operationId"]
    if status == "202" and "200" in operation["responses"]:
        operation_id += " 202"  # what is asked for is shown beside what is done
    return {
        "description": SUCCESS_DESCRIPTIONS[status],
        "headers": header_references(headers) | response.get("headers", {}),
        "content": {
            media_type: _with_examples(content, operation_id),
            **{other: _with_examples(content, f"{operation_id} {other}") for other, content in others},
        },
    }


def _headers_sent(status: str, operation: Operation, schema: str, *, versioned: bool) -> Iterator[str]:
    """The headers that the schema of a response and the parameters of its operation imply."""
    parameters = {parameter["name"] for parameter in operation["parameters"]}
    sent = {
        "ETag": versioned or "If-None-Match" in parameters,
        "Location": (versioned and status == "201") or status == "202",
        "Link": schema.endswith("Page"),
        "Idempotent-Replayed": "Idempotency-Key" in parameters,
        "Preference-Applied": "Prefer" in parameters,
    }
    return (name for name, is_sent in sent.items() if is_sent)


def _with_examples(content: dict[str, Any], recorded_as: str) -> dict[str, Any]:
    recorded_examples = recorded_answers.recorded_answers(recorded_as)
    return content | ({"examples": recorded_examples} if recorded_examples else {})
