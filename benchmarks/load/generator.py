"""A load generator for machines without wrk, in a process of its own: it shares the processors with what is measured,
so it writes prepared bytes, reads the head of an answer, and counts the rest."""

import asyncio
import json
import sys
from statistics import quantiles
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.load.request_templates import PLACE
from benchmarks.load.response_head import parse_head

FIRST_ERROR_STATUS = 400
LAST_ANSWERS_SECONDS = 20  # after the last request was sent


class _Run:
    """The numbers still to be played, and what came of those that were: `took` in milliseconds."""

    def __init__(self, template: str, first: int, span: int, seconds: float) -> None:
        self._template, self._places = template.encode(), template.count(PLACE)
        self._first, self._span = first, span
        self.used = self.failed = 0
        self.took: list[float] = []
        self.began_at = perf_counter()
        self.ends_at = self.began_at + seconds

    def next_request(self) -> bytes:
        number = self._first + self.used % self._span
        self.used += 1
        return self._template % ((number,) * self._places)

    def add(self, status: int, sent_at: float, now: float) -> None:
        self.took.append((now - sent_at) * 1000)
        self.failed += status >= FIRST_ERROR_STATUS


class _ClientProtocol(asyncio.Protocol):
    """One client: it sends a request as soon as the former one is answered. `done` ends with its connection."""

    def __init__(self, run: _Run) -> None:
        self._run, self.done = run, asyncio.get_running_loop().create_future()
        self._start_answer()

    def _start_answer(self) -> None:
        self._head, self._received, self._status, self._expected = b"", 0, 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def _send(self) -> None:
        self._sent_at = perf_counter()
        self._transport.write(self._run.next_request())

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if not self._expected:
            self._head += data
            if (parsed := parse_head(self._head)) is None:
                return
            self._status, _, self._expected = parsed
        if self._received >= self._expected:
            self._finish_answer()

    def _finish_answer(self) -> None:
        now = perf_counter()
        self._run.add(self._status, self._sent_at, now)
        self._start_answer()
        if now < self._run.ends_at:
            self._send()
        else:
            self.done.set_result(None)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


async def play(base_url: str, template: str, numbers: range, seconds: float, clients: int) -> dict[str, float]:
    """The fields of a `Result`. Raise OSError when a connection fails, TimeoutError when answers do not come."""
    address, loop = urlsplit(base_url), asyncio.get_running_loop()
    run = _Run(template, numbers.start, len(numbers), seconds)
    async with asyncio.timeout(seconds + LAST_ANSWERS_SECONDS):
        made = [
            await loop.create_connection(lambda: _ClientProtocol(run), address.hostname or "", address.port or 80)
            for _ in range(clients)
        ]
        await asyncio.gather(*(protocol.done for _, protocol in made))
    percentiles = quantiles(run.took, n=100)
    figures = {"requests": len(run.took), "failed": run.failed, "numbers": run.used}
    rate = len(run.took) / (perf_counter() - run.began_at)
    return figures | {"per_second": rate, "p50_ms": percentiles[49], "p99_ms": percentiles[98]}


if __name__ == "__main__":
    url, text = sys.argv[1:3]
    start, stop, connections = map(int, sys.argv[3:6])
    print(json.dumps(uvloop.run(play(url, text, range(start, stop), float(sys.argv[6]), connections))))
