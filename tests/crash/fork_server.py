"""A fork server: a process with everything imported, which forks one to be killed for each line that it reads.

It writes the process id, and again with the status that the process ended with.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from app.embedded.parent_death_signal import stop_with_parent
from tests.cli.cli_process import CLEAN_ENVIRONMENT
from tests.forks import CHECKOUT
from tests.log_capture import LOG_FOLDER

TIMEOUT_S = 30.0
LOG_FILE = LOG_FOLDER / "nursery.log"
EntryPoint = Callable[[Mapping[str, Any]], None]


class ForkServer:
    def __init__(self, process: asyncio.subprocess.Process, listener: socket.socket) -> None:
        self._process = process
        self._started_pids = asyncio.Queue[int]()
        self._ended = dict[int, asyncio.Future[int]]()
        self.listener = listener

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def read_reports(self) -> None:
        """Until the fork server is closed."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            pid, *status = map(int, line.split())
            if status:
                self._ended[pid].set_result(status[0])
            else:
                self._ended[pid] = asyncio.get_running_loop().create_future()
                self._started_pids.put_nowait(pid)

    async def start(self, act: str, **told: object) -> int:
        """Start a process for this act; return its id."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps({"act": act, **told}) + b"\n")
        async with asyncio.timeout(TIMEOUT_S):
            return await self._started_pids.get()

    async def wait_for_exit(self, pid: int) -> int:
        """Its exit status; the negative number of the signal that killed it."""
        async with asyncio.timeout(TIMEOUT_S):
            return await self._ended[pid]

    async def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert await self.wait_for_exit(pid) == -signal.SIGKILL


@asynccontextmanager
async def running_fork_server(module: str) -> AsyncGenerator[ForkServer]:
    """A server for the acts of `main` in this module. Its processes share one listening socket, one after the other."""
    pipe, listener = asyncio.subprocess.PIPE, socket.create_server(("127.0.0.1", 0), backlog=2048)
    command = (sys.executable, "-m", module, str(listener.fileno()))
    with LOG_FILE.open("a") as log_file:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=CHECKOUT,
            env=CLEAN_ENVIRONMENT,
            stdin=pipe,
            stdout=pipe,
            stderr=log_file,
            pass_fds=[listener.fileno()],
        )
    started = ForkServer(process, listener)
    listening = asyncio.create_task(started.read_reports())
    try:
        yield started
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening
        listener.close()


def serve_forks(acts: Mapping[str, EntryPoint], before: Mapping[str, EntryPoint]) -> None:
    """Run each act requested in a process of its own; `before` prepares what they have in common."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        told = orjson.loads(line)
        act = told.pop("act")
        if act in before:
            before[act](told)
        gc.freeze()  # nothing of it is to be walked through again
        if os.fork() == 0:
            _supervise_child(acts[act], told)


def _supervise_child(act: EntryPoint, told: Mapping[str, Any]) -> None:
    """Wait for its end; it ends with the fork server."""
    stop_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        stop_with_parent(signal.SIGKILL)
        os._exit(_exit_status_of(act, told))
    _report(child)
    _report(child, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def _exit_status_of(act: EntryPoint, told: Mapping[str, Any]) -> int:
    try:
        act(told)
    except BaseException:  # noqa: BLE001  # nothing may go on as if it were the nursery
        traceback.print_exc()
        return 1
    return 0


def _report(*numbers: int) -> None:
    os.write(1, b"%s\n" % b" ".join(b"%d" % number for number in numbers))
