"""Requests made from the contract alone, as the documentation page makes them, and responses checked against it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

PUBLISHED = Path(__file__).parents[3] / "openapi" / "openapi.json"
RECORDED_ANSWERS = Path(__file__).parents[3] / "app" / "api" / "openapi" / "answers.json"
JSON = "application/json"
ACCEPTED = 202
RECORDING = "RECORD_EXAMPLES" in os.environ

CONTRACT: dict[str, Any] = orjson.loads(PUBLISHED.read_bytes())


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    definition: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.definition["operationId"])

    @property
    def successes(self) -> set[int]:
        return {int(status) for status in self.definition["responses"] if status.startswith("2")}

    def bodies(self) -> dict[str, Any]:
        """The bodies that are shown, by name, in the form that is shown first; one None when there is nothing to
        send."""
        content: dict[str, dict[str, Any]] = self.definition.get("requestBody", {}).get("content", {})
        examples = next(iter(content.values()))["examples"] if content else {}
        return {name: example["value"] for name, example in examples.items()} or {"Lire": None}

    def recorded_as(self, answer: httpx.Response) -> str:
        """The name under which the response is recorded: what is asked for has its own beside what is done."""
        is_beside = answer.status_code == ACCEPTED and len(self.successes) > 1
        return f"{self.id} {ACCEPTED}" if is_beside else self.id

    @property
    def other_media_types(self) -> list[str]:
        """The media types that are answered only when `Accept` asks for them."""
        return [*self.definition["responses"].get("200", {}).get("content", {})][1:]

    def send(
        self, client: httpx.Client, body: Any, key: str | None = None, accept: str | None = None
    ) -> httpx.Response:
        """The request that the examples make; with `key` instead of the `Idempotency-Key` that is shown."""
        shown = [parameter for parameter in self.definition["parameters"] if "example" in parameter]
        given = {place: _values(shown, place) for place in ("path", "query", "header")}
        if key is not None and "Idempotency-Key" in given["header"]:
            given["header"]["Idempotency-Key"] = key
        if accept is not None:
            given["header"]["Accept"] = accept
        path = self.path.format_map(given["path"])
        return client.request(
            self.method, path, params=given["query"], headers=given["header"], **self._encoded_body(body)
        )

    def _encoded_body(self, body: Any) -> dict[str, Any]:
        """A body as it is sent: with a file in it, a form."""
        if "multipart/form-data" not in self.definition.get("requestBody", {}).get("content", {}):
            return {"json": body}
        fields = {name: json.dumps(value).strip('"') for name, value in body.items() if name != "file"}
        return {"files": {"file": body["file"]}, "data": fields}


def _values(shown: list[dict[str, Any]], place: str) -> dict[str, str]:
    return {parameter["name"]: str(parameter["example"]) for parameter in shown if parameter["in"] == place}


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the contract, as it is ordered."""
    paths = CONTRACT["paths"].items()
    return tuple(Operation(method, path, said) for path, item in paths for method, said in item.items())


def violations(answer: httpx.Response, operation: Operation) -> Iterator[str]:
    """What in a response departs from the contract: its status, a header, its body."""
    said = _resolve_reference(operation.definition["responses"].get(str(answer.status_code)))
    if said is None:
        yield f"{answer.status_code} is not announced: {answer.text}"
        return
    for name, header in said.get("headers", {}).items():
        declared = _resolve_reference(header)
        if name not in answer.headers:
            if declared["required"]:
                yield f"{name} is missing"
            continue
        value: Any = answer.headers[name]
        number = declared["schema"]["type"] == "integer"
        yield from (f"{name}: {fault}" for fault in schema_errors(declared["schema"], int(value) if number else value))
    if "content" in said:
        kind = answer.headers["content-type"].partition(";")[0]
        content = said["content"].get(kind)
        if content is None:
            yield f"{kind} is not announced"
            return
        yield from schema_errors(content["schema"], answer.json() if kind == JSON else answer.text)


def schema_errors(schema: dict[str, Any], value: Any) -> list[str]:
    """How `value` departs from a schema of the contract."""
    placed = {"components": CONTRACT["components"], "allOf": [schema]}
    validator = Draft202012Validator(placed, format_checker=FormatChecker())
    found: Iterator[ValidationError] = validator.iter_errors(value)  # pyright: ignore[reportUnknownMemberType]  # untyped
    return [f"{fault.json_path}: {fault.message}" for fault in found]


def _resolve_reference(said: Any) -> Any:
    """The target of a reference of the contract, or what is none itself."""
    if said is None or "$ref" not in said:
        return said
    found: Any = CONTRACT
    for part in said["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def without_volatile_parts(answer: httpx.Response, base_url: str) -> Any:
    """A response as the contract shows it: without the URL of the server, and without secrets. A workbook is not shown:
    its bytes are no text, and hold the instant at which it was written."""
    if answer.content.startswith(b"PK"):
        return "(un classeur)"
    text = answer.text.replace(base_url, "https://exemple.fr")
    text = re.sub(r"(insc_[0-9A-Za-z]{12}_)[0-9A-Za-z]{46}", lambda found: found[1] + "0" * 46, text)
    text = re.sub(r"whsec_[0-9A-Za-z+/]{43}=", f"whsec_{'A' * 43}=", text)
    return orjson.loads(text) if answer.headers["content-type"] == JSON else text


def new_key() -> str:
    return str(uuid4())
