"""The servers under load, each in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from app.cli.serving import listening_socket
from benchmarks.dataset import SECRET

_CLOCK_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_STARTING_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RunningProcess:
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time since it started."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS_PER_SECOND

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class Server(RunningProcess):
    base_url: str


def _free_port() -> int:
    with listening_socket("127.0.0.1", 0) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _running_server(command: list[str], environment: Mapping[str, str], port: int, probe: str) -> Generator[Server]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        base_url = f"http://127.0.0.1:{port}"
        _wait(f"{base_url}{probe}")
        yield Server(process.pid, base_url)
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    """Wait until it answers. Raise TimeoutError."""
    give_up_at = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < give_up_at:
        try:
            with urlopen(url, timeout=1):  # noqa: S310  # our own server
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise TimeoutError(url)


@contextmanager
def running_service(url: str) -> Generator[Server]:
    """The service, as it is deployed: one process."""
    port = _free_port()
    environment = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "PORT": str(port), "WORKERS": "1"}
    environment |= {"RATE_LIMIT_PER_MINUTE": "1000000", "DRAIN_SECONDS": "0"}
    with _running_server([sys.executable, "-m", "app", "serve"], environment, port, "/readyz") as server:
        yield server


@contextmanager
def running_bare_app(url: str) -> Generator[Server]:
    """A bare ASGI app that sends the same statements."""
    port = _free_port()
    with _running_server([sys.executable, "-m", "benchmarks.bare_asgi_app", url, str(port)], {}, port, "/") as server:
        yield server


@contextmanager
def running_workers(url: str, count: int) -> Generator[list[RunningProcess]]:
    """So many running workers. They may deliver to this machine; e-mails wait, since there is no SMTP_URL."""
    environment = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true"}
    environment |= {"PUBLIC_BASE_URL": "https://benchmark.example"}
    command = [sys.executable, "-m", "app", "worker"]
    started = [
        subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE) for _ in range(count)
    ]
    try:
        for process in started:
            _wait_until_cleaned_up(process)
        yield [RunningProcess(process.pid) for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.communicate(timeout=20)


def _wait_until_cleaned_up(process: subprocess.Popen[bytes]) -> None:
    """Wait for the log line of the first task of a worker. Raise ValueError when the worker ends instead."""
    for line in process.stderr or ():
        if b'"tidied"' in line:
            return
    raise ValueError(process.wait())
