"""The programs of the guide, started as the guide says."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO

from tests.nodejs import NODE, PACKAGES

PROJECT = Path(__file__).parents[4]
SAMPLES = PROJECT / "app" / "api" / "pages" / "samples"
RECEIVERS = PROJECT / "openapi" / "receivers"
TIMEOUT_S = 30.0
BASH_NEEDS = ("bash", "curl", "jq", "openssl")
STRICT = ("--strict", "--target", "es2023", "--module", "nodenext", "--types", "node")


def sample_output(name: str) -> str:
    """What the guide says that a program prints."""
    return (SAMPLES / name).read_text()


@dataclass(frozen=True, slots=True)
class GuideProgram:
    """`command` in `folder`, with these settings and nothing of the developer's own."""

    command: tuple[str, ...]
    folder: Path

    def run(self, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self.command,
            cwd=self.folder,
            env=_clean_environment(settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @contextmanager
    def listening(self, port: int, **settings: str) -> Generator["ListeningProgram"]:
        """Run it, listening on this port, until the block ends."""
        process = subprocess.Popen(
            self.command, cwd=self.folder, env=_clean_environment(settings), stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        started = ListeningProgram(f"http://127.0.0.1:{port}/webhooks", process)
        printing = Thread(target=started.collect_output, args=(process.stdout,))
        printing.start()
        try:
            _wait_until_listening(port, process)
            yield started
        finally:
            process.kill()
            process.wait(timeout=10)
            printing.join()
            process.stdout.close()


@dataclass(frozen=True, slots=True)
class ListeningProgram:
    """A program that listens at `url`."""

    url: str
    process: subprocess.Popen[str]
    _printed: Queue[str] = field(default_factory=Queue[str])

    def collect_output(self, output: IO[str]) -> None:
        for line in output:
            self._printed.put(line.rstrip("\n"))

    def next_line(self) -> str:
        """The next line that it prints, once it has come."""
        return self._printed.get(timeout=TIMEOUT_S)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
    return number


def _wait_until_listening(port: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, "it stopped"
            assert time.monotonic() < deadline, "it does not listen"
        else:
            return


def _clean_environment(settings: dict[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | settings


def python(name: str, folder: Path) -> GuideProgram:
    return GuideProgram((sys.executable, str(SAMPLES / name)), folder)


def bash(name: str, folder: Path) -> GuideProgram:
    return GuideProgram(("bash", str(SAMPLES / name)), folder)


def node(name: str, compiled: Path, folder: Path) -> GuideProgram:
    return GuideProgram((str(NODE), str(compiled / name.replace(".ts", ".js"))), folder)


def receiver(language: str, compiled: Path | None, folder: Path) -> GuideProgram:
    """As its first lines say that it is started; `compiled` has the TypeScript one beside its packages."""
    if compiled is not None:
        return GuideProgram((str(NODE), str(compiled / f"receiver.{language}")), folder)
    return GuideProgram((sys.executable, str(RECEIVERS / f"receiver.{language}")), folder)


def compile_typescript(folder: Path) -> None:
    """Check every TypeScript program, and write it in JavaScript beside the packages that it imports."""
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(PACKAGES)
    sources = [*SAMPLES.glob("*.ts"), *RECEIVERS.glob("*.ts")]
    for source in sources:
        (folder / source.name).write_text(source.read_text())
    command = [str(NODE), str(PACKAGES / "typescript" / "bin" / "tsc"), *STRICT, *(path.name for path in sources)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
