"""A mail server that accepts every message and keeps none, in a process of its own: it prints its port, and for each
line that it reads, how many messages it has accepted."""

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import uvloop

END_OF_MESSAGE = b"\r\n.\r\n"


class SmtpSink:
    """The process, as its parent controls it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = f"smtp://127.0.0.1:{int(self._read_line())}?starttls=false"

    def count(self) -> int:
        """How many messages were accepted so far."""
        print(file=self._process.stdin, flush=True)
        return int(self._read_line())

    def _read_line(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


@contextmanager
def running_smtp_sink() -> Generator[SmtpSink]:
    """A sink that runs until the block ends."""
    command, pipe = [sys.executable, "-m", __name__], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield SmtpSink(process)
        finally:
            process.kill()


class _Accepted:
    messages = 0


class _SinkProtocol(asyncio.Protocol):
    def __init__(self, accepted: _Accepted) -> None:
        self._accepted, self._buffer, self._in_message = accepted, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = END_OF_MESSAGE if self._in_message else b"\r\n"
            part, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._transport.write(self._reply(part))

    def _reply(self, part: bytes) -> bytes:
        """To a whole message, or to one command."""
        if self._in_message:
            self._in_message = False
            self._accepted.messages += 1
            return b"250 accepted\r\n"
        command = part[:4].upper()
        if command == b"DATA":
            self._in_message = True
            return b"354 go on\r\n"
        return {b"EHLO": b"250-sink\r\n250 SMTPUTF8\r\n", b"QUIT": b"221 bye\r\n"}.get(command, b"250 ok\r\n")


async def main() -> None:
    loop, accepted = asyncio.get_running_loop(), _Accepted()
    server = await loop.create_server(lambda: _SinkProtocol(accepted), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(accepted.messages, flush=True)


if __name__ == "__main__":
    uvloop.run(main())
