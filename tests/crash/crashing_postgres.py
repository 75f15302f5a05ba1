"""A PostgreSQL that crashes, and is restarted at the same port."""

import asyncio
import shlex
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT

from app.embedded.cluster import Cluster, running_cluster
from app.embedded.data_directory import locate_data_directory
from tests.conftest import POSTGRES_SETTINGS


class CrashingPostgres:
    """`cluster` says where it is; its process is the first of several."""

    def __init__(self, cluster: Cluster, data_dir: Path) -> None:
        self.cluster = cluster
        self._account = locate_data_directory(data_dir).account
        self._log = data_dir / "postgres.log"
        self._command = shlex.split((cluster.folder / "postmaster.opts").read_text())
        self._process = cluster.server.process

    async def crash(self) -> None:
        """`pg_ctl stop -m immediate`: nothing is flushed, no client is told."""
        stopping = await asyncio.create_subprocess_exec(
            self.cluster.binaries / "pg_ctl", "stop", "-s", "-m", "immediate", "-D", self.cluster.folder, cwd="/",
            user=self._account.uid, group=self._account.gid,
        )  # fmt: skip
        assert await stopping.wait() == 0
        self._process.wait()

    def restart(self) -> None:
        """It takes a while: recovery comes first."""
        with self._log.open("ab") as log:
            self._process = self._account.start(self._command, output=log, at_parent_death=SIGINT)

    def stop(self) -> None:
        self._process.send_signal(SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def crashing_postgres(data_dir: Path) -> Generator[CrashingPostgres]:
    """The machine survives, and with it what was written without being flushed to disk."""
    with running_cluster(data_dir, settings=POSTGRES_SETTINGS) as cluster:
        server = CrashingPostgres(cluster, data_dir)
        try:
            yield server
        finally:
            server.stop()
