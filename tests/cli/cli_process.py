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

from tests.log_capture import LOG_FOLDER
from tests import forks
from tests.forks import CHECKOUT, Fork
from tests.logbook import LOGS
from tests.served import TRUST

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


<<<<<<< HEAD:tests/cli/cli_process.py
def run_command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=CLEAN_ENVIRONMENT | settings,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
=======
def start(
    *arguments: str, settings: Mapping[str, str], stdout: Path, stderr: Path, cold: bool = False
) -> subprocess.Popen[bytes] | Fork:
    """Start a command; what it says is written to these files."""
    environment = {**BARE, **settings}
    if not cold:
        return forks.start("app", *arguments, environment=environment, stdout=stdout, stderr=stderr)
    with stdout.open("a") as out, stderr.open("a") as err:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=out, stderr=err)


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return _run(arguments, settings, cold=False)


def run_cold(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return _run(arguments, settings, cold=True)


def _run(arguments: Sequence[str], settings: Mapping[str, str], *, cold: bool) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as name:
        stdout, stderr = Path(name) / "stdout", Path(name) / "stderr"
        process = start(*arguments, settings=settings, stdout=stdout, stderr=stderr, cold=cold)
        try:
            status = process.wait(PATIENCE_S)
        finally:
            process.kill()
        said, complained = (path.read_text() if path.exists() else "" for path in (stdout, stderr))
        return subprocess.CompletedProcess(arguments, status, said, complained)
>>>>>>> speed:tests/cli/program.py


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
<<<<<<< HEAD:tests/cli/cli_process.py
        self._output: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed with the process
        environment = (
            CLEAN_ENVIRONMENT | {"DATA_DIR": str(data_dir), "PORT": "0", "DRAIN_SECONDS": "0"} | dict(settings)
        )
        command = [sys.executable, "-m", "app", "serve"]
        self._log_path = LOG_FOLDER / f"{uuid4()}.log"
        with self._log_path.open("w") as log_file:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env=environment, stdout=self._output, stderr=log_file, text=True
            )
=======
        name, described = str(uuid4()), {"DATA_DIR": str(data_dir), "PORT": "0", "DRAIN_SECONDS": "0"}
        self._output, self._book = LOGS / f"{name}.printed", LOGS / f"{name}.log"
        self.process = start(
            "serve", settings=described | dict(settings), stdout=self._output, stderr=self._book, cold=cold
        )
>>>>>>> speed:tests/cli/program.py
        try:
            self.base_url = f"http://127.0.0.1:{settings['PORT']}" if "PORT" in settings else self._address()
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    @property
    def printed(self) -> str:
        return self._output.read_text() if self._output.exists() else ""

    @property
    def logged(self) -> str:
<<<<<<< HEAD:tests/cli/cli_process.py
        return self._log_path.read_text()
=======
        return self._book.read_text() if self._book.exists() else ""
>>>>>>> speed:tests/cli/program.py

    @property
    def keys(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data_dir / "demo-keys.json").read_text())
        return found

    def client(self, role: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=30, verify=TRUST)

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
                if httpx.get(f"{self.base_url}/readyz", verify=TRUST).is_success:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, self.logged
            time.sleep(0.02)


@contextmanager
<<<<<<< HEAD:tests/cli/cli_process.py
def serving_process(data_dir: Path, **settings: str) -> Generator[ServeProcess]:
    """Serve until the block ends."""
    program = ServeProcess(data_dir, settings)
=======
def _serving(program: Program) -> Generator[Program]:
>>>>>>> speed:tests/cli/program.py
    try:
        yield program
    finally:
        program.close()


def serving(data_dir: Path, **settings: str) -> AbstractContextManager[Program]:
    """Serve until the block ends."""
    return _serving(Program(data_dir, settings))


def serving_cold(data_dir: Path, **settings: str) -> AbstractContextManager[Program]:
    return _serving(Program(data_dir, settings, cold=True))
