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

from app.api import connections, frame
from app.api.connections import LONGEST_HEAD, BoundedProtocol
from tests.api.answers import problem
from tests.api.raw import answer_on, connected, head, hung_up
from tests.served import TRUST, Served

FEW = 5


@pytest.fixture(scope="module")
def guarded(module_service: Served) -> Generator[Served]:
    """Quick to see, and to lose patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "LOOK_EVERY_SECONDS", 0.02)
        patch.setattr(connections, "HEAD_SECONDS", 0.3)
        patch.setattr(connections, "LINGER_SECONDS", 0.1)
        yield module_service


def test_a_head_that_is_never_finished_is_refused_in_time(guarded: Served) -> None:
    with connected(guarded) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        answer = answer_on(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (408, "request-timeout")
    assert "connection: close" in answer.head
    assert "x-request-id: " in answer.head
    assert "content-security-policy: default-src 'none'" in answer.head


def test_a_head_that_comes_letter_by_letter_has_no_more_time(guarded: Served) -> None:
    received = b""
    with connected(guarded) as line:
        line.settimeout(0.01)
        line.sendall(b"GET /livez HTTP/1.1\r\nX: ")
        while not received:
            line.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                received = line.recv(100)

    assert received.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\r\n\r\n"])
def test_a_connection_that_asks_nothing_is_ended(guarded: Served, said: bytes) -> None:
    with connected(guarded) as line:
        line.sendall(said)

        assert hung_up(line)


def test_what_comes_after_an_answer_is_not_waited_for_longer(guarded: Served) -> None:
    with connected(guarded) as line:
        line.sendall(head("/livez"))
        first = answer_on(line)
        line.sendall(b"\r\n")

        assert first is not None
        assert first.status == 200
        assert hung_up(line)


def test_a_body_that_nobody_reads_does_not_keep_its_connection(guarded: Served) -> None:
    with connected(guarded) as line:
        line.sendall(head("/v1/registrations", "Content-Length: 1000000", method="POST"))
        answer = answer_on(line)

        assert answer is not None
        assert answer.status == 401
        assert hung_up(line)


FILLED = {
    "many": [f"X-{number}: {'x' * 1000}" for number in range(LONGEST_HEAD // 1000 + 1)],
    "one": [f"X: {'x' * LONGEST_HEAD}"],
    "huge": [f"X: {'x' * 1_000_000}"],
}


@pytest.mark.parametrize("filled", FILLED)
def test_a_head_that_is_too_large_is_refused(guarded: Served, filled: str) -> None:
    with connected(guarded) as line:
        with contextlib.suppress(OSError):
            line.sendall(head("/livez", *FILLED[filled]))
        answer = answer_on(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (431, "head-too-large")


@pytest.mark.parametrize("length", [LONGEST_HEAD, 70_000, 1_000_000])
def test_an_address_that_is_too_long_is_refused_the_same_way(guarded: Served, length: int) -> None:
    with connected(guarded) as line:
        with contextlib.suppress(OSError):
            line.sendall(head(f"/livez?{'x' * length}"))
        answer = answer_on(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (431, "head-too-large")


def test_what_follows_a_body_counts_as_head(guarded: Served) -> None:
    chunked = head("/answer/x", "Transfer-Encoding: chunked", "Content-Type: text/plain", method="POST")
    with connected(guarded) as line:
        line.sendall(chunked)
        with contextlib.suppress(OSError):
            line.sendall(b"0\r\n" + b"".join(b"X: " + b"x" * 1000 + b"\r\n" for _ in range(100)))
        answer = answer_on(line)

        assert answer is not None
        assert hung_up(line)


def test_one_line_without_end_after_a_body_is_not_kept(guarded: Served) -> None:
    chunked = head("/answer/x", "Transfer-Encoding: chunked", "Content-Type: text/plain", method="POST")
    with connected(guarded) as line:
        line.sendall(chunked + b"3\r\nabc\r\n0\r\nX: ")
        answer = answer_on(line)
        with contextlib.suppress(OSError):
            line.sendall(b"x" * 3_000_000)

        assert answer is not None
        assert answer.status == 404
        assert hung_up(line)


def test_a_body_far_too_large_is_answered_to_its_end(guarded: Served) -> None:
    with guarded.client("admin") as client:
        refused = client.post("/v1/imports", files={"file": ("a.csv", b"x" * 30_000_000)}, data={"kind": "advisers"})

    problem(refused, 413, "payload-too-large")


def test_a_large_head_within_the_bound_is_read_however_it_comes(guarded: Served) -> None:
    whole = head("/livez", *[f"X-{number}: {'x' * 1000}" for number in range(30)])
    with connected(guarded) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), 1500):
            line.sendall(whole[start : start + 1500])
        answer = answer_on(line)

    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET http:// HTTP/1.1\r\n\r\n"])
def test_what_is_no_request_is_refused_as_a_problem(guarded: Served, nonsense: bytes) -> None:
    with connected(guarded) as line:
        line.sendall(nonsense)
        answer = answer_on(line)

    assert answer is not None
    assert (answer.status, answer.problem["code"]) == (400, "malformed-request")


def test_it_is_said_in_the_language_that_was_asked_for(guarded: Served) -> None:
    with connected(guarded) as line:
        line.sendall(head("/livez", "Accept-Language: en", f"X: {'x' * LONGEST_HEAD}"))
        answer = answer_on(line)

    assert answer is not None
    assert answer.problem["title"] == "Headers too large"
    assert answer.problem["type"] == f"{guarded.base_url}/problems/head-too-large"
    assert httpx.get(answer.problem["type"]).status_code == 200


def test_what_follows_a_request_does_not_take_its_answer_away(guarded: Served) -> None:
    with connected(guarded) as line:
        line.sendall(head("/v1/modules", f"Authorization: Bearer {guarded.keys['admin']}") + b"nonsense\r\n\r\n")
        answer = answer_on(line)

        assert answer is not None
        assert answer.status == 200
        assert hung_up(line)


def test_requests_sent_together_are_answered_one_after_the_other(guarded: Served) -> None:
    received = b""
    with connected(guarded) as line:
        line.sendall(head("/livez") * 3)
        while received.count(b'{"status":"live"}') < 3:
            received += line.recv(65_536)

    assert received.count(b"HTTP/1.1 200 ") == 3


def test_an_answer_that_nobody_reads_does_not_keep_its_connection(
    guarded: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "TIME_LIMIT_SECONDS", 0.3)
    until(guarded, 0)
    with connected(guarded) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.sendall(head("/docs/assets/swagger-ui-bundle.js") * 5)
        while not guarded.connections:
            pass
        until(guarded, 0)


def test_an_answer_that_is_read_slowly_is_read_to_its_end(guarded: Served) -> None:
    """In more time than a connection has that says nothing."""
    with connected(guarded) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        line.sendall(head("/docs/assets/swagger-ui-bundle.js", "Connection: close"))
        received, more, began = 0, line.recv(65_536), time.monotonic()
        length = len(more.partition(b"\r\n\r\n")[0]) + 4 + int(re.findall(rb"content-length: (\d+)", more)[0])
        while more:
            received += len(more)
            time.sleep(0.02)
            more = line.recv(32_768)

    assert received == length
    assert time.monotonic() - began > connections.HEAD_SECONDS


def test_refused_requests_are_counted(guarded: Served) -> None:
    with connected(guarded) as line:
        line.sendall(b"nonsense\r\n\r\n")
        answer_on(line)

    text = httpx.get(f"{guarded.base_url}/metrics").text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    labels = {"method": "other", "route": "(none)", "status": "400"}
    assert any(one.name.endswith("_count") and one.labels == labels and one.value > 0 for one in samples)


@pytest.fixture
def crowded(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", FEW)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    until(guarded, 0)
    return guarded


def until(served: Served, count: int) -> None:
    """Return once no more connections than that are open."""
    deadline = time.monotonic() + 10
    while len(served.connections) > count:
        assert time.monotonic() < deadline


def test_those_that_ask_nothing_give_way_to_one_that_does(crowded: Served) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connected(crowded)) for _ in range(10 * FEW)]
        for line in silent[::2]:
            line.sendall(b"GET /livez HTTP/1.1\r\nX: ")

        statuses = [httpx.get(f"{crowded.base_url}/livez", verify=TRUST).status_code for _ in range(FEW)]

        assert len(crowded.connections) <= FEW + 1
        assert hung_up(silent[0])
    assert statuses == [200] * FEW


def test_red_run_without_giving_way_nobody_is_served(crowded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: BoundedProtocol) -> bool:
        return False

    monkeypatch.setattr(BoundedProtocol, "_found_room", never)
    with ExitStack() as stack:
        for _ in range(FEW):
            stack.enter_context(connected(crowded))

        refused = httpx.get(f"{crowded.base_url}/livez", verify=TRUST)

    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")


def test_one_too_many_is_told_so_while_the_others_are_at_work(crowded: Served) -> None:
    named = "Content-Type: application/json", "Content-Length: 9", f"Authorization: Bearer {crowded.keys['platform']}"
    waiting = head("/v1/advisers", *named, method="POST")
    with ExitStack() as stack:
        for _ in range(FEW):
            stack.enter_context(connected(crowded)).sendall(waiting)
        while sum(one.is_at_work for one in [*crowded.connections]) < FEW:
            pass

        refused = httpx.get(f"{crowded.base_url}/livez", verify=TRUST)

    until(crowded, 0)
    problem(refused, 503, "unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert httpx.get(f"{crowded.base_url}/livez", verify=TRUST).status_code == 200
