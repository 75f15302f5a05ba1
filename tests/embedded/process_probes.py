"""What these tests share: other services, statements for a server, probes of processes."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.embedded.binaries import find_binaries
from app.embedded.os_account import account_for_new_cluster

CHECKOUT = Path(__file__).parents[2]
_NONE: Mapping[str, str] = {}

only_on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand PostgreSQL to another user")


@dataclass
class ClusterInfo:
    url: str
    pid: int
    folder: str


class ClusterProcess:
    """Another process that runs a cluster (see cluster_process.py), as `user` if given, with `settings` in its
    environment."""

    def __init__(
        self,
        data_dir: Path,
        *,
        user: int | None = None,
        python: str = sys.executable,
        settings: Mapping[str, str] = _NONE,
    ) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "tests.embedded.cluster_process", data_dir],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | dict(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )

    def wait_until_running(self) -> ClusterInfo:
        """Wait until the cluster accepts connections."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return ClusterInfo(**json.loads(line)) if line else pytest.fail(self.error_output())

    def error_output(self) -> str:
        return self.process.communicate(timeout=30)[1].decode()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        """Stop it in order; return its exit code."""
        self.process.communicate(timeout=30)
        return self.process.returncode


def run_sql(url: str, sql: str) -> str:
    psql = find_binaries(account_for_new_cluster()).folder / "psql"
    answer = subprocess.run([psql, "-XqAt", "-d", url, "-c", sql], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def write_a_row(url: str, label: str) -> None:
    run_sql(url, "CREATE TABLE IF NOT EXISTS kept (label text)")
    run_sql(url, f"INSERT INTO kept VALUES ('{label}')")  # noqa: S608  # our own word


def rows(url: str) -> set[str]:
    return set(run_sql(url, "SELECT label FROM kept").split())


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int, *, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def copy_cluster(source: Path, target: Path) -> Path:
    """Copy a stopped cluster with its owners: quicker than creating one."""
    shutil.copytree(source, target, symlinks=True)
    if os.geteuid() == 0:
        status = (source / "postgres").stat()
        for path in (target / "postgres", *(target / "postgres").rglob("*")):
            os.chown(path, status.st_uid, status.st_gid)
    return target
