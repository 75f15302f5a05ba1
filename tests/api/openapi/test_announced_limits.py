"""The bounds that the contract announces are kept, in requests and in responses."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.openapi.contract_requests import schema_errors

PROBLEM = {"$ref": "#/components/schemas/ProblemResource"}
AN_ID = UUID("3f0c2a6e-5b1d-4a3c-9e7f-0d2b8c6a4e10")  # one for all runs: it names tests


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body of an answer with this status, which is a problem as announced."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert schema_errors(PROBLEM, body) == []
    return body


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("first_name", " " * 150 + "x" * 201, "too-long"),
        ("first_name", " \t", "too-short"),
        ("first_name", "\u200b\u00ad", "too-short"),
        ("first_name", "a\x1f", "control-character"),
        ("id", f"urn:uuid:{AN_ID}", "invalid-uuid"),
        ("id", f"{{{AN_ID}}}", "invalid-uuid"),
        ("id", AN_ID.hex, "invalid-uuid"),
        ("department", "0350", "too-long"),
    ],
)
def test_a_field_beyond_its_bounds_is_refused(admin: httpx.Client, field: str, value: str, code: str) -> None:
    body = problem(admin.put(f"/v1/advisers/{AN_ID}", json={field: value}), 422)

    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [(f"/{field}", code)]


def test_a_text_is_counted_as_it_is_kept(admin: httpx.Client) -> None:
    answer = admin.put(f"/v1/advisers/{uuid4()}", json={"first_name": " " * 150 + "e\u0301\u200b" * 200})

    assert answer.json()["first_name"] == "é" * 200


@pytest.mark.parametrize("written", [f"urn:uuid:{AN_ID}", f"{{{AN_ID}}}", AN_ID.hex])
def test_an_identifier_has_a_single_spelling(admin: httpx.Client, written: str) -> None:
    problem(admin.get("/v1/registrations", params={"adviser_id": written}), 400)
    problem(admin.get(f"/v1/advisers/{written}"), 404)


@pytest.mark.parametrize("header", ["If-None-Match", "If-Match"])
def test_a_conditional_header_is_bounded(admin: httpx.Client, header: str) -> None:
    method = "GET" if header == "If-None-Match" else "PATCH"
    answer = admin.request(method, f"/v1/advisers/{AN_ID}", headers={header: '"1",' * 300}, json={})

    assert problem(answer, 400)["code"] == "invalid-header"


@pytest.mark.parametrize("name", ["x" * 100_000, "\x00\x1f\u2028", "~/", "\ud800"])
def test_a_field_that_does_not_exist_is_named_within_bounds(admin: httpx.Client, name: str) -> None:
    sent = json.dumps({name: 1})  # half of a surrogate pair included, as an escape

    body = problem(admin.put(f"/v1/advisers/{AN_ID}", content=sent, headers={"Content-Type": "application/json"}), 422)

    assert {error["code"] for error in body["errors"]} <= {"unknown-field", "invalid-type"}


@pytest.mark.parametrize("name", ["x" * 30_000, "\x00\x1f", "~/"])
def test_a_parameter_that_does_not_exist_is_named_within_bounds(admin: httpx.Client, name: str) -> None:
    body = problem(admin.get("/v1/modules", params={name: "1"}), 400)

    assert body["code"] == "invalid-parameter"


def test_a_method_that_a_path_does_not_have_is_named_by_those_it_has(admin: httpx.Client) -> None:
    answer = admin.get("/v1/registrations/preview")

    assert problem(answer, 405)["code"] == "method-not-allowed"
    assert answer.headers["allow"] == "POST"
