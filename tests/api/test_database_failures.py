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
from app.persistence import audit_log, database, pool, readiness
from tests.api.answers import problem
from tests.persistence.standbys import no_standby
from tests.scenes import an_adviser_in_post, registration_body
from tests.served import Served, key

MOMENT = 0.3


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is waited for, and not for long."""
    for room, name in ((audit_log, "PATIENCE_SECONDS"), (audit_log, "RETRY_SECONDS"), (database, "COMMIT_SECONDS")):
        monkeypatch.setattr(room, name, MOMENT)
    monkeypatch.setattr(readiness, "APART_SECONDS", 0.05)
    monkeypatch.setattr(readiness, "PATIENCE_SECONDS", 2 * MOMENT)
    monkeypatch.setitem(pool.SERVER_SETTINGS, "lock_timeout", "300ms")


@pytest.fixture
def alone(impatient: None, own_service: Served) -> Served:  # noqa: ARG001  # the first before the second
    return own_service


def _owner(served: Served, *statements: str) -> list[Any]:
    """What the last one finds, as whoever owns the server."""

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


def _lines(served: Served, answer: httpx.Response) -> list[Any]:
    request = answer.headers["X-Request-Id"]
    return _owner(served, f"SELECT * FROM audit_log WHERE request_id = '{request}'")  # noqa: S608  # our own identifier


def _until(true: Callable[[], bool]) -> None:
    while not true():
        pass


def _unavailable(answer: httpx.Response, said: str = "", code: str = "unavailable") -> dict[str, Any]:
    body = problem(answer, 503, code)
    assert answer.headers["Retry-After"].isdigit()
    assert said in body["detail"]
    return body


def _is_ready(client: httpx.Client) -> bool:
    return client.get("/readyz").status_code == 200


END_ALL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def test_sessions_ended_by_the_server_give_no_500(alone: Served) -> None:
    with alone.client("platform") as client, ThreadPoolExecutor(4) as together:
        advisers = [an_adviser_in_post(client) for _ in range(4)]

        def visit(adviser: str) -> list[httpx.Response]:
            reads = [client.get(f"/v1/advisers/{adviser}") for _ in range(10)]
            return [*reads, _register(client, adviser, key())]

        visits = [together.submit(visit, adviser) for adviser in advisers]
        while not all(one.done() for one in visits):
            _owner(alone, END_ALL)
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
def _failing(served: Served, state: str) -> Generator[None]:
    """The server raises this at each registration."""
    _owner(served, RAISE.format(state=state), TRIGGER)
    try:
        yield
    finally:
        _owner(served, "DROP FUNCTION fail CASCADE")


@pytest.mark.parametrize(("state", "said"), STATES.items())
def test_what_the_server_cannot_do_just_now_gives_no_500(
    served: Served, platform: httpx.Client, state: str, said: str
) -> None:
    adviser, headers = an_adviser_in_post(platform), key()

    with _failing(served, state):
        _unavailable(_register(platform, adviser, headers), said)

    assert _register(platform, adviser, headers).status_code == 201


def test_a_fault_of_the_program_is_still_one(served: Served, platform: httpx.Client) -> None:
    adviser = an_adviser_in_post(platform)

    with _failing(served, "22012"):
        problem(_register(platform, adviser, key()), 500, "internal-error")


CHANGES = [
    "ALTER TABLE registration ALTER COLUMN module_code TYPE varchar(90)",
    "ALTER TABLE adviser ALTER COLUMN department TYPE varchar(90)",
    "ALTER TABLE adviser ADD COLUMN added text",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_schema_that_changes_beneath_the_statements_costs_one_request(alone: Served, change: str) -> None:
    with alone.client("platform") as client:
        for _ in range(2):
            known = an_adviser_in_post(client)
            assert _register(client, known, key()).status_code == 201
            assert client.get(f"/v1/registrations?adviser_id={known}").status_code == 200
        adviser, headers = an_adviser_in_post(client), key()
        _owner(alone, change)

        first = _register(client, adviser, headers)
        if first.status_code != 201:
            _unavailable(first)
        assert _register(client, adviser, headers).status_code == 201
        assert client.get(f"/v1/registrations?adviser_id={adviser}").status_code == 200
        assert client.get(f"/v1/advisers/{adviser}").status_code == 200


def test_a_database_that_takes_no_writes_is_not_ready_and_is_read_all_the_same(alone: Served) -> None:
    name = urlsplit(alone.database_url).path.removeprefix("/")
    with alone.client("platform") as client:
        adviser = an_adviser_in_post(client)
        _owner(alone, f"ALTER DATABASE {name} SET default_transaction_read_only = on", END_ALL)
        _until(lambda: not _is_ready(client))

        _unavailable(client.get("/readyz"), "ne prend pas d’écriture")  # at once: nobody is told of the lost session
        _until(lambda: client.get(f"/v1/advisers/{adviser}").status_code == 200)
        read = client.get(f"/v1/advisers/{adviser}")
        _unavailable(_register(client, adviser, key()), "ne prend pas d’écriture")
        assert read.status_code == 200
        assert _lines(alone, read) == []

        _owner(alone, "SET default_transaction_read_only = off", f"ALTER DATABASE {name} RESET ALL", END_ALL)
        _until(lambda: _is_ready(client))
        _until(lambda: len(_lines(alone, read)) == 1)
        assert _register(client, adviser, key()).status_code == 201


def test_a_database_without_room_is_not_ready(alone: Served) -> None:
    """What may be written to the disk for a moment is limited to nothing: the server says it as it says a full disk."""
    name = urlsplit(alone.database_url).path.removeprefix("/")
    with alone.client("platform") as client:
        _owner(alone, f"ALTER DATABASE {name} SET temp_file_limit = 0", END_ALL)
        _until(lambda: not _is_ready(client))

        _unavailable(client.get("/readyz"), "manque de place")

        _owner(alone, f"ALTER DATABASE {name} RESET ALL", END_ALL)
        _until(lambda: _is_ready(client))


def test_without_a_standby_reads_go_on_changes_are_unknown_and_nothing_is_lost(alone: Served, cluster: Cluster) -> None:
    with alone.client("platform") as client:
        adviser, headers = an_adviser_in_post(client), key()
        with no_standby(cluster):
            _unavailable(client.get("/readyz"), "ne confirme pas")
            read = client.get(f"/v1/advisers/{adviser}")
            assert read.status_code == 200
            assert len(_lines(alone, read)) == 1

            _unavailable(_register(client, adviser, headers), code="outcome-unknown")
            # The next one is not begun: it would keep a session of the server waiting too.
            _unavailable(_register(client, adviser, key()), "ne confirme pas")
            assert _owner(alone, "SELECT FROM registration") == []

        _until(lambda: _is_ready(client))
        settled = _register(client, adviser, headers)
        assert (settled.status_code, settled.headers["Idempotent-Replayed"]) == (201, "true")
        assert len(_owner(alone, "SELECT FROM registration")) == 1
