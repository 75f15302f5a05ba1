"""`python -m …` as a fork of a process that has imported everything: its start costs nothing, the rest is as ever.

Each is a process of its own, with an environment, outputs, signals and an exit status of its own. What it does not show
is that an interpreter starts and finds its modules: for that, some tests start one.
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
NOWHERE = Path(os.devnull)
PRELOADED = "tests.preloaded"

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([PRELOADED])


class Fork:
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
    stdout: Path = NOWHERE,
    stderr: Path | None = None,
) -> Fork:
    """Start `python -m module`; what it says is appended to these files. Without an environment, it has ours."""
    told = dict(os.environ if environment is None else environment)
    process = _forking.Process(target=_run, args=(module, arguments, told, stdout, stderr), name=module)
    process.start()
    return Fork(process)


def _run(
    module: str, arguments: tuple[str, ...], environment: dict[str, str], stdout: Path, stderr: Path | None
) -> None:
    assert PRELOADED in sys.modules, "nothing was imported beforehand: run the tests from the checkout"
    _write_to(1, stdout)
    if stderr is not None:
        _write_to(2, stderr)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(CHECKOUT)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # a fork ends without them


def _write_to(descriptor: int, path: Path) -> None:
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
