"""Whatever becomes of the database, a request is answered, at worst by 503 with Retry-After; the next one is served."""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it publishes no types
import httpx
import pytest

from app.embedded.cluster import Cluster
from app.persistence.administration import audit_log
from app.persistence.engine import connection_pool, readiness
from app.persistence.engine.transactions import commits
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser_in_post, registration_body
from tests.live_server import LiveServer, idempotency_headers
from tests.persistence.missing_standby import unconfirmed_commits

MOMENT = 0.3


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of waits for the database."""
    for module, name in ((audit_log, "WRITE_WAIT_SECONDS"), (audit_log, "RETRY_SECONDS"), (commits, "COMMIT_SECONDS")):
        monkeypatch.setattr(module, name, MOMENT)
    monkeypatch.setattr(readiness, "PROBE_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(readiness, "PROBE_TIMEOUT_SECONDS", 2 * MOMENT)
    monkeypatch.setitem(connection_pool.SERVER_SETTINGS, "lock_timeout", "300ms")


@pytest.fixture
def service_with_short_timeouts(
    short_timeouts: None,  # noqa: ARG001  # set before the service starts
    own_service: LiveServer,
) -> LiveServer:
    return own_service


def _owner(served: LiveServer, *statements: str) -> list[Any]:
    """The rows of the last statement, all run as the owner of the server."""

    async def act() -> list[Any]:
        connection = await asyncpg.connect(served.database_url)
        found: list[Any] = []
        for statement in statements:
            found = await connection.fetch(statement)
        await connection.close()
        return found

    return asyncio.run(act())


def _register(client: httpx.Client, adviser: str, headers: dict[str, str]) -> httpx.Response:
    return client.post("/v1/registrations", json=registration_body(adviser), headers=headers)


def _lines(served: LiveServer, answer: httpx.Response) -> list[Any]:
    request = answer.headers["X-Request-Id"]
    return _owner(served, f"SELECT * FROM audit_log WHERE request_id = '{request}'")  # noqa: S608  # our own identifier


def _until(true: Callable[[], bool]) -> None:
    while not true():
        pass


def _unavailable(answer: httpx.Response, said: str = "", code: str = "unavailable") -> dict[str, Any]:
    body = expect_problem(answer, 503, code)
    assert answer.headers["Retry-After"].isdigit()
    assert said in body["detail"]
    return body


def _is_ready(client: httpx.Client) -> bool:
    return client.get("/readyz").status_code == 200


END_ALL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def test_sessions_ended_by_the_server_give_no_500(service_with_short_timeouts: LiveServer) -> None:
    with service_with_short_timeouts.client("platform") as client, ThreadPoolExecutor(4) as together:
        advisers = [an_adviser_in_post(client) for _ in range(4)]

        def visit(adviser: str) -> list[httpx.Response]:
            reads = [client.get(f"/v1/advisers/{adviser}") for _ in range(10)]
            return [*reads, _register(client, adviser, idempotency_headers())]

        visits = [together.submit(visit, adviser) for adviser in advisers]
        while not all(one.done() for one in visits):
            _owner(service_with_short_timeouts, END_ALL)
        answers = [answer for one in visits for answer in one.result()]
        _until(lambda: _is_ready(client))

        for answer in answers:
            if not answer.is_success:
                _unavailable(answer, code=answer.json()["code"])
        assert client.get(f"/v1/advisers/{advisers[0]}").status_code == 200


RAISE = """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'of the server' USING ERRCODE = '{state}'; END $$"""
TRIGGER = "CREATE TRIGGER fail BEFORE INSERT ON registration FOR EACH ROW EXECUTE FUNCTION fail()"
STATES = {
    "53100": "manque de place", "53200": "manque de place", "53999": "manque de place", "54000": "manque de place",
    "25006": "ne prend pas d’écriture", "40001": "occupée", "40P01": "occupée", "55P03": "occupée",
    "57014": "occupée", "57P01": "ne répond pas", "58030": "ne répond pas", "XX001": "ne répond pas",
    "42703": "plus ancien", "42P01": "plus ancien", "26000": "ne répond pas", "08006": "ne répond pas",
}  # fmt: skip


@contextmanager
def _failing(served: LiveServer, state: str) -> Generator[None]:
    """The server raises this at each registration."""
    _owner(served, RAISE.format(state=state), TRIGGER)
    try:
        yield
    finally:
        _owner(served, "DROP FUNCTION fail CASCADE")


@pytest.mark.parametrize(("state", "said"), STATES.items())
def test_what_the_server_cannot_do_just_now_gives_no_500(
    served: LiveServer, platform: httpx.Client, state: str, said: str
) -> None:
    adviser, headers = an_adviser_in_post(platform), idempotency_headers()

    with _failing(served, state):
        _unavailable(_register(platform, adviser, headers), said)

    assert _register(platform, adviser, headers).status_code == 201


def test_a_fault_of_the_program_is_still_one(served: LiveServer, platform: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform)

    with _failing(served, "22012"):
        expect_problem(_register(platform, adviser, idempotency_headers()), 500, "internal-error")


CHANGES = [
    "ALTER TABLE registration ALTER COLUMN module_code TYPE varchar(90)",
    "ALTER TABLE adviser ALTER COLUMN department TYPE varchar(90)",
    "ALTER TABLE adviser ADD COLUMN added text",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_schema_that_changes_beneath_the_statements_costs_one_request(
    service_with_short_timeouts: LiveServer, change: str
) -> None:
    with service_with_short_timeouts.client("platform") as client:
        for _ in range(2):
            known = an_adviser_in_post(client)
            assert _register(client, known, idempotency_headers()).status_code == 201
            assert client.get(f"/v1/registrations?adviser_id={known}").status_code == 200
        adviser, headers = an_adviser_in_post(client), idempotency_headers()
        _owner(service_with_short_timeouts, change)

        first = _register(client, adviser, headers)
        if first.status_code != 201:
            _unavailable(first)
        assert _register(client, adviser, headers).status_code == 201
        assert client.get(f"/v1/registrations?adviser_id={adviser}").status_code == 200
        assert client.get(f"/v1/advisers/{adviser}").status_code == 200


def test_a_database_that_takes_no_writes_is_not_ready_and_is_read_all_the_same(
    service_with_short_timeouts: LiveServer,
) -> None:
    name = urlsplit(service_with_short_timeouts.database_url).path.removeprefix("/")
    with service_with_short_timeouts.client("platform") as client:
        adviser = an_adviser_in_post(client)
        _owner(service_with_short_timeouts, f"ALTER DATABASE {name} SET default_transaction_read_only = on", END_ALL)
        _until(lambda: not _is_ready(client))

        _unavailable(client.get("/readyz"), "ne prend pas d’écriture")  # at once: nobody is told of the lost session
        _until(lambda: client.get(f"/v1/advisers/{adviser}").status_code == 200)
        read = client.get(f"/v1/advisers/{adviser}")
        _unavailable(_register(client, adviser, idempotency_headers()), "ne prend pas d’écriture")
        assert read.status_code == 200
        assert _lines(service_with_short_timeouts, read) == []

        _owner(
            service_with_short_timeouts,
            "SET default_transaction_read_only = off",
            f"ALTER DATABASE {name} RESET ALL",
            END_ALL,
        )
        _until(lambda: _is_ready(client))
        _until(lambda: len(_lines(service_with_short_timeouts, read)) == 1)
        assert _register(client, adviser, idempotency_headers()).status_code == 201


def test_a_database_without_room_is_not_ready(service_with_short_timeouts: LiveServer) -> None:
    """What may be written to the disk for a moment is limited to nothing: the server says it as it says a full disk."""
    name = urlsplit(service_with_short_timeouts.database_url).path.removeprefix("/")
    with service_with_short_timeouts.client("platform") as client:
        _owner(service_with_short_timeouts, f"ALTER DATABASE {name} SET temp_file_limit = 0", END_ALL)
        _until(lambda: not _is_ready(client))

        _unavailable(client.get("/readyz"), "manque de place")

        _owner(service_with_short_timeouts, f"ALTER DATABASE {name} RESET ALL", END_ALL)
        _until(lambda: _is_ready(client))


def test_without_a_standby_reads_go_on_changes_are_unknown_and_nothing_is_lost(
    service_with_short_timeouts: LiveServer, cluster: Cluster
) -> None:
    with service_with_short_timeouts.client("platform") as client:
        adviser, headers = an_adviser_in_post(client), idempotency_headers()
        with unconfirmed_commits(cluster):
            _until(lambda: not _is_ready(client))
            _unavailable(client.get("/readyz"), "ne confirme pas")
            read = client.get(f"/v1/advisers/{adviser}")
            assert read.status_code == 200
            assert len(_lines(service_with_short_timeouts, read)) == 1

            _unavailable(_register(client, adviser, headers), code="outcome-unknown")
            # The next one is not begun: it would keep a session of the server waiting too.
            _unavailable(_register(client, adviser, idempotency_headers()), "ne confirme pas")
            assert _owner(service_with_short_timeouts, "SELECT FROM registration") == []

        _until(lambda: _is_ready(client))
        settled = _register(client, adviser, headers)
        assert (settled.status_code, settled.headers["Idempotent-Replayed"]) == (201, "true")
        assert len(_owner(service_with_short_timeouts, "SELECT FROM registration")) == 1
