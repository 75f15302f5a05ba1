"""A server that dies is restarted at the same port; one that cannot be stops its service."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.embedded import postgres_restarter, server_process
from app.embedded.cluster import Cluster, running_cluster
from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import OsAccount, environment_without_pg_settings
from app.embedded.postgres_restarter import restarted_on_death
from tests.embedded.process_probes import only_on_linux, rows, run_sql, wait_until_gone, write_a_row

pytestmark = only_on_linux

BUSY = "DO $$ BEGIN LOOP END LOOP; END $$"  # it never looks whether its server lives
TIMEOUT_S = 30.0


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_restarter, "_MAX_BACKOFF_S", 0.01)
    monkeypatch.setattr(server_process, "RETRY_FOR_S", 0.3)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill_server(cluster: Cluster) -> None:
    """Kill it, and wait until another has taken its place."""
    pid = cluster.pid
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: cluster.pid != pid)


def start_something_busy(cluster: Cluster) -> int:
    """Start a statement that never ends; return the process of the server that runs it."""
    url = cluster.url("registrations")
    command = [cluster.binaries / "psql", "-XqAt", "-d", url, "-c", BUSY]
    # It ends with the server, and so does not have to be waited for.
    threading.Thread(
        target=subprocess.run,
        args=(command,),
        kwargs={"capture_output": True, "env": environment_without_pg_settings()},
        daemon=True,
    ).start()
    busy = "SELECT max(pid) FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
    wait_until(lambda: run_sql(url, busy) != "")
    return int(run_sql(url, busy))


def test_a_killed_server_is_started_again_at_the_same_address_with_its_data(data_dir: Path) -> None:
    with capture_logs() as logged:
        with running_cluster(data_dir) as cluster, restarted_on_death(cluster.server):
            url = cluster.url("registrations")
            write_a_row(url, "before")
            for _ in range(3):
                kill_server(cluster)
                assert rows(url) >= {"before"}
            last = cluster.pid
        wait_until_gone(last)

    assert cluster.url("registrations") == url
    assert [line["event"] for line in logged] == ["PostgreSQL died and was started again"] * 3


def test_children_of_the_dead_server_that_are_busy_do_not_hold_up_the_next(data_dir: Path) -> None:
    with running_cluster(data_dir) as cluster, restarted_on_death(cluster.server):
        busy = start_something_busy(cluster)
        kill_server(cluster)
        wait_until_gone(busy)
        assert run_sql(cluster.url("registrations"), "SELECT 1") == "1"


def killed_for_good(data_dir: Path, before: Callable[[Cluster], object]) -> None:
    """Kill the server until its service is interrupted. Raise what follows."""
    interrupted = threading.Event()
    with running_cluster(data_dir) as cluster, restarted_on_death(cluster.server, interrupted.set):
        before(cluster)
        os.kill(cluster.pid, signal.SIGKILL)
        assert interrupted.wait(TIMEOUT_S)


def _kill_nobody(_: Path, __: OsAccount) -> None:
    """In place of killing the children that outlive the server."""


@pytest.mark.usefixtures("short_pauses")
def test_red_run_without_killing_them_the_next_server_does_not_start(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_process, "kill_leftover_processes", _kill_nobody)
    busy = list[int]()
    with pytest.raises(ClusterError):
        killed_for_good(data_dir, lambda cluster: busy.append(start_something_busy(cluster)))

    os.kill(busy[0], signal.SIGKILL)
    wait_until_gone(busy[0])


def test_a_killed_child_is_the_server_s_own_affair(data_dir: Path) -> None:
    with capture_logs() as logged, running_cluster(data_dir) as cluster, restarted_on_death(cluster.server):
        pid = cluster.pid
        os.kill(start_something_busy(cluster), signal.SIGKILL)
        wait_until(lambda: "all server processes terminated; reinitializing" in (data_dir / "postgres.log").read_text())
        wait_until(lambda: _answers(cluster))
        assert cluster.pid == pid

    assert logged == []


def _answers(cluster: Cluster) -> bool:
    command = (cluster.binaries / "psql", "-XqAt", "-d", cluster.url("registrations"), "-c", "SELECT 1")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.usefixtures("short_pauses")
def test_a_server_that_cannot_be_restarted_interrupts_the_service_with_one_line(own_dir: Path) -> None:
    with capture_logs() as logged, pytest.raises(ClusterError) as raised:
        killed_for_good(own_dir, lambda cluster: (cluster.folder / "global" / "pg_control").unlink())

    assert str(own_dir / "postgres.log") in str(raised.value)
    assert str(raised.value).count("\n") == 0
    assert [line["event"] for line in logged] == ["PostgreSQL died and does not start"] * postgres_restarter.MAX_STARTS


def _an_hour(_: int) -> float:
    return 3600.0


def test_stopped_during_the_backoff_it_starts_no_server(own_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_restarter, "_backoff_before", _an_hour)
    with capture_logs() as logged, running_cluster(own_dir) as cluster, restarted_on_death(cluster.server):
        os.kill(cluster.pid, signal.SIGKILL)
        wait_until(cluster.exited)

    assert logged == []
