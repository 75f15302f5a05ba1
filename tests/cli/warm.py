"""`python -m app` as a fork of a process that has imported everything: its start costs nothing, the rest is as ever.

Each is a process of its own, with an environment, an output and signals of its own. What it does not show is that an
interpreter starts and finds its modules: for that, some tests start one.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PRELOADED = "tests.cli.preloaded"

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([PRELOADED])


class WarmProcess:
    """What tests use of `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; the negative number of the signal that ended it. Raise TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(["python", "-m", "app"], timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(arguments: Sequence[str], environment: Mapping[str, str], *, stdout: Path, stderr: Path) -> WarmProcess:
    """Start the program; what it says is appended to these files."""
    process = _forking.Process(target=_run, args=([*arguments], dict(environment), stdout, stderr))
    process.start()
    return WarmProcess(process)


def _run(arguments: list[str], environment: dict[str, str], stdout: Path, stderr: Path) -> None:
    assert PRELOADED in sys.modules, "nothing was imported beforehand: run the tests from the checkout"
    for number, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(CHECKOUT)
    sys.argv = ["app", *arguments]
    try:
        runpy.run_module("app", run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # a forked process ends without
