"""`python -m …` as a fork of a process that has imported everything, which takes the time of its imports away.

Each is a process of its own, with its environment, outputs, signals and exit status. That an interpreter starts and
finds its modules is not shown by them: some tests start one for that.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
DEV_NULL = Path(os.devnull)
PRELOADED = "tests.preloaded"

_fork_server = multiprocessing.get_context("forkserver")
_fork_server.set_forkserver_preload([PRELOADED])


class ForkedProcess:
    """What tests use of `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = process.pid or 0

    def poll(self) -> int | None:
        """The exit status, None while the process runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; the negative number of the signal that ended it. `timeout` is in seconds.

        Raise subprocess.TimeoutExpired.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    module: str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    stdout: Path = DEV_NULL,
    stderr: Path | None = None,
) -> ForkedProcess:
    """Start `python -m module`; what it writes is appended to these files. Without an environment, it has ours, and
    without a `stderr`, ours too."""
    variables = dict(os.environ if environment is None else environment)
    process = _fork_server.Process(target=_run, args=(module, arguments, variables, stdout, stderr), name=module)
    process.start()
    return ForkedProcess(process)


def _run(
    module: str, arguments: tuple[str, ...], environment: dict[str, str], stdout: Path, stderr: Path | None
) -> None:
    assert PRELOADED in sys.modules, "nothing was imported beforehand: run the tests from the checkout"
    _give_standard_input()
    _redirect(1, stdout)
    if stderr is not None:
        _redirect(2, stderr)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(CHECKOUT)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # a fork ends without them


def _give_standard_input() -> None:
    """The empty one that multiprocessing opens has another descriptor, which uvicorn's processes do not inherit."""
    os.dup2(sys.stdin.fileno(), 0)
    sys.stdin = os.fdopen(0, closefd=False)


def _redirect(descriptor: int, path: Path) -> None:
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
