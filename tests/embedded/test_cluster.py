import os
import threading
import time
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.embedded.cluster import Cluster, running_cluster
from app.embedded.cluster_error import ClusterError
from tests.embedded.process_probes import (
    ClusterProcess,
    copy_cluster,
    is_alive,
    only_on_linux,
    rows,
    run_sql,
    write_a_row,
)


@pytest.fixture(scope="module")
def shared_cluster(open_folder: Path, finished_dir: Path) -> Generator[Cluster]:
    """A running cluster, shared by the tests that only query it."""
    copy_cluster(finished_dir, open_folder / "standing")
    with running_cluster(open_folder / "standing") as cluster:
        yield cluster


def test_what_was_written_is_there_at_the_next_start(new_dir: Path) -> None:
    with running_cluster(new_dir) as cluster:
        cluster.create_database("registrations")
        write_a_row(cluster.url("registrations"), "first")
    with running_cluster(new_dir) as cluster:
        cluster.create_database("registrations")
        assert rows(cluster.url("registrations")) == {"first"}
        assert cluster.folder == new_dir / "postgres"


async def test_the_url_is_all_a_driver_needs(shared_cluster: Cluster) -> None:
    asyncpg: Any = import_module("asyncpg")  # it has no types: imported by name, it asks for none
    connection = await asyncpg.connect(shared_cluster.url("registrations"))
    try:
        version: str = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    assert version.split(maxsplit=1)[0] == shared_cluster.version


def test_a_database_may_have_any_name(shared_cluster: Cluster) -> None:
    shared_cluster.create_database("""l'été "26"/%""")
    assert run_sql(shared_cluster.url("""l'été "26"/%"""), "SELECT current_database()") == """l'été "26"/%"""


def test_only_this_machine_is_served_and_only_with_the_password(shared_cluster: Cluster) -> None:
    url = shared_cluster.url("registrations")
    assert run_sql(url, "SHOW listen_addresses") == "127.0.0.1"
    assert run_sql(url, "SHOW unix_socket_directories") == ""
    assert run_sql(url, "SELECT DISTINCT auth_method FROM pg_hba_file_rules") == "scram-sha-256"
    with pytest.raises(AssertionError, match="password authentication failed"):
        run_sql(url.replace(urlsplit(url).password or "", "guess"), "SELECT 1")
    assert (shared_cluster.folder / "superuser.password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [("fsync", "on"), ("synchronous_commit", "on"), ("TimeZone", "UTC"), ("server_encoding", "UTF8")],
)
def test_durability_is_not_traded_for_speed(shared_cluster: Cluster, name: str, value: str) -> None:
    assert run_sql(shared_cluster.url("registrations"), f"SHOW {name}") == value


@only_on_linux
def test_the_server_gets_neither_the_terminal_s_ctrl_c_nor_the_lock(shared_cluster: Cluster) -> None:
    data_dir = shared_cluster.folder.parent
    assert os.getsid(shared_cluster.pid) == shared_cluster.pid
    opened = {str(entry.readlink()) for entry in Path(f"/proc/{shared_cluster.pid}/fd").iterdir()}
    assert str(data_dir / "postgres.log") in opened
    assert str(data_dir / "service.lock") not in opened


def test_a_second_service_is_refused_at_once(shared_cluster: Cluster) -> None:
    started = time.monotonic()
    refusal = ClusterProcess(shared_cluster.folder.parent).error_output()
    assert time.monotonic() - started < 3
    assert f"{shared_cluster.folder.parent} is in use by another service (process {os.getpid()})" in refusal
    assert refusal.count("\n") == 1


def test_settings_reach_the_server_but_its_address_stays_ours(data_dir: Path) -> None:
    with running_cluster(data_dir, settings={"max_connections": "11", "port": "1", "listen_addresses": "*"}) as cluster:
        assert run_sql(cluster.url("registrations"), "SHOW max_connections") == "11"
        assert run_sql(cluster.url("registrations"), "SHOW listen_addresses") == "127.0.0.1"


def test_the_environment_does_not_steer_the_server(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c fsync=nonsense")
    monkeypatch.setenv("PGPORT", "1")
    with running_cluster(data_dir) as cluster:
        cluster.create_database("another")
        assert not cluster.exited()


@pytest.mark.parametrize("how", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_the_server_stops_however_the_block_ends(data_dir: Path, how: type[BaseException]) -> None:
    with pytest.raises(how), running_cluster(data_dir) as cluster:
        raise how
    assert cluster.exited()
    assert not (cluster.folder / "postmaster.pid").exists()
    cluster.server.stop()


def test_a_transaction_left_open_does_not_delay_the_stop(data_dir: Path) -> None:
    with running_cluster(data_dir) as cluster:
        url = cluster.url("registrations")
        asleep = threading.Thread(target=_sleep_in_a_transaction, args=(url,))
        asleep.start()
        while run_sql(url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(6%'") != "2":
            time.sleep(0.05)
        started = time.monotonic()
    asleep.join()
    assert time.monotonic() - started < 5


def _sleep_in_a_transaction(url: str) -> None:
    with pytest.raises(AssertionError, match="terminating connection"):
        run_sql(url, "SELECT pg_sleep(60)")


def test_a_server_that_died_is_noticed(data_dir: Path) -> None:
    with running_cluster(data_dir) as cluster:
        assert not cluster.exited()
        os.kill(cluster.pid, 9)
        deadline = time.monotonic() + 5
        while not cluster.exited():
            assert time.monotonic() < deadline


def test_a_start_that_fails_quotes_the_log(data_dir: Path) -> None:
    with (
        pytest.raises(ClusterError, match="invalid value for parameter"),
        running_cluster(data_dir, settings={"shared_buffers": "potato"}),
    ):
        pass
    with running_cluster(data_dir) as cluster:
        assert not cluster.exited()


def test_another_thread_may_not_start_it(data_dir: Path) -> None:
    caught: list[RuntimeError] = []

    def start() -> None:
        try:
            with running_cluster(data_dir):
                pass
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])


def test_data_of_another_major_version_is_left_alone(own_dir: Path) -> None:
    (own_dir / "postgres" / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(ClusterError, match=r"made by PostgreSQL 12 .* set PG_BINDIR .* move .* away"),
        running_cluster(own_dir),
    ):
        pass


def test_a_folder_that_is_no_cluster_is_left_alone(new_dir: Path) -> None:
    (new_dir / "postgres").mkdir()
    (new_dir / "postgres" / "letters.txt").write_text("mine")
    with pytest.raises(ClusterError, match="not a cluster made by this service"), running_cluster(new_dir):
        pass
    assert (new_dir / "postgres" / "letters.txt").read_text() == "mine"


def test_a_data_folder_that_cannot_be_is_a_plain_error(new_dir: Path) -> None:
    (new_dir / "file").touch()
    with pytest.raises(ClusterError, match="no embedded PostgreSQL in"), running_cluster(new_dir / "file" / "data"):
        pass


def test_a_log_grown_large_is_emptied_at_the_start(data_dir: Path) -> None:
    (data_dir / "postgres.log").write_bytes(b"old\n" * 1_500_000)
    with running_cluster(data_dir):
        pass
    assert 0 < (data_dir / "postgres.log").stat().st_size < 100_000


def test_a_cluster_that_exists_is_up_within_a_second(data_dir: Path) -> None:
    def seconds() -> float:
        started = time.monotonic()
        with running_cluster(data_dir):
            return time.monotonic() - started

    assert min(seconds() for _ in range(3)) < 1


def test_the_server_stops_with_its_service(data_dir: Path) -> None:
    service = ClusterProcess(data_dir)
    pid = service.wait_until_running().pid
    assert service.stop() == 0
    assert not is_alive(pid)
