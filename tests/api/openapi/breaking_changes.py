"""What a new contract takes away from those who built on an old one.

oasdiff does this well, but comes in no package index. One question answers most of it: may a value of this schema not
be one of that schema? What was asked must still be accepted; what is answered must be what was announced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JsonObject = Mapping[str, Any]

LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT_KEYWORDS = ("pattern", "format", "const", "uniqueItems")
INFINITY = float("inf")


def breaking_changes(old: JsonObject, new: JsonObject) -> list[str]:
    """Every breaking change from one contract to the next: its place, and what it breaks."""
    before, after = Contract(old), Contract(new)
    return [*_operations(before, after), *_webhooks(before, after)]


@dataclass(frozen=True, slots=True)
class Contract:
    document: JsonObject

    def resolved(self, said: JsonObject) -> JsonObject:
        """What a reference leads to."""
        while "$ref" in said:
            found: Any = self.document
            for part in said["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            said = found
        return said

    def alternatives(self, schema: JsonObject) -> list[JsonObject]:
        """The schemas of one type each, any of which a value may follow."""
        schema = self.resolved(schema)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return [one for part in schema[keyword] for one in self.alternatives(part)]
        types = schema.get("type")
        return [schema] if types is None or isinstance(types, str) else [{**schema, "type": one} for one in types]

    def properties(self, schema: JsonObject) -> dict[str, list[JsonObject]]:
        """What may be read in a value, by name; `[]` of a list."""
        found: dict[str, list[JsonObject]] = {}
        for one in self.alternatives(schema):
            for name, property_ in [
                *one.get("properties", {}).items(),
                *([("[]", one["items"])] if "items" in one else ()),
            ]:
                found.setdefault(name, []).append(property_)
        return found

    def operations(self, section: str) -> dict[str, JsonObject]:
        return {
            f"{method.upper()} {path}": operation
            for path, item in self.document.get(section, {}).items()
            for method, operation in item.items()
        }


def incompatibilities(
    inner: JsonObject, of: Contract, outer: JsonObject, within: Contract, place: str
) -> Iterator[str]:
    """Why a value of schema `inner` may not be one of schema `outer`."""
    for one in of.alternatives(inner):
        others = within.alternatives(outer)
        alike = [other for other in others if other.get("type") == one.get("type")] or others
        reasons = [[*_incompatibilities_of_one(one, of, other, within, place)] for other in alike]
        if all(reasons):
            yield from min(reasons, key=len)


def _incompatibilities_of_one(
    inner: JsonObject, of: Contract, outer: JsonObject, within: Contract, place: str
) -> Iterator[str]:
    """The same, of schemas of one type each."""
    if inner.get("type") != outer.get("type", inner.get("type")):
        yield f"{place}: {inner.get('type')} instead of {outer['type']}"
        return
    if "enum" in outer:
        yield from (f"{place}: {value}" for value in inner.get("enum", ["any value"]) if value not in outer["enum"])
    for keyword in (name for name in (*LOWER_BOUNDS, *UPPER_BOUNDS, *EXACT_KEYWORDS) if name in outer):
        if _looser(keyword, inner.get(keyword), outer[keyword]):
            yield f"{place}: {keyword} {inner.get(keyword)} instead of {outer[keyword]}"
    if "items" in outer:
        yield from incompatibilities(inner.get("items", {}), of, outer["items"], within, f"{place}[]")
    yield from _incompatibilities_of_objects(inner, of, outer, within, place)


def _looser(keyword: str, inner: Any, outer: Any) -> bool:
    if keyword in LOWER_BOUNDS:
        return bool((-INFINITY if inner is None else inner) < outer)
    if keyword in UPPER_BOUNDS:
        return bool((INFINITY if inner is None else inner) > outer)
    return bool(inner != outer)


def _incompatibilities_of_objects(
    inner: JsonObject, of: Contract, outer: JsonObject, within: Contract, place: str
) -> Iterator[str]:
    lacking = {*outer.get("required", ())} - {*inner.get("required", ())}
    yield from (f"{place}.{name}: required on one side only" for name in sorted(lacking))
    closed = outer.get("additionalProperties") is False
    if closed and inner.get("additionalProperties") is not False:
        yield f"{place}: other properties"
    for name, schema in inner.get("properties", {}).items():
        if name in outer.get("properties", {}):
            yield from incompatibilities(schema, of, outer["properties"][name], within, f"{place}.{name}")
        elif closed:
            yield f"{place}.{name}: unknown on one side"


def _operations(old: Contract, new: Contract) -> Iterator[str]:
    present = new.operations("paths")
    for place, before in old.operations("paths").items():
        if place not in present:
            if not before.get("deprecated"):
                yield f"{place}: gone without having been deprecated"
            continue
        after = present[place]
        if before["operationId"] != after["operationId"]:
            yield f"{place}: operationId {after['operationId']} instead of {before['operationId']}"
        if before.get("security", old.document.get("security")) != after.get("security", new.document.get("security")):
            yield f"{place}: security"
        yield from _parameters(old, before, new, after, place)
        yield from _request_body_changes(old, before.get("requestBody"), new, after.get("requestBody"), f"{place} body")
        yield from _response_changes(old, before["responses"], new, after["responses"], place)


def _parameters(old: Contract, before: JsonObject, new: Contract, after: JsonObject, place: str) -> Iterator[str]:
    taken, takes = (
        {(item["in"], item["name"]): item for item in map(contract.resolved, operation.get("parameters", ()))}
        for contract, operation in ((old, before), (new, after))
    )
    for key, parameter in taken.items():
        if key not in takes:
            yield f"{place}: parameter {key[1]} gone"
        else:
            yield from incompatibilities(parameter["schema"], old, takes[key]["schema"], new, f"{place} {key[1]}")
    for key, parameter in takes.items():
        if parameter.get("required") and not taken.get(key, {}).get("required"):
            yield f"{place}: parameter {key[1]} required"


def _request_body_changes(
    old: Contract, before: JsonObject | None, new: Contract, after: JsonObject | None, place: str
) -> Iterator[str]:
    if after is None or before is None:
        if before is not None or (after or {}).get("required"):
            yield f"{place}: on one side only"
        return
    if after.get("required") and not before.get("required"):
        yield f"{place}: required"
    for kind, content in before["content"].items():
        if kind not in after["content"]:
            yield f"{place}: {kind} gone"
        else:
            yield from incompatibilities(content["schema"], old, after["content"][kind]["schema"], new, place)


def _response_changes(old: Contract, before: JsonObject, new: Contract, after: JsonObject, place: str) -> Iterator[str]:
    """A new error is no break: a client must expect any."""
    for status in sorted({status for status in {*before, *after} if status.startswith("2")}):
        if status not in before or status not in after:
            yield f"{place} {status}: on one side only"
        else:
            yield from _response_change(
                old, old.resolved(before[status]), new, new.resolved(after[status]), f"{place} {status}"
            )
    for status in sorted(status for status in {*before} & {*after} if not status.startswith("2")):
        yield from _response_change(
            old, old.resolved(before[status]), new, new.resolved(after[status]), f"{place} {status}"
        )


def _response_change(old: Contract, before: JsonObject, new: Contract, after: JsonObject, place: str) -> Iterator[str]:
    for name, header in before.get("headers", {}).items():
        now = new.resolved(after.get("headers", {}).get(name, {}))
        if not now or (old.resolved(header).get("required") and not now.get("required")):
            yield f"{place}: header {name} gone, or not certain any more"
    for kind, content in before.get("content", {}).items():
        if kind not in after.get("content", {}):
            yield f"{place}: {kind} gone"
        else:
            schema = after["content"][kind]["schema"]
            yield from incompatibilities(schema, new, content["schema"], old, place)
            yield from _lost_properties(old, content["schema"], new, schema, place)


def _lost_properties(old: Contract, before: JsonObject, new: Contract, after: JsonObject, place: str) -> Iterator[str]:
    """Properties that were there to be read, even if not always."""
    was, now = old.properties(before), new.properties(after)
    for name, schemas in was.items():
        if name not in now:
            yield f"{place}.{name}: gone"
        else:
            yield from _lost_properties(old, {"anyOf": schemas}, new, {"anyOf": now[name]}, f"{place}.{name}")


def _webhooks(old: Contract, new: Contract) -> Iterator[str]:
    """What is delivered is read as an answer is."""
    present = new.operations("webhooks")
    for place, before in old.operations("webhooks").items():
        if place not in present:
            yield f"webhook {place}: gone"
        else:
            yield from _response_change(
                old, before["requestBody"], new, present[place]["requestBody"], f"webhook {place}"
            )
