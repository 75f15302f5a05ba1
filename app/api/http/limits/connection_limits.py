"""Limits on the connections of a process, before a client is known: their number, and the size and time of request
heads.

The server has none of these limits with this parser, and refuses in plain text. What is counted here costs a request
microseconds, and no timer: each connection is checked once a second.
"""

import asyncio
from enum import Enum, auto
from typing import cast

import structlog
from fastapi import FastAPI
from uuid_utils.compat import uuid7
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.http.bodies.json_responses import to_response
from app.api.http.language_negotiation import negotiate_language
from app.api.http.middleware.request_middleware import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from app.api.http.problems.catalogue.problem_types import PROBLEM_TYPES
from app.api.http.problems.problem_details import Problem, problem_response
from app.metrics import REQUEST_DURATION

MAX_CONNECTIONS = 800  # in a process; systems usually allow it 1,024 files
MAX_HEAD_BYTES = 32 * 1024  # of a request line and its headers
HEAD_TIMEOUT_SECONDS = 10.0  # from the connection, or the former response, to the end of a head
MIN_READ_BYTES = 16 * 1024  # of a response, within HEAD_TIMEOUT_SECONDS
LINGER_SECONDS = 2.0  # for the client to read why it was refused
CHECK_INTERVAL_SECONDS = 1.0

REFUSAL_HEADERS = {"unavailable": {"Retry-After": "1"}}
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.request")


class ParseStage(Enum):
    """The part of a request that is being read."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class _ParsingStopped(Exception):  # noqa: N818  # no error: it ends the parsing
    """Raised inside the parser, to read nothing more of this connection."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection. It waits for a request head, or a request is handled, which RequestMiddleware limits."""

    waiting_since: float  # when it began to wait, or its response to be sent
    is_handling_request: bool

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent's
        self.waiting_since, self.is_handling_request = self.loop.time(), False
        super().connection_made(transport)
        # In bytes: what the parser has not yet used, the head so far, what is left of a response.
        self._unparsed_bytes = self._head_bytes = self._unsent_bytes = 0
        self._stage, self._is_input_ignored = ParseStage.BETWEEN, False
        self._refusal_code = "malformed-request"
        self._is_over_limit = len(self.connections) > MAX_CONNECTIONS and not self._evict_longest_idle()
        self._check_timer = self.loop.call_later(CHECK_INTERVAL_SECONDS, self._check_timeouts)

    def connection_lost(self, exc: Exception | None) -> None:
        self._check_timer.cancel()
        super().connection_lost(exc)

    def _evict_longest_idle(self) -> bool:
        """Close the connection that has waited for a request for longest. False when none waits."""
        others = cast("set[LimitedHttpProtocol]", self.connections)  # every one is of this class
        idle = [other for other in others if other is not self and not other.is_handling_request]
        if idle:
            longest = min(idle, key=lambda other: other.waiting_since)
            others.discard(longest)
            longest.transport.abort()
        return bool(idle)

    def data_received(self, data: bytes) -> None:
        if self._is_input_ignored:
            return
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._unparsed_bytes > MAX_HEAD_BYTES and not self._is_input_ignored:
            self._refuse("head-too-large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unparsed_bytes = self._head_bytes = 0
        self._stage = ParseStage.HEAD

    def on_url(self, url: bytes) -> None:
        self._count_head_bytes(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers included."""
        self._count_head_bytes(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_over_limit and len(self.connections) > MAX_CONNECTIONS:
            self._stop_parsing("unavailable")
        super().on_headers_complete()
        self._stage, self.is_handling_request = ParseStage.BODY, True

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stage = ParseStage.BETWEEN
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.waiting_since, self._unsent_bytes = self.loop.time(), self.transport.get_write_buffer_size()
        self.is_handling_request = not self.cycle.response_complete  # a pipelined request may have begun

    def _count_head_bytes(self, size: int) -> None:
        self._head_bytes += size + len(": \r\n")
        if self._head_bytes > MAX_HEAD_BYTES:
            self._stop_parsing("head-too-large")

    def _stop_parsing(self, code: str) -> None:
        """Make the parser fail, so that the parent calls `send_400_response`."""
        self._refusal_code = code
        raise _ParsingStopped

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the parser's message is not shown
        self._refuse(self._refusal_code)

    def _refuse(self, code: str) -> None:
        """Only our side of the connection is closed at once: a client that still writes must be able to read why."""
        self._is_input_ignored = True
        if self.is_handling_request and (self._stage is not ParseStage.BODY or self.pipeline):
            self.cycle.keep_alive = False  # the request before it still gets its response
            return
        self.waiting_since = self.loop.time()
        if self.is_handling_request:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self._stage is not ParseStage.BODY or (self.is_handling_request and not self.cycle.response_started):
            self.transport.write(self._refusal_response(code))
        self.is_handling_request = False
        self.transport.write_eof()

    def _refusal_response(self, code: str) -> bytes:
        service = cast("FastAPI", self.app).state.service  # pyright: ignore[reportUnknownMemberType]  # it is ours
        request_id, status = uuid7(), PROBLEM_TYPES[code].status
        accepted = dict(self.headers or ()).get(b"accept-language", b"").decode("latin-1")
        problem = Problem(code, PROBLEM_TYPES[code].advice, headers=REFUSAL_HEADERS.get(code, {}))
        response = to_response(
            problem_response(problem, service.base_url, negotiate_language(accepted or None), request_id)
        )
        headers = [
            *self.server_state.default_headers, *response.raw_headers, *SECURITY_HEADERS, CONTENT_SECURITY_POLICY,
            (b"x-request-id", str(request_id).encode()), (b"connection", b"close"),
        ]  # fmt: skip
        REQUEST_DURATION.labels("other", "(none)", status).observe(0)
        _LOG.info("request refused", request_id=str(request_id), status=status, code=code)
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([STATUS_LINE[status], *lines, b"\r\n", bytes(response.body)])

    def _check_timeouts(self) -> None:
        """Close or refuse a connection that took too long; called every CHECK_INTERVAL_SECONDS."""
        self._check_timer = self.loop.call_later(CHECK_INTERVAL_SECONDS, self._check_timeouts)
        waited = self.loop.time() - self.waiting_since
        if self.transport.get_write_buffer_size():
            if waited >= HEAD_TIMEOUT_SECONDS and (self.transport.is_closing() or not self.is_handling_request):
                self._check_slow_reader()
        elif self._is_input_ignored and not self.is_handling_request:
            if waited >= LINGER_SECONDS:
                self.transport.abort()
        elif waited >= HEAD_TIMEOUT_SECONDS and not self.is_handling_request:
            if self._stage is ParseStage.HEAD:
                self._refuse("request-timeout")
            else:
                self.transport.close()

    def _check_slow_reader(self) -> None:
        """Close the connection when too little of its response was read: it would stay open for ever."""
        left = self.transport.get_write_buffer_size()
        if left > self._unsent_bytes - MIN_READ_BYTES:
            self.transport.abort()
        self.waiting_since, self._unsent_bytes = self.loop.time(), left
