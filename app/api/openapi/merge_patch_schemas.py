"""The schemas of merge patches (RFC 7396): the fields of a request, none required, null where a field may be absent."""

from typing import Any

from app.api.openapi.schema_cleanup import Schema

PATCH_SCHEMAS = {
    "patchAdviser": "AdviserPatch",
    "patchContract": "ContractPatch",
    "patchSession": "PublishedSessionPatch",
}
_PREFIX = "#/components/schemas/"


def add_patch_schemas(schemas: dict[str, Any]) -> None:
    for patch in PATCH_SCHEMAS.values():
        _add_patch_schema(patch.replace("Patch", "Request"), schemas)


def _add_patch_schema(request: str, schemas: dict[str, Any]) -> str:
    """Add the schema of the patch of a request, and return a reference to it."""
    name = request.removesuffix("Request").removesuffix("Body") + "Patch"
    schema, needed = schemas[request], schemas[request].get("required", ())
    properties = {
        field: _patch_property(property_, schemas, erasable=field not in needed)
        for field, property_ in schema["properties"].items()
    }
    schemas[name] = {
        "type": "object",
        "description": f"{schema['description']} Ce qui n’est pas dit reste ; null efface.",
        "properties": properties,
        "additionalProperties": False,
    }
    return _PREFIX + name


def _patch_property(schema: Schema, schemas: dict[str, Any], *, erasable: bool) -> Schema:
    schema = {name: value for name, value in schema.items() if name != "default"}
    if "anyOf" in schema:
        return schema | {"anyOf": [_patch_property(one, schemas, erasable=False) for one in schema["anyOf"]]}
    reference = schema.get("$ref", "").removeprefix(_PREFIX)
    if "properties" in schemas.get(reference, {}):
        schema = schema | {"$ref": _add_patch_schema(reference, schemas)}
    if not erasable or "null" in schema.get("type", ()):
        return schema
    return schema | {"type": [schema["type"], "null"]} if "type" in schema else {"anyOf": [schema, {"type": "null"}]}
