"""What is said of a wrong value, for every field and parameter of the contract: where it is, and in words."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

import app.api
from app.api.http.problems.validation_problems import field_problems
from tests.api.openapi.contract_requests import CONTRACT
from tests.api.response_assertions import OPERATIONS, expect_problem
from tests.http_builders import contract_body

Schema = Mapping[str, Any]
PATTERN = re.compile(r"[\^$|\\]|\[[^]]*\]|\{\d+(,\d*)?\}|\(\?|\.\*[^\s,`]")
WRONG: list[Any] = [
    "", " ", "É É", "35000", "2025-02-30", "a@b", "\x00", "\ufffd", "x" * 5_000, -1, 10**30, 1.5, True, None, [], {},
    ["É É"], ["x" * 5_000], {"É É": "É É"},
]  # fmt: skip
AN_ID = UUID("3f0c2a6e-5b1d-4a3c-9e7f-0d2b8c6a4e10")  # one for all runs: it names tests


def _alternatives(schema: Schema, definitions: Schema) -> list[Schema]:
    """The schemas that a value may follow."""
    if "$ref" in schema:
        return _alternatives(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    alternatives = schema.get("anyOf", schema.get("oneOf"))
    return [one for part in alternatives for one in _alternatives(part, definitions)] if alternatives else [schema]


def _places(schema: Schema, definitions: Schema, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a value of the schema has values."""
    yield place
    for one in _alternatives(schema, definitions):
        for name, inner in one.get("properties", {}).items():
            yield from _places(inner, definitions, (*place, name))
        if "items" in one:
            yield from _places(one["items"], definitions, (*place, 0))
        if isinstance(one.get("additionalProperties"), dict):
            yield from _places(one["additionalProperties"], definitions, (*place, "2026"))


def _body_with(place: tuple[str | int, ...], value: Any) -> Any:
    """Nothing but this value at this place."""
    if not place:
        return value
    inner = _body_with(place[1:], value)
    return [inner] if place[0] == 0 else {place[0]: inner}


BODIES: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(annotation)
    for name, route in OPERATIONS.items()
    if route.body_field is not None
    and (annotation := route.body_field.field_info.annotation) is not None
    and name != "importFile"
}


@pytest.mark.parametrize("operation", BODIES)
def test_what_is_wrong_with_a_body_is_placed_and_said_without_a_pattern(operation: str) -> None:
    body = BODIES[operation]
    schema = body.json_schema()
    seen = 0
    for place in {*_places(schema, schema.get("$defs", {}))}:
        for value in WRONG:
            try:
                body.validate_python(_body_with(place, value))
            except ValidationError as wrong:
                for error in field_problems(wrong.errors()):
                    seen += 1
                    assert error.pointer.startswith("/"), (place, value)
                    assert not PATTERN.search(error.detail.fr + error.detail.en), (place, value, error)
    assert seen or operation in {"patchAdviser", "patchContract"}, "an object of any fields, which are read further on"


def _parameters() -> Iterator[tuple[str, str, Schema]]:
    """Every GET and the parameters of its query."""
    for path, operations in CONTRACT["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query":
                yield path, parameter["name"], parameter["schema"]


PARAMETERS = [*_parameters()]


@pytest.mark.parametrize(("path", "name", "schema"), PARAMETERS, ids=[f"{path}?{name}" for path, name, _ in PARAMETERS])
def test_what_is_wrong_with_a_parameter_is_said_without_a_pattern(
    admin: httpx.Client, path: str, name: str, schema: Schema
) -> None:
    where = path.replace("{code}", "cafe-ia").replace("{version}", "2021-01-01")
    where = re.sub(r"\{\w+\}", str(AN_ID), where)
    refused = 0
    for value in ("É É", "-1", "x" * 21_000):
        answer = admin.get(where, params={name: value})
        if answer.status_code == 400:
            refused += 1
            for error in answer.json().get("errors", [{"pointer": "/", "detail": answer.json()["detail"]}]):
                assert error["pointer"] in {f"/{name}", "/"}
                assert not PATTERN.search(error["detail"]), (value, error)
    assert refused or "{" in path, schema


@pytest.mark.parametrize(
    ("pointer", "value", "said"),
    [
        ("/department", "35000", "Doit être un code de département : 35, 2A, 974…"),
        ("/department", "00", "Doit être un code de département : 35, 2A, 974…"),
        ("/conum_id", 2**53, "Doit être un ID Conum : un nombre entier, de 1 à 9007199254740991."),
        ("/email", "a" * 260, "Une adresse compte au plus 254 caractères."),
        ("/first_name", "a" * 201, "Au plus 200 caractères."),
        ("/initial_training/entered_on", "2025-02-30", "Doit être une date du calendrier, AAAA-MM-JJ."),
        ("/initial_training/entered_on", "hier", "Doit être une date AAAA-MM-JJ."),
    ],
)
def test_a_sentence_says_what_the_field_is(platform: httpx.Client, pointer: str, value: Any, said: str) -> None:
    answer = platform.post("/v1/advisers", json=_body_with((*pointer.removeprefix("/").split("/"),), value))

    (error,) = expect_problem(answer, 422, "validation-error")["errors"]
    assert (error["pointer"], error["detail"]) == (pointer, said)


@pytest.mark.parametrize(
    ("siret", "said"),
    [
        ("213502388000190", "Doit être un SIRET (14 chiffres) ou un RIDET (7 ou 10 chiffres)."),
        ("2" * 21, "Doit être un SIRET (14 chiffres) ou un RIDET (7 ou 10 chiffres)."),
        ("21350238800018", "N’est pas un SIRET valide : la clé de contrôle est fausse."),
        ("05420120000034", "N’est pas un SIRET valide : la clé de ses 9 premiers chiffres, le SIREN, est fausse."),
        ("00000000000000", "N’est le numéro d’aucune structure"),
        ("0000000", "N’est le numéro d’aucune structure"),
    ],
)
def test_a_sentence_says_what_is_wrong_with_a_siret(platform: httpx.Client, siret: str, said: str) -> None:
    employer = {"siret": siret, "name": "Ville d’exemple", "legal_form": "public"}

    answer = platform.post("/v1/contracts", json=contract_body(str(AN_ID), employer=employer))

    (error,) = expect_problem(answer, 422, "validation-error")["errors"]
    assert error["pointer"] == "/employer/siret"
    assert error["detail"].startswith(said)


def _whole_object_validators() -> Iterator[tuple[str, ast.FunctionDef]]:
    for file in sorted(Path(inspect.getfile(app.api)).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                "model_validator" in ast.unparse(by) for by in node.decorator_list
            ):
                yield file.stem, node


def test_a_validator_of_a_whole_object_names_the_field_it_objects_to() -> None:
    found = [*_whole_object_validators()]
    objections = [
        ast.unparse(call)
        for _, function in found
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "objection" and len(call.args) < 3
    ]

    assert len(found) >= 5
    assert objections == []
