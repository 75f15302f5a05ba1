"""A cheap receiver of webhooks, in a process of its own: it answers 204 to everything, after a pause if one is asked for,
and records what came when.

It prints its port; for each number that it reads, it prints everything received once there are so many requests.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import NamedTuple, cast

import uvloop

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
ID = re.compile(rb"webhook-id: (\S+)", re.IGNORECASE)
HEADERS_END = b"\r\n\r\n"


class Received(NamedTuple):
    """One request; `at` is in seconds, of the clock that all processes of a machine share (`time.monotonic`)."""

    path: str
    id: str
    body: str
    at: float


class Receiver:
    """The process, as its parent controls it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{int(self._read_line())}"

    def wait_for(self, count: int) -> list[Received]:
        """Everything received, once there are `count` requests. Blocks; raise ValueError when the process ends first."""
        print(count, file=self._process.stdin, flush=True)
        return [Received(*each) for each in json.loads(self._read_line())]

    def _read_line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


@contextmanager
def running_receiver(answer_seconds: float = 0.0) -> Generator[Receiver]:
    """A receiver that runs until the block ends; it takes so long to answer."""
    command, pipe = [sys.executable, "-m", __name__, str(answer_seconds)], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Receiver(process)
        finally:
            process.kill()


class _Arrivals:
    def __init__(self) -> None:
        self.received: list[Received] = []
        self._wanted = 0
        self._enough = asyncio.Event()

    def add(self, received: Received) -> None:
        self.received.append(received)
        if len(self.received) >= self._wanted:
            self._enough.set()

    async def wait_for(self, count: int) -> None:
        self._wanted = count
        if len(self.received) < count:
            self._enough.clear()
            await self._enough.wait()


class _ReceiverProtocol(asyncio.Protocol):
    """One connection, kept open as long as the sender keeps it."""

    def __init__(self, arrivals: _Arrivals, answer_seconds: float) -> None:
        self._arrivals = arrivals
        self._answer_seconds = answer_seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := _parse_request(self._buffer)) is not None:
            received, self._buffer = request
            self._arrivals.add(received)
            if self._answer_seconds:
                asyncio.get_running_loop().call_later(self._answer_seconds, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def _parse_request(data: bytes) -> tuple[Received, bytes] | None:
    """The first request and the bytes after it; None until it is complete."""
    head, ended, rest = data.partition(HEADERS_END)
    length = LENGTH.search(head)
    if not ended or length is None or len(rest) < (size := int(length[1])):
        return None
    event, path = ID.search(head), head.split(b" ", 2)[1]
    event_id = event[1].decode() if event else ""
    return Received(path.decode(), event_id, rest[:size].decode(), time.monotonic()), rest[size:]


async def main(answer_seconds: float) -> None:
    loop, arrivals = asyncio.get_running_loop(), _Arrivals()
    server = await loop.create_server(lambda: _ReceiverProtocol(arrivals, answer_seconds), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while count := await loop.run_in_executor(None, sys.stdin.readline):
        await arrivals.wait_for(int(count))
        print(json.dumps(arrivals.received), flush=True)


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1])))
