"""A small real HTTP server that replies as a test says, and records what it received."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import orjson
from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def payload(self) -> Any:
        return orjson.loads(self.body)

    def verified(self, secret: str) -> Any:
        """The payload, verified by the reference implementation; it raises when the signature is wrong."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @property
    def text(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Whatever", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Responder = Callable[[ReceivedRequest], Awaitable[Reply | None]]


async def accept(_: ReceivedRequest) -> Reply:
    return Reply()


class Receiver:
    """`answer` may be replaced at any time; when it returns None, the connection is closed without a reply."""

    def __init__(self, answer: Responder = accept) -> None:
        self.answer = answer
        self.received: list[ReceivedRequest] = []
        self.url = ""
        self.concurrent = self.most_concurrent = 0
        self._arrived = asyncio.Condition()

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    async def wait_for(self, count: int, *, seconds: float = 10) -> list[ReceivedRequest]:
        """All requests, once there are so many."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await self._read(reader)) is not None:
                reply = await self._reply(request)
                if reply is None:
                    break
                writer.write(reply.text)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _reply(self, request: ReceivedRequest) -> Reply | None:
        self.concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self.concurrent)
        try:
            async with self._arrived:
                self.received.append(request)
                self._arrived.notify_all()
            return await self.answer(request)
        finally:
            self.concurrent -= 1

    async def _read(self, reader: asyncio.StreamReader) -> ReceivedRequest | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return ReceivedRequest(first.split(" ")[1], headers, body, asyncio.get_running_loop().time())


@asynccontextmanager
async def running_receiver(
    answer: Responder = accept, *, host: str = "127.0.0.1", tls: SSLContext | None = None
) -> AsyncGenerator[Receiver]:
    receiver, served = Receiver(answer), set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.create_task(receiver.serve(reader, writer)))

    server = await asyncio.start_server(connected, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"{'https' if tls else 'http'}://{host}:{port}/hooks"
    try:
        yield receiver
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)
