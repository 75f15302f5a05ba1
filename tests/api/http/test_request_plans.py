"""A request is answered by the plan of its route as the framework would answer it, byte for byte."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from app.api.http.routing import StrictRoute
from app.api.openapi.examples.request_examples import EXAMPLES
from tests.api.openapi.contract_requests import Operation, new_key, operations, without_volatile_parts
from tests.api.response_assertions import OPERATIONS
from tests.databases import Databases
from tests.live_server import LiveServer, serving

Answer = tuple[int, list[tuple[str, str]], bytes]

IN_THE_FRAMEWORKS_WAY = {"importFile"}  # its body is a form
BY_ID = {operation.id: operation for operation in operations()}
JSON = b"application/json"
REQUEST_ID = "0198b7a0-0000-7000-8000-000000000000"
OF_THE_MOMENT = {"date", "ratelimit"}
TELL_WHO_READ = ("/v1/audit-log", "/export")  # each reading adds to what they tell
OF_EACH_RUN = re.compile(r"[\w:.-]{12,}|(?<=\")\d+\.\d+(?=\")")  # ids, instants; ETags that name what is shown

WRONG_TEXTS = ["", "nonsense", "é", "9" * 30, "x" * 1_100]
WRONG_VALUES = [
    "null", "true", "[]", '"\\ud800"', '"' + "x" * 9_000 + '"', "1.5", str(2**63), str(2**64), "9" * 5_000,
    "1e400", "NaN", "[{}]", "[" * 30 + "]" * 30,
]  # fmt: skip
UNREADABLE = [
    b"", b"null", b"[]", b"1", b'"text"', b"{", b"{} {}", b'{"a": "\xff"}', b"\xef\xbb\xbf{}", b"[" * 99_999,
    *('{"nonsense": 1}'.encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-32-le")),
    b'{"nonsense": 1, "nonsense": 2}',
    b'{"nonsense": "\xed\xa0\x80"}',
    b'{"nonsense":' * 25 + b"1" + b"}" * 25,
]  # fmt: skip


def without_moment(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in OF_THE_MOMENT]


@dataclass(frozen=True)
class HarmlessRequest:
    method: str
    path: str
    headers: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    params: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    content: bytes = b""

    def send(self, connection: HTTPConnection, secret: str) -> Answer:
        headers: dict[str, str | bytes] = {"Authorization": f"Bearer {secret}", "X-Request-Id": REQUEST_ID}
        headers |= dict(self.headers)
        connection.request(self.method.upper(), f"{self.path}?{urlencode(self.params)}", self.content, headers)
        answer = connection.getresponse()
        return answer.status, without_moment(answer.getheaders()), answer.read()


def harmless_requests(operation: Operation) -> Iterator[HarmlessRequest]:
    """Requests that change nothing: those that read, and those that have something wrong."""
    method, parameters = operation.method, operation.definition["parameters"]
    path = operation.path.format_map({said["name"]: said["example"] for said in parameters if "example" in said})
    in_path, in_query, in_header = (
        [said["name"] for said in parameters if said["in"] == place] for place in ("path", "query", "header")
    )
    takes_body, reads = "requestBody" in operation.definition, method == "get"
    if reads:
        shown = [
            (said["name"], str(said["example"])) for said in parameters if said["in"] == "query" and "example" in said
        ]
        yield HarmlessRequest(method, path, params=shown)
    for text in WRONG_TEXTS:
        if takes_body or (reads and in_header):
            headers = [("Content-Type", JSON), *((name, text.encode()) for name in in_header if text.isprintable())]
            yield HarmlessRequest(method, path, headers, content=b"[]" if takes_body else b"")
        if in_path and text:
            yield HarmlessRequest(method, operation.path.format_map(dict.fromkeys(in_path, quote(text))))
        if reads:
            yield HarmlessRequest(method, path, params=[(name, text) for name in in_query])
    yield from (HarmlessRequest(method, path, params=[(name, "1")]) for name in (*in_query, "nonsense") if reads)
    yield HarmlessRequest(method, path, params=[("nonsense", "1")])
    yield HarmlessRequest(method, path, params=[(name, "1") for name in (*in_query, "nonsense")] * 2)
    if takes_body:
        headers = [("Content-Type", JSON), ("Idempotency-Key", b"short"), ("If-Match", b"nonsense")]
        yield HarmlessRequest(method, path, [("Content-Type", b"text/plain")], content=b"{}")
        for content in (*UNREADABLE, *wrong_bodies(operation)):
            yield HarmlessRequest(method, path, headers, content=content)


def wrong_bodies(operation: Operation) -> Iterator[bytes]:
    """Those that are shown, with a field that does not exist, and with each wrong value in all of the others."""
    for body in operation.bodies().values():
        yield json.dumps({**body, "nonsense": 1}).encode()
        for value in WRONG_VALUES:
            yield ("{" + "".join(f'"{name}": {value}, ' for name in body) + '"nonsense": 1}').encode()


@pytest.fixture
def in_the_frameworks_way(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function: from its call on, every route answers in the framework's way."""

    def switch() -> None:
        for route in OPERATIONS.values():
            monkeypatch.setattr(route, "plan", None)

    return switch


def test_every_operation_has_a_plan_but_those_that_no_plan_knows() -> None:
    routes = {name: route for name, route in OPERATIONS.items() if isinstance(route, StrictRoute)}

    assert {*routes} == {*OPERATIONS}
    assert {name for name, route in routes.items() if route.plan is None} == IN_THE_FRAMEWORKS_WAY


def test_a_request_that_changes_nothing_is_answered_as_by_the_framework(
    served_demonstration: LiveServer, in_the_frameworks_way: Callable[[], None]
) -> None:
    requests = [request for operation in operations() for request in harmless_requests(operation)]
    parts, secret = urlsplit(served_demonstration.base_url), served_demonstration.keys["admin"]
    with closing(HTTPConnection(str(parts.hostname), parts.port)) as line:
        planned = [request.send(line, secret) for request in requests]
        in_the_frameworks_way()
        for request, answer in zip(requests, planned, strict=True):
            again = request.send(line, secret)
            assert again == answer or (again[0] == 200 and request.path.endswith(TELL_WHO_READ)), request

    assert len(requests) > 1_000
    assert {status for status, *_ in planned} >= {200, 400, 404, 415, 422}


def examples_answered(served: LiveServer) -> Iterator[tuple[Any, ...]]:
    """What is answered to every example that writes, in their order, but for what is drawn by lot."""
    served.service.base_url = "https://exemple.fr"
    with served.client("admin") as admin:
        for operation in (BY_ID[name] for name in EXAMPLES if BY_ID[name].method != "get"):
            for name, body in operation.bodies().items():
                answer = operation.send(admin, body, new_key())
                headers = without_moment(answer.headers.multi_items())
                named = [(header, OF_EACH_RUN.sub("(made)", value)) for header, value in headers]
                said = without_volatile_parts(answer, "https://exemple.fr") if answer.content else None
                yield operation.id, name, answer.status_code, named, OF_EACH_RUN.sub("(made)", str(said))


def test_a_right_write_is_answered_as_by_the_framework(
    databases: Databases, demonstration: str, in_the_frameworks_way: Callable[[], None]
) -> None:
    with serving(databases.copy(demonstration)) as served:
        planned = list(examples_answered(served))
    in_the_frameworks_way()
    with serving(databases.copy(demonstration)) as served:
        for answer, expected in zip(examples_answered(served), planned, strict=True):
            assert answer == expected

    assert all(status < 300 for _, _, status, *_ in planned)
