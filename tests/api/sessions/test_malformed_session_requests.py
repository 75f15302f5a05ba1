"""Whatever is sent about sessions, the answer is a problem that says so, never a failure of the service."""

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.response_assertions import PROBLEM_MEDIA_TYPE, expect_problem, expect_wrong_fields
from tests.http_builders import an_adviser_in_post
from tests.live_server import idempotency_headers
from tests.session_builders import RENNES, a_session, register_in_session, session_body

SAMPLES = 60
NOBODY = "00000000-0000-4000-8000-000000000000"
WRONG_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e400, 10**40, 0.5, "", " ", "x" * 5_000, "\x00", "é\u2028", "2026-02-30", "0000-01-01"),
    *("9999-12-31", "25:00", "00:00:00", "remote ", NOBODY, [], {}, [[]], [None], {"": None}, {"id": {}}),
    list[dict[str, Any]]([{}]) * 401,
)
DAYS = {"starts_on": "2028-02-08", "ends_on": "2028-02-08", "format": "remote"}
FULL_BODY = session_body(
    reference="R",
    hours=[{"on": "2028-02-08", "from": "09:00", "until": "17:00"}],
    link="https://visio.example.org/a",
    seats={"minimum": 1, "maximum": 2},
    registration_closes_on="2028-02-01",
    place=RENNES,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value of a body."""
    yield path
    if isinstance(value, dict | list):
        keys: Any = [*value] if isinstance(value, dict) else range(len(value))  # pyright: ignore[reportUnknownArgumentType]  # JSON
        for key in keys:
            yield from places(value[key], (*path, key))


def with_value(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed: Any = body.copy()
    changed[path[0]] = with_value(body[path[0]], path[1:], value)
    return changed


def expect_an_answer(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (answer.status_code, answer.text[:300])
    if not answer.is_success:
        assert answer.headers["Content-Type"] == PROBLEM_MEDIA_TYPE
        assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("request_of", ["POST", "PUT", "PATCH", "attendance", "cancellation", "registration"])
def test_no_malformed_body_breaks_the_service(admin: httpx.Client, organisation: httpx.Client, request_of: str) -> None:
    session, draw = a_session(organisation), random.Random(request_of)  # noqa: S311  # the same each time
    line: dict[str, Any] = {
        "registration_id": str(uuid4()),
        "outcome": "completed",
        "motive": "x",
        "absences": [],
        "note": "x",
    }
    registration = {"adviser_id": str(uuid4()), "session_id": session, "requested_on": "2026-06-01"}
    sent: dict[str, tuple[str, str, Any]] = {
        "POST": ("POST", "/v1/sessions", FULL_BODY),
        "PUT": ("PUT", f"/v1/sessions/{session}", FULL_BODY),
        "PATCH": ("PATCH", f"/v1/sessions/{session}", FULL_BODY),
        "attendance": ("POST", f"/v1/sessions/{session}/attendance", {"data": [line]}),
        "cancellation": ("POST", f"/v1/sessions/{session}/cancellation", {"motive": "x"}),
        "registration": ("POST", "/v1/registrations", registration),
    }
    method, path, body = sent[request_of]
    ways, headers = [*places(body)], {"Content-Type": "application/json", "If-Match": '"999"'}
    for _ in range(SAMPLES):
        wrong = json.dumps(with_value(body, draw.choice(ways), draw.choice(WRONG_VALUES)))
        expect_an_answer(admin.request(method, path, content=wrong, headers={**headers, **idempotency_headers()}))
    for content in (b"", b"{", b"[]", b"\xff", b"null", b'{"a":' * 5_000, b'{"starts_on": 1, "starts_on": 2}'):
        expect_an_answer(admin.request(method, path, content=content, headers={**headers, **idempotency_headers()}))


@pytest.mark.parametrize("identifier", ["x", "0", "%00", f"{NOBODY}x", "../registrations", "é"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_no_malformed_identifier_does(admin: httpx.Client, method: str, identifier: str) -> None:
    body = None if method in {"GET", "DELETE"} else session_body()

    expect_an_answer(admin.request(method, f"/v1/sessions/{identifier}", json=body))


@pytest.mark.parametrize("header", [{"If-Match": "3"}, {"If-Match": '"'}, {"Idempotency-Key": "short"}])
def test_no_malformed_header_does(organisation: httpx.Client, header: dict[str, str]) -> None:
    session = a_session(organisation)

    if "If-Match" in header:
        answer = organisation.patch(f"/v1/sessions/{session}", json={"link": None}, headers=header)
    else:
        answer = organisation.post(f"/v1/sessions/{session}/confirmation", headers=header)

    expect_problem(answer, 400, "invalid-header")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"/session": "missing"}),
        ({"module_code": "cafe-ia"}, {"/session": "missing"}),
        ({"session_id": "x"}, {"/session_id": "invalid-uuid"}),
        (
            {
                "session_id": str(uuid4()),
                "session": {"starts_on": "2028-02-08", "ends_on": "2028-02-08", "format": "remote"},
            },
            {"/session": "not-allowed"},
        ),
        ({"session": DAYS}, {"/module_code": "missing"}),
    ],
)
def test_a_registration_names_one_session(
    organisation: httpx.Client, fields: dict[str, Any], wrong: dict[str, str]
) -> None:
    body = {"adviser_id": str(uuid4()), **fields}

    answer = organisation.post("/v1/registrations", json=body, headers=idempotency_headers())

    assert expect_wrong_fields(answer) == wrong


def test_what_a_registration_says_of_its_session_must_agree(
    admin: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    session, adviser = a_session(organisation), an_adviser_in_post(admin)

    def register(client: httpx.Client, **fields: Any) -> httpx.Response:
        body = {"adviser_id": adviser, "session_id": session, **fields}
        return client.post("/v1/registrations", json=body, headers=idempotency_headers())

    assert expect_wrong_fields(register(admin, module_code="cafe-ia")) == {"/module_code": "mismatch"}
    assert expect_wrong_fields(register(admin, training_organisation_id=str(uuid4()))) == {
        "/training_organisation_id": "mismatch"
    }
    expect_problem(register(histya), 403, "forbidden")
    unknown = register(admin, session_id=str(uuid4()))
    assert expect_wrong_fields(unknown, "unknown-reference") == {"/session_id": "unknown"}
    nobody = register(admin, adviser_id=str(uuid4()), session_id=str(uuid4()))
    assert expect_wrong_fields(nobody, "unknown-reference") == {"/adviser_id": "unknown", "/session_id": "unknown"}
    registered = register(organisation)
    assert (registered.status_code, registered.json()["module_code"]) == (201, "numerique-responsable")
    duplicate = expect_problem(register(organisation), 409, "duplicate-registration")
    assert duplicate["status"] == 409


def test_a_registration_leaves_its_session_for_days_of_its_own(admin: httpx.Client, organisation: httpx.Client) -> None:
    session = a_session(organisation)
    registration = register_in_session(admin, an_adviser_in_post(admin), session)
    path = f"/v1/registrations/{registration['id']}"

    days = {"starts_on": "2028-01-18", "ends_on": "2028-01-18"}
    moved = organisation.patch(path, json={"session": days}, headers={"If-Match": "*"}).raise_for_status().json()

    assert (moved["session_id"], moved["seat"], moved["session"]["starts_on"]) == (None, None, "2028-01-18")
    back = organisation.patch(path, json={"session_id": session}, headers={"If-Match": "*"}).raise_for_status().json()
    assert (back["session_id"], back["seat"]["status"]) == (session, "seated")
