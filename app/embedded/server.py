"""The server process: started, watched until it answers, stopped."""

import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from app.embedded.binaries import Binaries
from app.embedded.error import ClusterError
from app.embedded.folder import Home
from app.embedded.log import said_since, trim
from app.embedded.predecessor import PATIENCE_S, wait_until_vacant

_ADDRESS = "127.0.0.1"
_READY_WITHIN_S = 120.0  # recovery after a crash replays the journal: minutes are rare, not wrong
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
_PASSING_TROUBLE = (
    'lock file "postmaster.pid" already exists',
    "pre-existing shared memory block",
    "could not bind",
    "could not create any TCP/IP sockets",
)


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int

    def exited(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """Stop fast (transactions are rolled back), then faster if that takes too long. Stopping twice is harmless."""
        for signal, patience_s in _STEPS_TO_STOP:
            self.process.send_signal(signal)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
            return


def start_server(home: Home, binaries: Binaries, log_path: Path, settings: Mapping[str, str]) -> Server:
    """Start the server and return it once it takes connections.

    What passes by itself (the last server on its way out, a port taken in between) is tried again for 15 s. Raises
    ClusterError with the end of the log for anything else.
    """
    trim(log_path)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        wait_until_vacant(home.folder, home.account, deadline=deadline)
        log_start = log_path.stat().st_size
        server = _launch(home, binaries, log_path, settings)
        if _becomes_ready(server, home.folder):
            return server
        said = said_since(log_path, log_start)
        if time.monotonic() > deadline or not any(trouble in said for trouble in _PASSING_TROUBLE):
            raise ClusterError(f"PostgreSQL did not start on {home.folder}; {log_path} ends with:\n{said}")
        time.sleep(_RETRY_S)


def _launch(home: Home, binaries: Binaries, log_path: Path, settings: Mapping[str, str]) -> Server:
    port = _free_port()
    ours = {"listen_addresses": _ADDRESS, "port": str(port), "unix_socket_directories": ""}
    options = [f"--{name}={value}" for name, value in (_DEFAULTS | dict(settings) | ours).items()]
    command: list[str | Path] = [binaries.folder / "postgres", "-D", home.folder, *options]
    with log_path.open("ab") as log:
        return Server(home.account.start(command, output=log, at_parent_death=SIGINT), port)


def _becomes_ready(server: Server, folder: Path) -> bool:
    """Wait until the server says it is ready; False when it exits instead, or has taken two minutes and is stopped."""
    deadline = time.monotonic() + _READY_WITHIN_S
    try:
        while not server.exited() and time.monotonic() < deadline:
            if _ready(server.process.pid, folder):
                return True
            time.sleep(_POLL_S)
    except BaseException:
        server.stop()
        raise
    server.stop()
    return False


def _ready(pid: int, folder: Path) -> bool:
    """Read what pg_ctl reads: quicker than a connection, and it cannot be another server's answer."""
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
