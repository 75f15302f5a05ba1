"""The connections of a process, before anybody is known: bounded in number, the heads of requests in bytes and seconds.

The server has none of these bounds with this parser, and words what it refuses in plain text. What is noted here costs
a request microseconds, and no timer: each connection is looked at once a second.
"""

import asyncio
from enum import Enum, auto
from typing import cast

import structlog
from fastapi import FastAPI
from uuid_utils.compat import uuid7
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.http.language_negotiation import language_of
from app.api.http.middleware import POLICY, SECURITY
from app.api.http.problems.problem_details import Problem, problem_answer
from app.api.http.problems.problem_types import CATALOGUE
from app.api.http.request_headers import answered
from app.metrics import REQUESTS

MOST_CONNECTIONS = 800  # in a process; systems usually allow it 1,024 files
LONGEST_HEAD = 32 * 1024  # bytes of a request line and its headers
HEAD_SECONDS = 10.0  # from the connection, or the answer before, to the end of a head
LEAST_READ = 16 * 1024  # bytes of an answer, in as long
LINGER_SECONDS = 2.0  # to read why one was refused
LOOK_EVERY_SECONDS = 1.0

LATER = {"unavailable": {"Retry-After": "1"}}
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.request")


class Stage(Enum):
    """What of a request is being read."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class _Stopped(Exception):  # noqa: N818  # ends the parsing, nothing else
    """Nothing more of this connection is read."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. It waits for a head, or a request of it is at work, which the frame bounds."""

    since: float  # when it began to wait, or its answer to be read
    is_at_work: bool

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent's
        self.since, self.is_at_work = self.loop.time(), False
        super().connection_made(transport)
        # Bytes: that the parser still makes nothing of, of what it read of a head, of an answer.
        self._received = self._head = self._unread = 0
        self._stage, self._is_deaf = Stage.BETWEEN, False
        self._refused_for = "malformed-request"
        self._is_surplus = len(self.connections) > MOST_CONNECTIONS and not self._found_room()
        self._watch = self.loop.call_later(LOOK_EVERY_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def _found_room(self) -> bool:
        """Whether another one gave way: who has waited for longest to hear a request."""
        others = cast("set[BoundedProtocol]", self.connections)  # every one is of this class
        waiting = [one for one in others if one is not self and not one.is_at_work]
        if waiting:
            longest = min(waiting, key=lambda one: one.since)
            others.discard(longest)
            longest.transport.abort()
        return bool(waiting)

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        self._received += len(data)
        super().data_received(data)
        if self._received > LONGEST_HEAD and not self._is_deaf:
            self._refuse("head-too-large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received = self._head = 0
        self._stage = Stage.HEAD

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Also of those that follow a body."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_surplus and len(self.connections) > MOST_CONNECTIONS:
            self._stop("unavailable")
        super().on_headers_complete()
        self._stage, self.is_at_work = Stage.BODY, True

    def on_body(self, body: bytes) -> None:
        self._received = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stage = Stage.BETWEEN
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.since, self._unread = self.loop.time(), self.transport.get_write_buffer_size()
        self.is_at_work = not self.cycle.response_complete  # others may have been sent meanwhile

    def _count(self, size: int) -> None:
        self._head += size + len(": \r\n")
        if self._head > LONGEST_HEAD:
            self._stop("head-too-large")

    def _stop(self, code: str) -> None:
        """The parent refuses what can't be parsed: this can't be any more."""
        self._refused_for = code
        raise _Stopped

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # its words are for nobody
        self._refuse(self._refused_for)

    def _refuse(self, code: str) -> None:
        """Whoever still writes must be able to read why: only this side of the connection is closed at once."""
        self._is_deaf = True
        if self.is_at_work and (self._stage is not Stage.BODY or self.pipeline):
            self.cycle.keep_alive = False  # what follows a request does not take its answer away
            return
        self.since = self.loop.time()
        if self.is_at_work:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self._stage is not Stage.BODY or (self.is_at_work and not self.cycle.response_started):
            self.transport.write(self._worded(code))
        self.is_at_work = False
        self.transport.write_eof()

    def _worded(self, code: str) -> bytes:
        service = cast("FastAPI", self.app).state.service  # pyright: ignore[reportUnknownMemberType]  # it is ours
        request_id, status = uuid7(), CATALOGUE[code].status
        accepted = dict(self.headers or ()).get(b"accept-language", b"").decode("latin-1")
        problem = Problem(code, CATALOGUE[code].advice, headers=LATER.get(code, {}))
        answer = answered(problem_answer(problem, service.base_url, language_of(accepted or None), request_id))
        headers = [
            *self.server_state.default_headers, *answer.raw_headers, *SECURITY, POLICY,
            (b"x-request-id", str(request_id).encode()), (b"connection", b"close"),
        ]  # fmt: skip
        REQUESTS.labels("other", "(none)", status).observe(0)
        _LOG.info("request refused", request_id=str(request_id), status=status, code=code)
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([STATUS_LINE[status], *lines, b"\r\n", bytes(answer.body)])

    def _look(self) -> None:
        """Once a second."""
        self._watch = self.loop.call_later(LOOK_EVERY_SECONDS, self._look)
        waited = self.loop.time() - self.since
        if self.transport.get_write_buffer_size():
            if waited >= HEAD_SECONDS and (self.transport.is_closing() or not self.is_at_work):
                self._look_at_reader()
        elif self._is_deaf and not self.is_at_work:
            if waited >= LINGER_SECONDS:
                self.transport.abort()
        elif waited >= HEAD_SECONDS and not self.is_at_work:
            if self._stage is Stage.HEAD:
                self._refuse("request-timeout")
            else:
                self.transport.close()

    def _look_at_reader(self) -> None:
        """An answer that nobody reads would keep its connection for ever."""
        left = self.transport.get_write_buffer_size()
        if left > self._unread - LEAST_READ:
            self.transport.abort()
        self.since, self._unread = self.loop.time(), left
