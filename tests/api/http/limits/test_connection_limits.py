"""Connections and the heads of requests are bounded before anybody is known."""

import contextlib
import re
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.api.http.limits import connection_limits
from app.api.http.limits.connection_limits import MAX_HEAD_BYTES, LimitedHttpProtocol
from app.api.http.middleware import request_middleware
from tests.api.raw_http import closed_by_peer, raw_connection, read_response, request_head
from tests.api.response_assertions import expect_problem
from tests.live_server import TLS_CONTEXT, LiveServer

FEW = 5


@pytest.fixture(scope="module")
def limited_service(module_service: LiveServer) -> Generator[LiveServer]:
    """Quick to see, and to lose patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection_limits, "CHECK_INTERVAL_SECONDS", 0.02)
        patch.setattr(connection_limits, "HEAD_TIMEOUT_SECONDS", 0.3)
        patch.setattr(connection_limits, "LINGER_SECONDS", 0.1)
        yield module_service


def test_a_head_that_is_never_finished_is_refused_in_time(limited_service: LiveServer) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        answer = read_response(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (408, "request-timeout")
    assert "connection: close" in answer.head
    assert "x-request-id: " in answer.head
    assert "content-security-policy: default-src 'none'" in answer.head


def test_a_head_that_comes_letter_by_letter_has_no_more_time(limited_service: LiveServer) -> None:
    received = b""
    with raw_connection(limited_service) as line:
        line.settimeout(0.01)
        line.sendall(b"GET /livez HTTP/1.1\r\nX: ")
        while not received:
            line.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                received = line.recv(100)

    assert received.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\r\n\r\n"])
def test_a_connection_that_asks_nothing_is_ended(limited_service: LiveServer, said: bytes) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(said)

        assert closed_by_peer(line)


def test_what_comes_after_an_answer_is_not_waited_for_longer(limited_service: LiveServer) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(request_head("/livez"))
        first = read_response(line)
        line.sendall(b"\r\n")

        assert first is not None
        assert first.status == 200
        assert closed_by_peer(line)


def test_a_body_that_nobody_reads_does_not_keep_its_connection(limited_service: LiveServer) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(request_head("/v1/registrations", "Content-Length: 1000000", method="POST"))
        answer = read_response(line)

        assert answer is not None
        assert answer.status == 401
        assert closed_by_peer(line)


OVERSIZED_HEADS = {
    "many": [f"X-{number}: {'x' * 1000}" for number in range(MAX_HEAD_BYTES // 1000 + 1)],
    "one": [f"X: {'x' * MAX_HEAD_BYTES}"],
    "huge": [f"X: {'x' * 1_000_000}"],
}


@pytest.mark.parametrize("filled", OVERSIZED_HEADS)
def test_a_head_that_is_too_large_is_refused(limited_service: LiveServer, filled: str) -> None:
    with raw_connection(limited_service) as line:
        with contextlib.suppress(OSError):
            line.sendall(request_head("/livez", *OVERSIZED_HEADS[filled]))
        answer = read_response(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (431, "head-too-large")


@pytest.mark.parametrize("length", [MAX_HEAD_BYTES, 70_000, 1_000_000])
def test_an_address_that_is_too_long_is_refused_the_same_way(limited_service: LiveServer, length: int) -> None:
    with raw_connection(limited_service) as line:
        with contextlib.suppress(OSError):
            line.sendall(request_head(f"/livez?{'x' * length}"))
        answer = read_response(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (431, "head-too-large")


def test_what_follows_a_body_counts_as_head(limited_service: LiveServer) -> None:
    chunked = request_head("/answer/x", "Transfer-Encoding: chunked", "Content-Type: text/plain", method="POST")
    with raw_connection(limited_service) as line:
        line.sendall(chunked)
        with contextlib.suppress(OSError):
            line.sendall(b"0\r\n" + b"".join(b"X: " + b"x" * 1000 + b"\r\n" for _ in range(100)))
        answer = read_response(line)

        assert answer is not None
        assert closed_by_peer(line)


def test_one_line_without_end_after_a_body_is_not_kept(limited_service: LiveServer) -> None:
    chunked = request_head("/answer/x", "Transfer-Encoding: chunked", "Content-Type: text/plain", method="POST")
    with raw_connection(limited_service) as line:
        line.sendall(chunked + b"3\r\nabc\r\n0\r\nX: ")
        answer = read_response(line)
        with contextlib.suppress(OSError):
            line.sendall(b"x" * 3_000_000)

        assert answer is not None
        assert answer.status == 404
        assert closed_by_peer(line)


def test_a_body_far_too_large_is_answered_to_its_end(limited_service: LiveServer) -> None:
    with limited_service.client("admin") as client:
        refused = client.post("/v1/imports", files={"file": ("a.csv", b"x" * 30_000_000)}, data={"kind": "advisers"})

    expect_problem(refused, 413, "payload-too-large")


def test_a_large_head_within_the_bound_is_read_however_it_comes(limited_service: LiveServer) -> None:
    whole = request_head("/livez", *[f"X-{number}: {'x' * 1000}" for number in range(30)])
    with raw_connection(limited_service) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), 1500):
            line.sendall(whole[start : start + 1500])
        answer = read_response(line)

    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET http:// HTTP/1.1\r\n\r\n"])
def test_what_is_no_request_is_refused_as_a_problem(limited_service: LiveServer, nonsense: bytes) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(nonsense)
        answer = read_response(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (400, "malformed-request")


def test_it_is_said_in_the_language_that_was_asked_for(limited_service: LiveServer) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(request_head("/livez", "Accept-Language: en", f"X: {'x' * MAX_HEAD_BYTES}"))
        answer = read_response(line)

    assert answer is not None
    assert answer.problem["title"] == "Headers too large"
    assert answer.problem["type"] == f"{limited_service.base_url}/problems/head-too-large"
    assert httpx.get(answer.problem["type"]).status_code == 200


def test_what_follows_a_request_does_not_take_its_answer_away(limited_service: LiveServer) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(
            request_head("/v1/modules", f"Authorization: Bearer {limited_service.keys['admin']}") + b"nonsense\r\n\r\n"
        )
        answer = read_response(line)

        assert answer is not None
        assert answer.status == 200
        assert closed_by_peer(line)


def test_requests_sent_together_are_answered_one_after_the_other(limited_service: LiveServer) -> None:
    received = b""
    with raw_connection(limited_service) as line:
        line.sendall(request_head("/livez") * 3)
        while received.count(b'{"status":"live"}') < 3:
            received += line.recv(65_536)

    assert received.count(b"HTTP/1.1 200 ") == 3


def test_an_answer_that_nobody_reads_does_not_keep_its_connection(
    limited_service: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_middleware, "TIME_LIMIT_SECONDS", 0.3)
    wait_until_open(limited_service, 0)
    with raw_connection(limited_service) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.sendall(request_head("/docs/assets/swagger-ui-bundle.js") * 5)
        while not limited_service.connections:
            pass
        wait_until_open(limited_service, 0)


def test_an_answer_that_is_read_slowly_is_read_to_its_end(limited_service: LiveServer) -> None:
    """In more time than a connection has that says nothing."""
    with raw_connection(limited_service) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        line.sendall(request_head("/docs/assets/swagger-ui-bundle.js", "Connection: close"))
        received, more, began = 0, line.recv(65_536), time.monotonic()
        length = len(more.partition(b"\r\n\r\n")[0]) + 4 + int(re.findall(rb"content-length: (\d+)", more)[0])
        while more:
            received += len(more)
            time.sleep(0.02)
            more = line.recv(32_768)

    assert received == length
    assert time.monotonic() - began > connection_limits.HEAD_TIMEOUT_SECONDS


def test_refused_requests_are_counted(limited_service: LiveServer) -> None:
    with raw_connection(limited_service) as line:
        line.sendall(b"nonsense\r\n\r\n")
        read_response(line)

    text = httpx.get(f"{limited_service.base_url}/metrics").text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    labels = {"method": "other", "route": "(none)", "status": "400"}
    assert any(one.name.endswith("_count") and one.labels == labels and one.value > 0 for one in samples)


@pytest.fixture
def full_service(limited_service: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    monkeypatch.setattr(connection_limits, "MAX_CONNECTIONS", FEW)
    monkeypatch.setattr(connection_limits, "HEAD_TIMEOUT_SECONDS", 60.0)
    wait_until_open(limited_service, 0)
    return limited_service


def wait_until_open(served: LiveServer, count: int) -> None:
    """Return once no more connections than that are open."""
    deadline = time.monotonic() + 10
    while len(served.connections) > count:
        assert time.monotonic() < deadline


def test_those_that_ask_nothing_give_way_to_one_that_does(full_service: LiveServer) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(raw_connection(full_service)) for _ in range(10 * FEW)]
        for line in silent[::2]:
            line.sendall(b"GET /livez HTTP/1.1\r\nX: ")

        statuses = [httpx.get(f"{full_service.base_url}/livez", verify=TLS_CONTEXT).status_code for _ in range(FEW)]

        assert len(full_service.connections) <= FEW + 1
        assert closed_by_peer(silent[0])
    assert statuses == [200] * FEW


def test_red_run_without_giving_way_nobody_is_served(full_service: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: LimitedHttpProtocol) -> bool:
        return False

    monkeypatch.setattr(LimitedHttpProtocol, "_evict_longest_idle", never)
    with ExitStack() as stack:
        for _ in range(FEW):
            stack.enter_context(raw_connection(full_service))

        refused = httpx.get(f"{full_service.base_url}/livez", verify=TLS_CONTEXT)

    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")


def test_one_too_many_is_told_so_while_the_others_are_at_work(full_service: LiveServer) -> None:
    named = (
        "Content-Type: application/json",
        "Content-Length: 9",
        f"Authorization: Bearer {full_service.keys['platform']}",
    )
    waiting = request_head("/v1/advisers", *named, method="POST")
    with ExitStack() as stack:
        for _ in range(FEW):
            stack.enter_context(raw_connection(full_service)).sendall(waiting)
        while sum(one.is_handling_request for one in [*full_service.connections]) < FEW:
            pass

        refused = httpx.get(f"{full_service.base_url}/livez", verify=TLS_CONTEXT)

    wait_until_open(full_service, 0)
    expect_problem(refused, 503, "unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert httpx.get(f"{full_service.base_url}/livez", verify=TLS_CONTEXT).status_code == 200
