"""The servers under load, each in a process of its own.

Nothing that they write can stop them: a pipe that nobody reads is full after some hundred lines, and whoever writes to
it then waits for ever.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from app.cli.serving import listening_socket
from benchmarks.dataset import SECRET
from benchmarks.process_cost import RunningProcess

_STARTING_SECONDS, _STOPPING_SECONDS = 60, 20
_NO_SETTINGS: Mapping[str, str] = {}

# What a worker does once at its start, by the names of its metrics: it would disturb what is measured.
_STARTING_CHORES = ("forget_answers", "forget_events", "forget_deliveries", "forget_traces", "relay")


@dataclass(frozen=True, slots=True)
class Server(RunningProcess):
    base_url: str


def _free_port() -> int:
    with listening_socket("127.0.0.1", 0) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _running_process(command: list[str], environment: Mapping[str, str]) -> Generator[subprocess.Popen[bytes]]:
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=silent, stderr=silent)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read(url: str) -> str | None:
    """What is answered; None unless it is a success."""
    try:
        with urlopen(url, timeout=1) as answer:  # noqa: S310  # our own server
            return str(answer.read().decode())
    except (URLError, ConnectionError, TimeoutError):
        return None


def _wait(process: subprocess.Popen[bytes], url: str, is_ready: Callable[[str], bool]) -> None:
    """Wait until it answers what is right. Raise ChildProcessError when the process ends instead, TimeoutError."""
    give_up_at = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise ChildProcessError(f"{process.args!r} ended by itself: {process.returncode}")
        if (answer := _read(url)) is not None and is_ready(answer):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{url} is not ready after {_STARTING_SECONDS} s")


@contextmanager
def _running_server(command: list[str], environment: Mapping[str, str], port: int, probe: str) -> Generator[Server]:
    base_url = f"http://127.0.0.1:{port}"
    with _running_process(command, environment) as process:
        _wait(process, f"{base_url}{probe}", lambda _: True)
        yield Server(process.pid, base_url)


@contextmanager
def running_service(url: str, settings: Mapping[str, str] = _NO_SETTINGS) -> Generator[Server]:
    """The service, as it is deployed: one process. `settings` are the service's, by name."""
    port = _free_port()
    environment = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "PORT": str(port), "WORKERS": "1"}
    environment |= {"RATE_LIMIT_PER_MINUTE": "1000000", "DRAIN_SECONDS": "0"}
    command = [sys.executable, "-m", "app", "serve"]
    with _running_server(command, {**environment, **settings}, port, "/readyz") as server:
        yield server


@contextmanager
def running_bare_app(url: str) -> Generator[Server]:
    """A bare ASGI app that sends the same statements."""
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.hot_path.bare_asgi_app", url, str(port)]
    with _running_server(command, {}, port, "/") as server:
        yield server


@contextmanager
def running_workers(
    url: str, count: int, settings: Mapping[str, str] = _NO_SETTINGS
) -> Generator[list[RunningProcess]]:
    """So many running workers, which have tidied up. They may deliver to this machine; e-mails wait, unless the
    `settings` name an SMTP_URL."""
    environment = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true"}
    environment |= {"PUBLIC_BASE_URL": "https://benchmark.example", **settings}
    command = [sys.executable, "-m", "app", "worker"]
    ports = [_free_port() for _ in range(count)]
    with ExitStack() as stack:
        started = [
            stack.enter_context(_running_process(command, {**environment, "METRICS_PORT": str(port)})) for port in ports
        ]
        for process, port in zip(started, ports, strict=True):
            _wait(process, f"http://127.0.0.1:{port}/metrics", _has_started)
        yield [RunningProcess(process.pid) for process in started]


def _has_started(metrics: str) -> bool:
    """Whether each chore of the start has come to the end of a turn."""
    name = "background_last_turn_timestamp_seconds"
    return all(f'{name}{{chore="{chore}"}}' in metrics for chore in _STARTING_CHORES)
