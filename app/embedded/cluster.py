"""The embedded PostgreSQL: created at the first start, stopped with the service, its data kept.

    with running_cluster(Path("data")) as cluster:
        cluster.create_database("registrations")
        serve(cluster.url("registrations"))

The server is a child process. On Linux it shuts down by itself, with nothing lost, even when the service dies by
`kill -9`; elsewhere it then goes on, and the next start says which process to stop.
"""

import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from app.embedded.binaries import find_binaries
from app.embedded.cluster_error import ClusterError
from app.embedded.data_directory import ensure_initialised, locate_data_directory
from app.embedded.data_directory_lock import exclusive_use
from app.embedded.os_account import environment_without_pg_settings
from app.embedded.server_process import Server, start_server

__all__ = ["Cluster", "ClusterError", "running_cluster"]

_CREATE = r"SELECT format('CREATE DATABASE %I', :'name') WHERE :'name' NOT IN (SELECT datname FROM pg_database) \gexec"


@dataclass(frozen=True)
class Cluster:
    """A running server: `folder` holds its data, `binaries` the programs (psql, pgbench…) of `version` ("18.4")."""

    version: str
    binaries: Path
    folder: Path
    password: str = field(repr=False)
    server: Server = field(repr=False)

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def exited(self) -> bool:
        """Whether the server has exited; returns at once."""
        return self.server.exited()

    def url(self, database: str) -> str:
        return f"postgresql://postgres:{quote(self.password)}@{self._host_port_database(database)}"

    def create_database(self, name: str) -> None:
        """Create the database unless it exists. Raise ClusterError."""
        psql, variables = self.binaries / "psql", ("-v", "ON_ERROR_STOP=1", "-v", f"name={name}")
        outcome = subprocess.run(  # noqa: S603  # PostgreSQL's own program; psql quotes the name
            [psql, "-XqAt", *variables, "-d", self._maintenance_url()],
            input=_CREATE,
            env=environment_without_pg_settings()
            | {"PGPASSWORD": self.password, "PGSSLMODE": "disable", "PGCONNECT_TIMEOUT": "10"},
            capture_output=True,
            text=True,
            check=False,
        )
        if outcome.returncode != 0:
            raise ClusterError(f"the database {name} could not be created: {outcome.stderr.strip()}")

    def _maintenance_url(self) -> str:
        return f"postgresql://postgres@{self._host_port_database('postgres')}"

    def _host_port_database(self, database: str) -> str:
        return f"127.0.0.1:{self.server.port}/{quote(database, safe='')}"


_NO_SETTINGS: Mapping[str, str] = {}


@contextmanager
def running_cluster(data_dir: Path, *, settings: Mapping[str, str] = _NO_SETTINGS) -> Generator[Cluster]:
    """Run the cluster of `data_dir`, created if missing, for as long as the block lasts.

    `settings` are PostgreSQL's, by name, except address and port. Enter it from the main thread: the server stops with
    the *thread* that started it. Raise ClusterError when no server can be run, RuntimeError from another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("running_cluster() must be entered from the main thread: the server stops with its thread")
    data_dir = data_dir.resolve()
    with ExitStack() as stack:
        with _as_cluster_errors(data_dir):
            data_dir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(exclusive_use(data_dir))
            cluster = _start(data_dir, settings)
            stack.callback(cluster.server.stop)
        yield cluster


def _start(data_dir: Path, settings: Mapping[str, str]) -> Cluster:
    directory = locate_data_directory(data_dir)
    binaries = find_binaries(directory.account)
    password = ensure_initialised(directory, binaries)
    server = start_server(directory, binaries, data_dir / "postgres.log", settings)
    return Cluster(binaries.version, binaries.folder, directory.folder, password, server)


@contextmanager
def _as_cluster_errors(data_dir: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ClusterError(f"no embedded PostgreSQL in {data_dir}: {error}") from error
