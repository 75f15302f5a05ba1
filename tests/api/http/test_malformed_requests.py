"""Requests that never reach a rule: no such route, no such method, a body nobody can read."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.api.registration_states import accepted_registration
from tests.api.response_assertions import expect_problem, expect_wrong_fields
from tests.http_builders import an_adviser_in_post, registration_body
from tests.live_server import idempotency_headers

JSON = {"Content-Type": "application/json"}
KIB = 1024


@pytest.mark.parametrize(
    "path", ["/v1", "/v2/registrations", "/v1/registration", "/nowhere", "/v1/advisers/1/2/3", "/docs/assets/absent.js"]
)
def test_an_unknown_route_is_a_problem(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(path)

    expect_problem(answer, 404, "not-found")


@pytest.mark.parametrize("identifier", ["1", "not-a-uuid", "%00", "%F0%9F%A6%8A", "0" * 300, "..%2F.."])
@pytest.mark.parametrize("noun", ["registrations", "advisers", "contracts", "training-organisations", "modules"])
def test_an_identifier_that_is_none_is_not_found(admin: httpx.Client, noun: str, identifier: str) -> None:
    answer = admin.get(f"/v1/{noun}/{identifier}")

    expect_problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/registrations", {"GET", "HEAD", "POST"}),
        ("PUT", "/v1/advisers", {"GET", "HEAD", "POST"}),
        ("POST", "/v1/modules/cafe-ia", {"GET", "HEAD", "PUT"}),
        ("PATCH", "/v1/qualifications", {"GET", "HEAD"}),
        ("DELETE", "/v1/registrations/0198b7a0-0000-7000-8000-000000000000", {"GET", "HEAD", "PATCH"}),
        ("POST", "/livez", {"GET", "HEAD"}),
        ("POST", "/docs", {"GET", "HEAD"}),
        ("POST", "/docs/assets/swagger-ui.css", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_told_the_allowed_ones(
    admin: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = admin.request(method, path)

    expect_problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", ""]
)
def test_a_body_that_is_not_said_to_be_json_is_refused(platform: httpx.Client, content_type: str | None) -> None:
    headers = idempotency_headers() if content_type is None else idempotency_headers() | {"Content-Type": content_type}

    answer = platform.post("/v1/registrations", content=b"{}", headers=headers)

    expect_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;a=b"]
)
def test_json_is_recognised_with_its_parameters(platform: httpx.Client, content_type: str) -> None:
    answer = platform.post("/v1/registrations/preview", content=b"{}", headers={"Content-Type": content_type})

    expect_problem(answer, 422, "validation-error")


BROKEN = {
    "truncated": b'{"adviser_id": "',
    "not UTF-8": b'{"adviser_id": "\xff\xfe"}',
    "Latin-1": '{"adviser_id": "é"}'.encode("latin-1"),
    "two documents": b"{} {}",
    "single quotes": b"{'a': 1}",
    "trailing comma": b'{"a": 1,}',
    "a comment": b"{} // fin",
    "a word": b"nothing",
    "white space": b"   ",
    "NaN": b'{"conum_id": NaN}',
    "Infinity": b'{"conum_id": -Infinity}',
    "deep nesting": b"[" * 100_000,
    "deep and closed": b"[" * 50_000 + b"]" * 50_000,
    "a raw NUL": b'{"a": "\x00"}',
    "a NUL outside": b"{}\x00",
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("path", ["/v1/registrations", "/v1/registrations/preview", "/v1/advisers"])
def test_broken_json_is_said(platform: httpx.Client, path: str, what: str) -> None:
    answer = platform.post(path, content=BROKEN[what], headers=JSON | idempotency_headers())

    expect_problem(answer, 400, "malformed-json")


def test_broken_json_is_said_of_a_patch(platform: httpx.Client) -> None:
    path = f"/v1/advisers/{accepted_registration(platform)['adviser_id']}"

    answer = platform.patch(path, content=b'{"department": ', headers=JSON | {"If-Match": "*"})

    expect_problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("depth", [500, 900, 930, 940, 950, 960, 970, 3_000, 12_000])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_nested_objects_are_refused_at_any_depth(platform: httpx.Client, method: str, depth: int) -> None:
    path = f"/v1/advisers/{accepted_registration(platform)['adviser_id']}"
    nested = b'{"initial_training":' * depth + b"{}" + b"}" * depth

    answer = platform.request(method, path, content=nested, headers=JSON | {"If-Match": "*"})

    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed-json", "validation-error"}


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400, "9" * 5_000, "1" + "0" * 100_000, "1e-400", "-0"])
def test_a_number_of_any_size_is_a_mistake_of_the_caller(platform: httpx.Client, number: str) -> None:
    answer = platform.post("/v1/advisers", content=f'{{"conum_id": {number}}}'.encode(), headers=JSON)

    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed-json", "validation-error"}


@pytest.mark.parametrize("content", [b"[]", b'"texte"', b"1", b"true", b"[{}]"])
def test_a_body_that_is_no_object_is_said(platform: httpx.Client, content: bytes) -> None:
    answer = platform.post("/v1/registrations", content=content, headers=JSON | idempotency_headers())

    assert expect_wrong_fields(answer) == {"/": "invalid-type"}


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [(b"", "missing", "Un corps JSON est requis."), (b"null", "invalid-type", "Doit être un objet JSON.")],
)
def test_no_body_at_all_is_said(platform: httpx.Client, content: bytes, code: str, said: str) -> None:
    answer = platform.post("/v1/registrations", content=content, headers=JSON | idempotency_headers())

    assert expect_wrong_fields(answer) == {"/": code}
    assert answer.json()["errors"][0]["detail"] == said


@pytest.mark.parametrize("content", [b"[]", b"1", b'"a"', b"null", b""])
def test_a_patch_that_is_no_object_is_said(platform: httpx.Client, content: bytes) -> None:
    path = f"/v1/advisers/{accepted_registration(platform)['adviser_id']}"

    answer = platform.patch(path, content=content, headers=JSON | {"If-Match": "*"})

    assert [*expect_wrong_fields(answer)] == ["/"]


@pytest.mark.parametrize("action", ["re-examination", "cancellation"])
def test_an_optional_body_may_be_left_out_without_a_type(platform: httpx.Client, action: str) -> None:
    path = f"/v1/registrations/{accepted_registration(platform)['id']}/{action}"

    answer = platform.post(path, headers=idempotency_headers())

    assert answer.status_code == 409


def test_a_long_body_is_refused(platform: httpx.Client) -> None:
    answer = platform.post("/v1/advisers", content=b" " * (256 * KIB + 1), headers=JSON)

    expect_problem(answer, 413, "payload-too-large")


def test_a_body_of_the_longest_length_is_read(platform: httpx.Client) -> None:
    answer = platform.post("/v1/advisers", content=b"{}".ljust(256 * KIB), headers=JSON)

    assert answer.status_code == 201


def test_a_long_body_in_chunks_is_refused(platform: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"last_name": "'
        for _ in range(257):
            yield b"a" * KIB
        yield b'"}'

    answer = platform.post("/v1/advisers", content=chunks(), headers=JSON)

    expect_problem(answer, 413, "payload-too-large")


def test_a_short_body_in_chunks_is_read(platform: httpx.Client) -> None:
    answer = platform.post("/v1/advisers", content=iter([b"{", b"}"]), headers=JSON)

    assert answer.status_code == 201


def test_a_body_of_the_longest_length_gets_no_endless_answer(platform: httpx.Client) -> None:
    """Each unknown field is said; a caller who sends tens of thousands of them is not sent megabytes."""
    fields = ",".join(f'"{number}":1' for number in range(25_000))

    answer = platform.post("/v1/advisers", content=f"{{{fields}}}".encode(), headers=JSON)

    assert answer.status_code == 422
    assert len(answer.content) < 256 * KIB


SLASHED = [
    "/v1/modules/", "/v1/registrations/", "/v1/advisers/01978a3e-5b0c-7c41-9d5f-2f0c1b7a9e34/", "/v1/imports/",
    "/docs/", "/guide/", "/problems/", "/privacy/", "/statistics/", "/livez/", "/mailbox/", "/openapi.json/",
]  # fmt: skip
EVIL = {"Host": "evil.example"}


@pytest.mark.parametrize("path", SLASHED)
def test_a_path_with_a_final_slash_is_another_one(admin: httpx.Client, path: str) -> None:
    """A redirect would lead to whatever Host says, key and all."""
    read, sent = admin.get(path, headers=EVIL), admin.post(path, json={}, headers=EVIL)

    expect_problem(read, 404, "not-found")
    expect_problem(sent, 404, "not-found")
    assert "Location" not in {*read.headers, *sent.headers}


@pytest.mark.parametrize("path", ["/", "/assets", "/design-system", "/docs/assets", "/statistics/leave", "/v1/modules"])
def test_no_answer_repeats_the_name_of_the_host(admin: httpx.Client, path: str) -> None:
    for answer in (admin.get(path, headers=EVIL), admin.post(path, headers=EVIL)):
        assert not any("evil" in value for value in answer.headers.values())
        assert "evil" not in answer.text
        assert answer.headers.get("Location", "/").startswith("/")


def test_the_way_to_the_next_page_does_not_hang_on_the_name_of_the_host(admin: httpx.Client) -> None:
    answer = admin.get("/v1/modules", params={"limit": 1}, headers={"Host": "a//evil.example"})

    assert answer.headers["Link"].startswith(f"<{admin.base_url}".rstrip("/") + "/v1/modules?")


def test_every_problem_is_said_in_french_by_default(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/nowhere")

    assert answer.headers["Content-Language"] == "fr"


def test_a_demand_without_its_required_header_is_refused_before_it_is_decided(platform: httpx.Client) -> None:
    body = registration_body(an_adviser_in_post(platform))

    answer = platform.post("/v1/registrations", json=body)

    expect_problem(answer, 400, "idempotency-key-missing")
    listed = platform.get("/v1/registrations", params={"adviser_id": body["adviser_id"]})
    assert listed.json()["data"] == []


def test_two_problems_have_two_names(anonymous: httpx.Client) -> None:
    first, second = (anonymous.get(f"/v1/modules/{uuid4()}").json()["instance"] for _ in range(2))

    assert first != second
