"""What surrounds every request: its id, its headers, its time limit, what is counted of it."""

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from random import Random
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from app.api.http import routing
from app.api.http.bodies.limited_body import JSON_BODY
from app.persistence.engine.database import POOL_SIZE, open_database
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser_in_post, registration_body
from tests.live_server import LiveServer, idempotency_headers

PATHS = ["/v1/modules", "/v1/nowhere", "/docs", "/livez", "/readyz", "/metrics", "/problems", "/openapi.json"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_a_request_id_and_the_security_headers(admin: httpx.Client, path: str) -> None:
    first, second = admin.get(path), admin.get(path)

    assert UUID(first.headers["X-Request-Id"]) != UUID(second.headers["X-Request-Id"])
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in first.headers["Content-Security-Policy"]
    assert len(first.headers.get_list("Content-Security-Policy")) == 1
    assert "server" not in first.headers


def test_the_callers_request_id_is_kept_and_is_the_instance_of_a_problem(admin: httpx.Client) -> None:
    mine = str(uuid4())

    answer = admin.get("/v1/nowhere", headers={"X-Request-Id": mine})

    assert answer.headers["X-Request-Id"] == mine
    assert expect_problem(answer, 404, "not-found")["instance"] == f"urn:uuid:{mine}"


@pytest.mark.parametrize("given", ["", "abc", "x" * 5_000, "<script>", "1; DROP TABLE"])
def test_a_request_id_that_is_no_uuid_is_replaced(admin: httpx.Client, given: str) -> None:
    answer = admin.get("/v1/modules", headers={"X-Request-Id": given})

    assert answer.status_code == 200
    assert UUID(answer.headers["X-Request-Id"]) != given


def test_who_asks_is_found_out_before_anything_is_read(anonymous: httpx.Client, histya: httpx.Client) -> None:
    unreadable = {"content": b"{", "headers": {"Content-Type": "text/plain"}, "params": {"nonsense": "1"}}

    unknown = anonymous.post("/v1/registrations", **unreadable)  # type: ignore[arg-type]  # a mapping of arguments
    lacking = histya.post("/v1/advisers", **unreadable)  # type: ignore[arg-type]  # a mapping of arguments

    expect_problem(unknown, 401, "unauthenticated")
    expect_problem(lacking, 403, "forbidden")


@pytest.mark.parametrize("levels", [21, 1_000, 100_000])
def test_a_body_nested_too_deeply_is_refused(platform: httpx.Client, levels: int) -> None:
    body = b'{"a":' + b"[" * levels + b"]" * levels + b"}"

    answer = platform.post("/v1/advisers", content=body, headers={"Content-Type": "application/json"})

    expect_problem(answer, 400, "malformed-json")


def test_many_brackets_side_by_side_are_not_deep(platform: httpx.Client) -> None:
    answer = platform.post("/v1/advisers", json={"nonsense": [[0]] * 500})

    expect_problem(answer, 422, "validation-error")


def _raw_request(served: LiveServer, path: str, role: str, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {served.keys[role]}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def _connected(served: LiveServer) -> socket.socket:
    parts = urlsplit(served.base_url)
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=30)


@pytest.fixture
def short_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "JSON_BODY", replace(JSON_BODY, timeout_seconds=0.2))


@pytest.mark.usefixtures("short_time_limit")
def test_a_body_that_does_not_come_is_not_waited_for(served: LiveServer) -> None:
    with closing(_connected(served)) as line:
        line.sendall(
            _raw_request(served, "/v1/advisers", "platform", Content_Type="application/json", Content_Length="100")
        )
        line.sendall(b'{"first_name":')

        answer = b""
        while not answer.endswith(b"}"):
            answer += line.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"request-timeout" in answer


IN_A_TRANSACTION = """SELECT count(*) AS number FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'"""


async def _wait_until_idle(url: str) -> None:
    """A transaction under way ends by itself; one that leaked never would."""
    database = open_database(url, pool_size=1)
    row = await database.one(IN_A_TRANSACTION)
    while row and row["number"]:
        await asyncio.sleep(0.05)
        row = await database.one(IN_A_TRANSACTION)
    await database.close()


def test_five_hundred_aborted_calls_leave_nothing_behind(served: LiveServer, platform: httpx.Client) -> None:
    chance = Random(20_261_122)  # noqa: S311  # the same moments in every run
    bodies = [json.dumps(registration_body(an_adviser_in_post(platform))).encode() for _ in range(25)]

    def abort(number: int) -> None:
        body, length = bodies[number % len(bodies)], str(len(bodies[number % len(bodies)]))
        named = {"Content_Type": "application/json", "Content_Length": length, "Idempotency_Key": str(uuid4())}
        whole = _raw_request(served, "/v1/registrations", "platform", **named) + body
        with closing(_connected(served)) as line:
            # Anywhere in the request, one time in two after its end: while it is being carried out.
            line.sendall(whole[: chance.randint(1, 2 * len(whole))])

    def listed(_: int) -> int:
        return platform.get("/v1/registrations", params={"limit": 5}).status_code

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(abort, range(500)))
        statuses = set(pool.map(listed, range(4 * POOL_SIZE)))

    assert statuses == {200}
    asyncio.run(_wait_until_idle(served.database_url))
    registered = platform.post("/v1/registrations", json=json.loads(bodies[0]), headers=idempotency_headers())
    assert registered.status_code in {201, 409}


def test_requests_are_counted_by_the_route_as_it_was_declared(platform: httpx.Client, anonymous: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform)
    platform.get(f"/v1/advisers/{adviser}")
    platform.post("/v1/registrations", json=registration_body(adviser), headers=idempotency_headers())
    platform.get(f"/v1/nowhere/{adviser}")

    counted = anonymous.get("/metrics")

    assert counted.headers["Content-Type"].startswith("text/plain; version=")
    lines = counted.text.splitlines()
    where = 'method="GET",route="/v1/advisers/{adviser_id}",status="200"'
    assert any(line.startswith("http_server_request_duration_seconds_count") and where in line for line in lines)
    assert any(line.startswith('registration_decisions_total{outcome="accepted"}') for line in lines)
    assert any(line.startswith("outbox_oldest_unsequenced_age_seconds") for line in lines)
    assert adviser not in counted.text
