"""Processes to be killed, quickly born: a nursery that has everything imported forks one for each line it reads.

It says the process id, and again with the status that the process ended with.
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

from app.embedded.parenthood import stop_with_parent
from tests.cli.program import BARE
from tests.forks import CHECKOUT
from tests.logbook import LOGS

PATIENCE_S = 30.0
BOOK = LOGS / "nursery.log"
Act = Callable[[Mapping[str, Any]], None]


class Nursery:
    def __init__(self, process: asyncio.subprocess.Process, listener: socket.socket) -> None:
        self._process = process
        self._born = asyncio.Queue[int]()
        self._ended = dict[int, asyncio.Future[int]]()
        self.listener = listener

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def listen(self) -> None:
        """Until the nursery is closed."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            pid, *status = map(int, line.split())
            if status:
                self._ended[pid].set_result(status[0])
            else:
                self._ended[pid] = asyncio.get_running_loop().create_future()
                self._born.put_nowait(pid)

    async def start(self, act: str, **told: object) -> int:
        """The id of a new process that acts so."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps({"act": act, **told}) + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            return await self._born.get()

    async def ended(self, pid: int) -> int:
        """The status it ended with; the negative number of the signal that killed it."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._ended[pid]

    async def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        assert await self.ended(pid) == -signal.SIGKILL


@asynccontextmanager
async def nursery(module: str) -> AsyncGenerator[Nursery]:
    """Of what `main` of this module can act. Its processes take turns behind one socket, that none of them closes."""
    pipe, listener = asyncio.subprocess.PIPE, socket.create_server(("127.0.0.1", 0), backlog=2048)
    command = (sys.executable, "-m", module, str(listener.fileno()))
    with BOOK.open("a") as book:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=CHECKOUT, env=BARE, stdin=pipe, stdout=pipe, stderr=book, pass_fds=[listener.fileno()]
        )
    started = Nursery(process, listener)
    listening = asyncio.create_task(started.listen())
    try:
        yield started
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening
        listener.close()


def main(acts: Mapping[str, Act], before: Mapping[str, Act]) -> None:
    """Do each act that is asked for in a process of its own, `before` it what such processes have in common."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        told = orjson.loads(line)
        act = told.pop("act")
        if act in before:
            before[act](told)
        gc.freeze()  # nothing of it is to be walked through again
        if os.fork() == 0:
            _keep(acts[act], told)


def _keep(act: Act, told: Mapping[str, Any]) -> None:
    """Be the one who waits for its end; with the nursery, all end."""
    stop_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        stop_with_parent(signal.SIGKILL)
        os._exit(_acted(act, told))
    _say(child)
    _say(child, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def _acted(act: Act, told: Mapping[str, Any]) -> int:
    try:
        act(told)
    except BaseException:  # noqa: BLE001  # nothing may go on as if it were the nursery
        traceback.print_exc()
        return 1
    return 0


def _say(*numbers: int) -> None:
    os.write(1, b"%s\n" % b" ".join(b"%d" % number for number in numbers))
