"""A load generator for machines without wrk: keep-alive connections over plain sockets, in a process of its own."""

import asyncio
import json
import sys
import time
from itertools import count
from statistics import quantiles
from urllib.parse import urlsplit

import uvloop

from benchmarks.dataset import WITH_HISTORY, adviser_id, registration_id
from benchmarks.http_load import BODY


def _request(name: str, host: str, authorization: str, number: int) -> bytes:
    common = f"Host: {host}\r\nAuthorization: {authorization}\r\n"
    if name == "register":
        body = BODY.replace("ADVISER", adviser_id(number))
        extra = f"Content-Type: application/json\r\nIdempotency-Key: bench-{adviser_id(number)}\r\n"
        return f"POST /v1/registrations HTTP/1.1\r\n{common}{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    path = f"/{registration_id(number % WITH_HISTORY)}" if name == "read" else "?limit=100"
    return f"GET /v1/registrations{path} HTTP/1.1\r\n{common}\r\n".encode()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bool:
    """Send a request and read the answer; whether it is a success."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head.split(b" ", 2)[1].startswith(b"2")


async def main(base_url: str, name: str, authorization: str, first: int, seconds: int, clients: int) -> None:
    address, numbers, failed = urlsplit(base_url), count(first + 1), 0
    took: list[float] = []
    started = time.perf_counter()

    async def client() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while (sent_at := time.perf_counter()) - started < seconds:
            succeeded = await _exchange(reader, writer, _request(name, address.netloc, authorization, next(numbers)))
            took.append((time.perf_counter() - sent_at) * 1000)
            failed += not succeeded
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    percentiles = quantiles(took, n=100)
    rate = len(took) / (time.perf_counter() - started)
    figures = {"requests": len(took), "failed": failed, "per_second": rate}
    print(json.dumps(figures | {"p50_ms": percentiles[49], "p99_ms": percentiles[98]}))


if __name__ == "__main__":
    base_url, name, authorization = sys.argv[1:4]
    first, seconds, clients = map(int, sys.argv[4:7])
    uvloop.run(main(base_url, name, authorization, first, seconds, clients))
