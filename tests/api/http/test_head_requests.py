"""HEAD is answered where GET is, with the same headers and no body."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.api.openapi.contract_requests import operations
from tests.api.registration_states import accepted_registration
from tests.api.response_assertions import expect_problem
from tests.fake_clock import FakeClock
from tests.live_server import LiveServer

PAGES = (
    "/", "/docs", "/guide", "/guide/samples/follow.py", "/problems", "/problems/not-found", "/privacy", "/statistics",
    "/mailbox", "/livez", "/readyz", "/openapi.json", "/favicon.ico", "/robots.txt", "/assets/favicon.svg",
)  # fmt: skip
VOLATILE_HEADERS = {"date", "x-request-id", "ratelimit"}
GROW = {"exportAdviser", "searchAuditLog"}  # by what each reading leaves
READS = [operation for operation in operations() if operation.method == "get"]


def status_and_stable_headers(answer: httpx.Response, *but: str) -> tuple[int, dict[str, str]]:
    """The status and the headers that do not change from one answer to the next."""
    others = {name: value for name, value in answer.headers.items() if name not in {*VOLATILE_HEADERS, *but}}
    return answer.status_code, others


@pytest.fixture
def reader(served_demonstration: LiveServer) -> Iterator[httpx.Client]:
    with served_demonstration.client("admin") as client:
        yield client


def test_every_operation_that_reads_is_asked_for_its_headers(reader: httpx.Client) -> None:
    for operation in READS:
        read = operation.send(reader, None)
        head = reader.head(read.request.url, headers=read.request.headers)

        but = ["content-length"] if operation.id in GROW else []
        assert status_and_stable_headers(head, *but) == status_and_stable_headers(read, *but), operation.id
        assert head.content == b""
        assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", PAGES)
def test_every_page_and_probe_is_asked_for_its_headers(anonymous: httpx.Client, path: str) -> None:
    assert status_and_stable_headers(anonymous.head(path)) == status_and_stable_headers(anonymous.get(path))


def test_metrics_are_asked_for_their_headers(anonymous: httpx.Client) -> None:
    head = anonymous.head("/metrics")

    assert (head.status_code, head.content) == (200, b"")


def test_a_connection_goes_on_after_a_head(served: LiveServer, platform: httpx.Client) -> None:
    """Nothing of the body was left in it."""
    path = f"/v1/registrations/{accepted_registration(platform)['id']}"
    with served.client("platform") as client:
        lengths = [int(client.head(path).headers["Content-Length"]) for _ in range(3)]

        assert len(client.get(path).content) == lengths[0]
    assert len({*lengths}) == 1


def test_a_version_that_is_known_is_not_modified(platform: httpx.Client) -> None:
    path = f"/v1/registrations/{accepted_registration(platform)['id']}"
    tag = platform.head(path).headers["ETag"]

    assert platform.head(path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"/v1/advisers/{uuid4()}", 404), ("/v1/advisers?email=x", 400), ("/nowhere", 404)],
    ids=["nobody", "no address", "no page"],
)
def test_what_a_get_refuses_is_refused(platform: httpx.Client, path: str, status: int) -> None:
    head = platform.head(path)

    assert status_and_stable_headers(head) == status_and_stable_headers(platform.get(path))
    assert (head.status_code, head.content) == (status, b"")


def test_rights_are_those_of_the_get(anonymous: httpx.Client, organisation: httpx.Client) -> None:
    assert anonymous.head("/v1/advisers").status_code == 401
    assert organisation.head("/v1/contracts").status_code == 403


def test_a_head_leaves_the_audit_entry_of_a_get(platform: httpx.Client, admin: httpx.Client, clock: FakeClock) -> None:
    """It tells as much: that the adviser exists."""
    adviser = accepted_registration(platform)["adviser_id"]

    request = platform.head(f"/v1/advisers/{adviser}").headers["X-Request-Id"]

    lines = admin.get("/v1/audit-log", params={"subject_id": adviser, "action": "getAdviser"}).json()["data"]
    assert [line["request_id"] for line in lines] == [request]
    assert lines[0]["at"] == clock.now.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/registrations", "GET, HEAD, POST"),
        ("HEAD", "/v1/registrations/preview", "POST"),
        ("POST", "/livez", "GET, HEAD"),
    ],
)
def test_the_methods_of_a_path_name_it_where_it_is_answered(
    platform: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = platform.request(method, path)

    assert answer.status_code == 405
    assert sorted(answer.headers["Allow"].split(", ")) == allowed.split(", ")


def test_the_contract_does_not_say_it_twice(anonymous: httpx.Client) -> None:
    paths = anonymous.get("/openapi.json").json()["paths"]

    assert not [path for path, item in paths.items() if "head" in item]
    expect_problem(anonymous.post("/v1/nowhere"), 404, "not-found")
