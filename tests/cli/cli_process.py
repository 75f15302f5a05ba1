"""The program as people use it: `python -m app …` in a process of its own, with an environment of its own.

A `cold` start is the one that people wait for: an interpreter, and all that it imports. The others are forks of a
process that has done so, and do the same from there on (see tests/forks.py).
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from tests import forks
from tests.forks import CHECKOUT, ForkedProcess
from tests.live_server import TLS_CONTEXT
from tests.log_capture import LOG_FOLDER

ADDRESS = re.compile(r"Documentation[^:]*: (http://\S+)/docs")
TIMEOUT_S = 30.0
# Nothing of the developer's own settings, and no service that the developer may have running in the checkout.
CLEAN_ENVIRONMENT = {
    "DATA_DIR": str(Path(tempfile.gettempdir()) / "registrations-of-nobody"),
    **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PG_BINDIR") if name in os.environ},
}
_NONE: Mapping[str, str] = {}


@contextmanager
def new_folder() -> Generator[Path]:
    """A folder that PostgreSQL can walk into once it has dropped root's rights."""
    with tempfile.TemporaryDirectory(prefix="registrations-cli-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def start_command(
    *arguments: str, settings: Mapping[str, str], stdout: Path, stderr: Path, cold: bool = False
) -> subprocess.Popen[bytes] | ForkedProcess:
    """Start a command; what it writes is appended to these files."""
    environment = {**CLEAN_ENVIRONMENT, **settings}
    if not cold:
        return forks.start("app", *arguments, environment=environment, stdout=stdout, stderr=stderr)
    with stdout.open("a") as out, stderr.open("a") as err:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=out, stderr=err)


def run_command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return _run(arguments, settings, cold=False)


def run_cold_command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return _run(arguments, settings, cold=True)


def _run(arguments: Sequence[str], settings: Mapping[str, str], *, cold: bool) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as name:
        stdout, stderr = Path(name) / "stdout", Path(name) / "stderr"
        process = start_command(*arguments, settings=settings, stdout=stdout, stderr=stderr, cold=cold)
        try:
            status = process.wait(TIMEOUT_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, status, _text_of(stdout), _text_of(stderr))


def _text_of(path: Path) -> str:
    """Empty until the process has opened it."""
    return path.read_text() if path.exists() else ""


def processes_in(folder: Path) -> list[int]:
    """The processes at work in a folder: PostgreSQL's work in its own."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cwd").resolve(strict=True).is_relative_to(folder.resolve()):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until_no_process(folder: Path) -> None:
    deadline = time.monotonic() + 15
    while left := processes_in(folder):
        assert time.monotonic() < deadline, f"still at work in {folder}: {left}"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What a first start left: its folder, what it printed, the keys it wrote."""

    data_dir: Path
    printed: str
    keys: Mapping[str, str]


class ServeProcess:
    """`python -m app serve`, ready to answer."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] = _NONE, *, cold: bool = False) -> None:
        self.data_dir = data_dir
        name, described = str(uuid4()), {"DATA_DIR": str(data_dir), "PORT": "0", "DRAIN_SECONDS": "0"}
        self._output_path, self._log_path = LOG_FOLDER / f"{name}.printed", LOG_FOLDER / f"{name}.log"
        self.process = start_command(
            "serve",
            settings=described | dict(settings),
            stdout=self._output_path,
            stderr=self._log_path,
            cold=cold,
        )
        try:
            self.base_url = f"http://127.0.0.1:{settings['PORT']}" if "PORT" in settings else self._address()
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    @property
    def printed(self) -> str:
        return _text_of(self._output_path)

    @property
    def logged(self) -> str:
        return _text_of(self._log_path)

    @property
    def keys(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data_dir / "demo-keys.json").read_text())
        return found

    def client(self, role: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=30, verify=TLS_CONTEXT)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=TIMEOUT_S)

    def close(self) -> None:
        """Stop it if it still runs."""
        if self.process.poll() is None:
            self.stop()

    def _address(self) -> str:
        deadline = time.monotonic() + TIMEOUT_S
        while (found := ADDRESS.search(self.printed)) is None:
            assert self.process.poll() is None, self.logged
            assert time.monotonic() < deadline, self.logged
            time.sleep(0.05)
        return found[1]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            assert time.monotonic() < deadline, self.logged
            try:
                if httpx.get(f"{self.base_url}/readyz", verify=TLS_CONTEXT).is_success:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, self.logged
            time.sleep(0.02)


@contextmanager
def _serving(program: ServeProcess) -> Generator[ServeProcess]:
    try:
        yield program
    finally:
        program.close()


def serving_process(data_dir: Path, **settings: str) -> AbstractContextManager[ServeProcess]:
    """Serve until the block ends."""
    return _serving(ServeProcess(data_dir, settings))


def serving_cold_process(data_dir: Path, **settings: str) -> AbstractContextManager[ServeProcess]:
    return _serving(ServeProcess(data_dir, settings, cold=True))
