"""JSON Schemas as client generators read them best: no generated titles, `null` beside the type, bounded lengths."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

# The longest text of each format.
MAX_LENGTHS = {"date": 10, "date-time": 35, "uuid": 36, "email": 254, "uri": 2_083, "json-pointer": 5_000}
LARGEST_INT32 = 2**31 - 1
NULL = {"type": "null"}
# Enumerations that will grow: a client generated earlier must accept what is added.
EXTENSIBLE_ENUMS = {"CancellationCause", "Cause", "EventType", "Reason", "Subject"}

_SUBSCHEMA_KEYWORDS = ("items", "additionalProperties", "contains", "not", "if", "then", "else")
_SUBSCHEMA_LIST_KEYWORDS = ("anyOf", "oneOf", "allOf", "prefixItems")


def clean_schema(schema: Mapping[str, Any]) -> Schema:
    """The same schema, of the same meaning."""
    clean = {name: value for name, value in schema.items() if name != "title"}
    if "properties" in clean:
        clean["properties"] = {name: clean_schema(property_) for name, property_ in clean["properties"].items()}
    clean |= {name: clean_schema(clean[name]) for name in _SUBSCHEMA_KEYWORDS if isinstance(clean.get(name), dict)}
    clean |= {name: [clean_schema(one) for one in clean[name]] for name in _SUBSCHEMA_LIST_KEYWORDS if name in clean}
    return _with_bounds(_nullable(clean))


def extensible_enum(schema: Schema) -> Schema:
    """An enumeration as a text whose known values are listed (x-extensible-enum, as Zalando's guidelines have it)."""
    known = schema["enum"]
    others = {name: value for name, value in schema.items() if name != "enum"}
    return others | {"maxLength": 60, "pattern": "^[a-z0-9_.]+$", "x-extensible-enum": known}


def without_null(schema: Schema) -> Schema:
    """For a query parameter, which can be absent and never null."""
    found: list[Schema] = [one for one in schema.get("anyOf", ()) if one != NULL]
    others = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**others, **found[0]} if len(found) == 1 else schema


def _nullable(schema: Schema) -> Schema:
    """With `type: [x, "null"]` instead of `anyOf`, unless the other alternative is a reference, which has no type."""
    alternatives = schema.get("anyOf", [])
    others = [one for one in alternatives if one != NULL]
    if len(alternatives) != 2 or len(others) != 1 or not isinstance(others[0].get("type"), str):  # noqa: PLR2004  # something or null
        return schema
    nullable = without_null(schema)
    if "enum" in nullable:
        nullable["enum"] = [*nullable["enum"], None]
    return {**nullable, "type": [nullable["type"], "null"]}


def _with_bounds(schema: Schema) -> Schema:
    types = schema.get("type", ())
    if "string" in types and schema.get("format") in MAX_LENGTHS:
        return {"maxLength": MAX_LENGTHS[schema["format"]]} | schema
    if "integer" in types and "maximum" in schema:
        return {"format": "int32" if schema["maximum"] <= LARGEST_INT32 else "int64"} | schema
    return schema
