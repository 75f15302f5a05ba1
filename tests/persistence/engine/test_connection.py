"""One way to connect: the first host that answers and writes, and a session that is what was asked for."""

import asyncio
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import closing
from pathlib import Path
from signal import SIGINT
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it publishes no types
import pytest

from app.embedded.binaries import find_binaries
from app.embedded.cluster import running_cluster
from app.embedded.data_directory import locate_data_directory
from app.persistence.administration.health import database_trouble
from app.persistence.engine import connection
from app.persistence.engine.connection import USER_TIMEOUT_SECONDS, connect, urls_per_host
from app.persistence.engine.connection_pool import SERVICE_ROLE, session_settings
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.database_errors import DatabaseTrouble, SessionRefused, SessionSettingsIgnored, trouble_of
from app.seed.published_catalogue import HISTYA
from tests.persistence.faulty_proxy import FaultyProxy, through_faulty_proxy
from tests.use_cases.use_case_builders import an_adviser_in_post, register_in

SESSION = session_settings(SERVICE_ROLE)


@pytest.fixture
async def proxied(database_url: str) -> AsyncGenerator[tuple[str, FaultyProxy]]:
    proxy = FaultyProxy()
    async with through_faulty_proxy(database_url, proxy) as url:
        yield url, proxy


async def opened(url: str, **session: str) -> str:
    """Whom a session of the service acts as."""
    session_opened = await connect(url, SESSION | session)
    role = str(await session_opened.fetchval("SELECT current_user"))
    await session_opened.close()
    return role


async def test_a_session_acts_as_it_was_asked_to(proxied: tuple[str, FaultyProxy]) -> None:
    assert await opened(proxied[0]) == SERVICE_ROLE


@pytest.mark.parametrize("parameter", sorted(SESSION.keys() - connection.UNVERIFIED_SETTINGS | {"role"}))
async def test_a_pooler_that_drops_what_is_asked_is_refused(proxied: tuple[str, FaultyProxy], parameter: str) -> None:
    url, proxy = proxied
    proxy.dropped_parameters = frozenset({parameter})

    with pytest.raises(SessionSettingsIgnored):
        await opened(url, timezone="Europe/Paris")  # the others are not what the server does by itself


async def test_a_pooler_that_drops_the_role_makes_the_service_unready(proxied: tuple[str, FaultyProxy]) -> None:
    url, proxy = proxied
    proxy.dropped_parameters = frozenset({"role"})
    database = open_database(url, pool_size=1)

    assert await database_trouble(database) is DatabaseTrouble.ROLE
    await database.close()


async def test_red_unchecked_an_organisation_sees_what_is_others(
    proxied: tuple[str, FaultyProxy], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unfiltered query, which the database itself should answer with nothing."""
    url, proxy = proxied
    await register_in(database, await an_adviser_in_post(database))
    through = open_database(url, pool_size=1)
    unfiltered = "SELECT count(*) AS seen FROM registration"

    def unchecked(_: Mapping[str, str]) -> str:
        return "SELECT 1"

    monkeypatch.setattr(connection, "_verification_query", unchecked)
    honest = await through.for_tenant(HISTYA).one(unfiltered)
    proxy.dropped_parameters = frozenset({"role"})
    other = open_database(url, pool_size=1)
    betrayed = await other.for_tenant(HISTYA).one(unfiltered)

    assert (honest and honest["seen"], betrayed and betrayed["seen"]) == (0, 1)
    await through.close()
    await other.close()


async def test_opening_costs_one_round_trip_more_and_no_request_any(proxied: tuple[str, FaultyProxy]) -> None:
    asked = list[str]()

    class Counting(connection.KeepaliveConnection):
        async def execute(self, query: str, *values: object, timeout: float | None = None) -> str:  # noqa: ASYNC109  # the driver's
            asked.append(query)
            return str(await super().execute(query, *values, timeout=timeout))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connection, "KeepaliveConnection", Counting)
        assert await opened(proxied[0]) == SERVICE_ROLE

    assert len(asked) == 1


async def test_a_socket_does_not_wait_for_ever(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wires, notice_silence = list[socket.socket](), connection._enable_keepalive  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the driver shows its sockets to nobody

    def noticing(proxy: socket.socket) -> None:
        notice_silence(proxy)
        wires.append(proxy)

    monkeypatch.setattr(connection, "_enable_keepalive", noticing)
    opened_session = await connect(database_url, SESSION)

    (proxy,) = wires
    assert proxy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert proxy.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == USER_TIMEOUT_SECONDS * 1000
    await opened_session.close()


@pytest.fixture
def silent() -> Generator[str]:
    """A host that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed() -> str:
    """A port at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def with_hosts_before(url: str, *others: str) -> str:
    """The URL with other hosts before its own."""
    parts = urlsplit(url)
    credentials, _, own = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials}@{','.join([*others, own])}"))


async def test_the_first_host_that_answers_is_served(
    database_url: str, silent: str, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)

    assert await opened(with_hosts_before(database_url, silent, closed)) == SERVICE_ROLE


async def test_no_host_that_answers_is_said(silent: str, closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.2)

    with pytest.raises(OSError):  # noqa: PT011  # whatever the system says of it
        await opened(f"postgresql://postgres@{silent},{closed}/none")


@pytest.fixture(scope="module")
def standby() -> Generator[str]:
    """The URL of a server in recovery, which lets itself be read."""
    with tempfile.TemporaryDirectory(prefix="registrations-tests-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        with running_cluster(place / "data") as primary:
            url, port = primary.url("postgres"), str(primary.server.port)
        home = locate_data_directory(place / "data")
        (home.folder / "standby.signal").touch()
        programs = find_binaries(home.account).folder
        options = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        server = home.account.start(
            [programs / "postgres", "-D", home.folder, *options], output=subprocess.DEVNULL, at_parent_death=SIGINT
        )
        yield url
        server.send_signal(SIGINT)
        server.wait()


async def _reads(url: str) -> Any:
    """A session of whatever answers, as soon as it does."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncpg.connect(url)
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.02)


async def test_a_server_in_recovery_is_refused(standby: str) -> None:
    reading = await _reads(standby)
    assert await reading.fetchval("SELECT pg_is_in_recovery()")
    await reading.close()

    with pytest.raises(SessionRefused) as refused:
        await connect(standby, {})
    assert trouble_of(refused.value) is DatabaseTrouble.READ_ONLY
    with pytest.raises(SessionRefused):
        await connect(f"{standby}?target_session_attrs=any", {})


async def test_and_the_next_host_taken(standby: str, database_url: str) -> None:
    await (await _reads(standby)).close()
    url = with_hosts_before(database_url, urlsplit(standby).netloc.rpartition("@")[2])
    credentials = urlsplit(database_url).netloc.rpartition("@")[0]
    assert credentials in url

    assert await opened(url) == SERVICE_ROLE


HOSTS = [
    ("postgresql://u:p@one/db", ["postgresql://u:p@one/db"]),
    ("postgresql:///db", ["postgresql:///db"]),
    ("postgresql://u:p@one/db?connect_timeout=3&keepalives=1", ["postgresql://u:p@one/db"]),
    ("postgresql:///db?connect_timeout=3&sslmode=disable", ["postgresql:///db?sslmode=disable"]),
    ("postgresql://u:p@one:1,two/db", ["postgresql://u:p@one:1/db", "postgresql://u:p@two/db"]),
    ("postgresql://[::1]:1,[::2]/db", ["postgresql://[::1]:1/db", "postgresql://[::2]/db"]),
    ("postgresql://one,two/db?port=1,2", ["postgresql://one/db?port=1", "postgresql://two/db?port=2"]),
    (
        "postgresql://u@/db?host=/run/a,two&port=5&sslmode=disable",
        [
            "postgresql://u@/db?sslmode=disable&host=%2Frun%2Fa&port=5",
            "postgresql://u@/db?sslmode=disable&host=two&port=5",
        ],
    ),
]


@pytest.mark.parametrize(("url", "hosts"), HOSTS)
def test_each_host_is_tried_by_itself(url: str, hosts: list[str]) -> None:
    assert urls_per_host(url) == hosts


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://one/db?sslmode=requis", "sslmode=requis n’existe pas ; l’un de disable, allow, prefer"),
        ("postgresql://one,two/db?port=1,2,3", "nomme 2 hôtes et 3 ports"),
        ("postgresql://one/db?target_session_attrs=maitre", "target_session_attrs=maitre n’existe pas ; l’un de any"),
        ("postgresql://one,two:abc/db", "abc n’est pas un port"),
        ("postgresql://[::1]:abc/db", "abc n’est pas un port"),
        ("postgresql://one/db?port=abc", "abc n’est pas un port"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_with_a_sentence(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        urls_per_host(url)


async def test_encryption_that_is_required_is_not_done_without(database_url: str) -> None:
    assert await opened(f"{database_url}?sslmode=disable") == SERVICE_ROLE

    with pytest.raises(SessionRefused) as refused:
        await opened(f"{database_url}?sslmode=require")
    assert "rejected SSL" in str(refused.value.__cause__)


async def test_what_other_drivers_are_told_in_the_url_is_no_setting_of_the_server(database_url: str) -> None:
    assert await opened(f"{database_url}?connect_timeout=3&tcp_user_timeout=5000") == SERVICE_ROLE


async def test_a_setting_that_the_server_does_not_know_is_not_taken_for_an_old_schema(database_url: str) -> None:
    with pytest.raises(SessionRefused) as refused:
        await opened(f"{database_url}?foo=bar")

    assert trouble_of(refused.value) is DatabaseTrouble.AWAY
    assert "foo" in str(refused.value.__cause__)
