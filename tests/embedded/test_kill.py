import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from app.embedded import server_process
from app.embedded.cluster import running_cluster
from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import account_for_new_cluster
from tests.embedded.process_probes import ClusterProcess, only_on_linux, rows, wait_until_gone, write_a_row

pytestmark = only_on_linux


def test_the_server_leaves_with_a_killed_service_and_nothing_is_lost(data_dir: Path) -> None:
    service = ClusterProcess(data_dir)
    held = service.wait_until_running()
    write_a_row(held.url, "service")
    service.kill()
    with running_cluster(data_dir) as cluster:
        assert rows(cluster.url("registrations")) >= {"service"}
    wait_until_gone(held.pid)
    assert "received fast shutdown request" in (data_dir / "postgres.log").read_text()


def test_a_killed_server_is_recovered_at_the_next_start(data_dir: Path) -> None:
    with running_cluster(data_dir) as cluster:
        write_a_row(cluster.url("registrations"), "server")
        os.kill(cluster.pid, signal.SIGKILL)
    assert (cluster.folder / "postmaster.pid").exists()
    with running_cluster(data_dir) as cluster:
        assert rows(cluster.url("registrations")) >= {"server"}


def test_both_killed_together_are_recovered_at_the_next_start(data_dir: Path) -> None:
    service = ClusterProcess(data_dir)
    held = service.wait_until_running()
    write_a_row(held.url, "both")
    os.kill(held.pid, signal.SIGKILL)
    service.kill()
    with running_cluster(data_dir) as cluster:
        assert rows(cluster.url("registrations")) >= {"both"}


def test_killed_again_and_again_it_still_starts(data_dir: Path) -> None:
    for round_ in range(4):
        service = ClusterProcess(data_dir)
        held = service.wait_until_running()
        write_a_row(held.url, str(round_))
        service.kill()
    with running_cluster(data_dir) as cluster:
        assert rows(cluster.url("registrations")) >= {"0", "1", "2", "3"}


def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(new_dir: Path) -> None:
    service = ClusterProcess(new_dir)
    while not list(new_dir.glob("postgres.new-*/postgres/base")):
        assert service.process.poll() is None
        time.sleep(0.005)
    service.kill()
    time.sleep(0.5)  # initdb dies with the service, the server it was talking to a moment later
    assert not (new_dir / "postgres").exists()
    with running_cluster(new_dir) as cluster:
        cluster.create_database("registrations")
        assert not list(new_dir.glob("postgres.new-*"))


def test_a_server_on_its_way_out_is_waited_for(data_dir: Path) -> None:
    service = ClusterProcess(data_dir)
    pid = service.wait_until_running().pid
    os.kill(pid, signal.SIGSTOP)
    service.kill()
    following = ClusterProcess(data_dir)
    time.sleep(1)
    os.kill(pid, signal.SIGCONT)
    assert following.wait_until_running().pid != pid
    assert following.stop() == 0


def test_a_server_that_stays_is_named_and_left_alone(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = ClusterProcess(data_dir)
    pid = service.wait_until_running().pid
    os.kill(pid, signal.SIGSTOP)
    service.kill()
    monkeypatch.setattr(server_process, "RETRY_FOR_S", 0.3)
    with pytest.raises(ClusterError, match=f"still runs on .* {pid}"), running_cluster(data_dir):
        pass
    os.kill(pid, signal.SIGCONT)
    wait_until_gone(pid)


def _forge(data_dir: Path, pid: int) -> None:
    """Leave the `postmaster.pid` of a killed server, with the number of another process."""
    with running_cluster(data_dir) as cluster:
        left = (cluster.folder / "postmaster.pid").read_text()
    path = data_dir / "postgres" / "postmaster.pid"
    path.write_text(left.replace(str(cluster.pid), str(pid), 1))
    status = (data_dir / "postgres").stat()
    os.chown(path, status.st_uid, status.st_gid)


def _process(*command: str) -> subprocess.Popen[bytes]:
    """Start a process of PostgreSQL's account: PostgreSQL ignores those of other accounts anyway."""
    return account_for_new_cluster().start(command, output=subprocess.DEVNULL, at_parent_death=signal.SIGKILL)


def _starts_at_once(data_dir: Path) -> bool:
    started = time.monotonic()
    with running_cluster(data_dir):
        return time.monotonic() - started < 3


def test_a_pid_file_naming_a_dead_process_does_not_block(data_dir: Path) -> None:
    with _process("true") as finished:
        pass
    _forge(data_dir, finished.pid)
    assert _starts_at_once(data_dir)


def test_a_pid_file_naming_a_stranger_does_not_block_nor_hurt_it(data_dir: Path) -> None:
    with _process("sleep", "60") as stranger:
        _forge(data_dir, stranger.pid)
        assert _starts_at_once(data_dir)
        assert stranger.poll() is None
        stranger.kill()


def test_a_pid_file_naming_another_cluster_s_server_does_not_block_nor_hurt_it(data_dir: Path, new_dir: Path) -> None:
    with running_cluster(new_dir / "other") as other:
        _forge(data_dir, other.pid)
        assert _starts_at_once(data_dir)
        assert not other.exited()


def test_a_pid_file_naming_a_zombie_does_not_block(data_dir: Path) -> None:
    """A container whose first process reaps no children keeps its zombies for ever."""
    zombie = _process("true")
    time.sleep(0.2)
    _forge(data_dir, zombie.pid)
    assert _starts_at_once(data_dir)
    zombie.wait()
