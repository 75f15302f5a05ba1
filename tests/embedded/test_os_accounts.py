import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded.binaries import find_binaries
from app.embedded.cluster import running_cluster
from app.embedded.cluster_error import ClusterError
from app.embedded.os_account import OsAccount, account_for_new_cluster
from tests.embedded.process_probes import CHECKOUT, ClusterProcess, only_as_root, only_on_linux, rows, write_a_row

_NOBODY = 65534


@only_as_root
def test_root_hands_postgresql_to_somebody_else(data_dir: Path) -> None:
    expected = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
    with running_cluster(data_dir) as cluster:
        assert (
            Path(f"/proc/{cluster.pid}").stat().st_uid == cluster.folder.stat().st_uid == account_for_new_cluster().uid
        )
    assert account_for_new_cluster().name == expected


@only_as_root
def test_data_its_user_cannot_reach_live_elsewhere_and_no_door_is_opened(closed_dir: Path, reachable: Path) -> None:
    with running_cluster(closed_dir) as cluster:
        cluster.create_database("registrations")
        write_a_row(cluster.url("registrations"), "kept")
    assert cluster.folder.is_relative_to(reachable)
    assert closed_dir.parent.stat().st_mode & 0o777 == 0o700
    with running_cluster(closed_dir) as cluster:
        assert rows(cluster.url("registrations")) == {"kept"}
    assert sorted(path.name for path in closed_dir.iterdir()) == ["postgres.log", "service.lock"]


@only_as_root
def test_a_cluster_that_has_been_shut_in_is_not_replaced_by_an_empty_one(own_dir: Path, reachable: Path) -> None:
    own_dir.chmod(0o700)
    with pytest.raises(ClusterError, match="out of reach"), running_cluster(own_dir):
        pass
    assert not reachable.exists()


def _python_for(account: OsAccount) -> str:
    """A Python that the account can run: the one of these tests may be under /root."""
    imports = f"import sys; sys.path[:0] = ['{CHECKOUT}']; import app.embedded.cluster"
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            code, _ = account.run(python, "-c", imports)
        except OSError:
            continue
        if code == 0:
            return python
    return pytest.skip("nobody can run no Python 3.11 on this checkout")


def _ordinary_service(data_dir: Path) -> ClusterProcess:
    nobody = OsAccount(_NOBODY, _NOBODY)
    programs = find_binaries(nobody).folder
    return ClusterProcess(data_dir, user=nobody.uid, python=_python_for(nobody), settings={"PG_BINDIR": str(programs)})


@only_as_root
def test_an_ordinary_user_runs_it_and_root_may_run_it_afterwards(new_dir: Path) -> None:
    os.chown(new_dir, _NOBODY, _NOBODY)
    service = _ordinary_service(new_dir)
    held = service.wait_until_running()
    write_a_row(held.url, "kept")
    assert Path(f"/proc/{held.pid}").stat().st_uid == _NOBODY
    assert service.stop() == 0
    with running_cluster(new_dir) as cluster:
        assert rows(cluster.url("registrations")) == {"kept"}
        assert Path(f"/proc/{cluster.pid}").stat().st_uid == _NOBODY


@only_as_root
def test_an_ordinary_user_is_told_that_these_are_not_their_data(data_dir: Path) -> None:
    refusal = _ordinary_service(data_dir).error_output()
    assert refusal.startswith("no embedded PostgreSQL in")
    assert "Permission denied" in refusal
    assert refusal.count("\n") == 1


_WITHOUT_PRCTL = """
import ctypes, signal, subprocess, sys, tempfile
from pathlib import Path
sys.platform = "darwin"
from app.embedded.cluster import running_cluster
from app.embedded.parent_death_signal import stop_with_parent
stop_with_parent(signal.SIGTERM)
with running_cluster(Path(sys.argv[1])) as cluster:
    print(cluster.exited())
"""


@only_on_linux
def test_a_system_without_prctl_is_served_all_the_same(data_dir: Path) -> None:
    command = [sys.executable, "-c", _WITHOUT_PRCTL, str(data_dir)]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "False\n", "")
