"""The server process: start it and wait until it is ready, restart it at the same port, stop it."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from app.embedded.binaries import Binaries
from app.embedded.cluster_error import ClusterError
from app.embedded.data_directory import DataDirectory
from app.embedded.server_log import tail_since, truncate_if_large
from app.embedded.stale_processes import RETRY_FOR_S, kill_leftover_processes, wait_until_no_server

_ADDRESS = "127.0.0.1"
_READY_WITHIN_S = 120.0  # recovery after a crash replays the journal, which may take minutes
_POLL_S = 0.02
_RETRY_S = 0.2
_STATUS_LINE = 7
_STEPS_TO_STOP = ((SIGINT, 10.0), (SIGQUIT, 5.0), (SIGKILL, None))
_DEFAULTS = {
    "max_connections": "60",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}
_TRANSIENT_ERRORS = (
    'lock file "postmaster.pid" already exists',
    "pre-existing shared memory block",
    "could not bind",
    "could not create any TCP/IP sockets",
)


@dataclass(frozen=True)
class ServerCommand:
    """All that starting the server takes."""

    data_directory: DataDirectory
    binaries: Binaries
    log_path: Path
    settings: Mapping[str, str]

    def launch(self, port: int) -> subprocess.Popen[bytes]:
        fixed = {"listen_addresses": _ADDRESS, "port": str(port), "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in (_DEFAULTS | dict(self.settings) | fixed).items()]
        command: list[str | Path] = [self.binaries.folder / "postgres", "-D", self.data_directory.folder, *options]
        with self.log_path.open("ab") as log:
            return self.data_directory.account.start(command, output=log, at_parent_death=SIGINT)


@dataclass
class Server:
    """`process` is the present one; `stopping` is set when no other is to be started."""

    command: ServerCommand
    process: subprocess.Popen[bytes]
    port: int
    stopping: threading.Event = field(default_factory=threading.Event)

    def exited(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """Stop fast (transactions are rolled back); immediately after 10 s, by SIGKILL 5 s later. Twice is harmless."""
        self.stopping.set()
        _stop(self.process)

    def restart(self) -> None:
        """Start it again at the same port, once the children of the dead one are killed. Raise ClusterError."""
        kill_leftover_processes(self.command.data_directory.folder, self.command.data_directory.account)
        self.process, _ = _start_until_ready(self.command, lambda: self.port, self.stopping)


def start_server(
    data_directory: DataDirectory, binaries: Binaries, log_path: Path, settings: Mapping[str, str]
) -> Server:
    """Start the server and return it once it accepts connections.

    Transient failures (the former server still stopping, a port taken meanwhile) are retried for 15 s. Raise
    ClusterError with the end of the log for any other.
    """
    command = ServerCommand(data_directory, binaries, log_path, settings)
    return Server(command, *_start_until_ready(command, _free_port, threading.Event()))


def _start_until_ready(
    command: ServerCommand, port: Callable[[], int], stopping: threading.Event
) -> tuple[subprocess.Popen[bytes], int]:
    """Return the process and its port. Raise ClusterError, also when `stopping` is set meanwhile."""
    directory, log_path = command.data_directory, command.log_path
    truncate_if_large(log_path)
    deadline = time.monotonic() + RETRY_FOR_S
    while True:
        wait_until_no_server(directory.folder, directory.account, deadline=deadline)
        log_start, number = log_path.stat().st_size, port()
        process = command.launch(number)
        if _wait_until_ready(process, directory.folder, stopping):
            return process, number
        log_end = tail_since(log_path, log_start)
        is_over = stopping.is_set() or time.monotonic() > deadline
        if is_over or not any(error in log_end for error in _TRANSIENT_ERRORS):
            raise ClusterError(f"PostgreSQL did not start on {directory.folder}; {log_path} ends with:\n{log_end}")
        time.sleep(_RETRY_S)


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, stopping: threading.Event) -> bool:
    """Wait until the server is ready; return False when it exits instead, or is stopped after two minutes or because
    `stopping` is set."""
    deadline = time.monotonic() + _READY_WITHIN_S
    try:
        while process.poll() is None and time.monotonic() < deadline and not stopping.is_set():
            if _is_ready(process.pid, folder):
                return True
            time.sleep(_POLL_S)
    except BaseException:
        _stop(process)
        raise
    _stop(process)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    for signal, patience_s in _STEPS_TO_STOP:
        process.send_signal(signal)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        return


def _is_ready(pid: int, folder: Path) -> bool:
    """Read the file that pg_ctl reads: quicker than a connection, and never another server's reply."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_ADDRESS, 0))
        port: int = probe.getsockname()[1]
    return port
