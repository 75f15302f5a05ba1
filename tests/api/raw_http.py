"""Requests byte by byte, for what no HTTP client would send."""

import json
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.live_server import LiveServer


@dataclass(frozen=True, slots=True)
class RawResponse:
    status: int
    head: str
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """Its body, which must be one."""
        assert "content-type: application/problem+json" in self.head.lower(), self.head
        said: dict[str, Any] = json.loads(self.body)
        assert said["status"] == self.status
        return said


@contextmanager
def raw_connection(served: LiveServer) -> Generator[socket.socket]:
    parts = urlsplit(served.base_url)
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=30) as line:
        yield line


def request_head(path: str, *lines: str, method: str = "GET") -> bytes:
    """Of a request, with the empty line that ends it."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def post_request(path: str, body: bytes, *lines: str, length: int | None = None) -> bytes:
    """A whole request, unless it says another length."""
    return (
        request_head(path, *lines, f"Content-Length: {len(body) if length is None else length}", method="POST") + body
    )


def read_response(line: socket.socket) -> RawResponse | None:
    """The next answer; None when the other side hung up without one."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := line.recv(65_536)):
            return None
        received += more
    start, _, body = received.partition(b"\r\n\r\n")
    text = start.decode("latin-1")
    length = next(int(one.partition(":")[2]) for one in text.lower().split("\r\n") if one.startswith("content-length:"))
    while len(body) < length:
        body += line.recv(65_536)
    return RawResponse(int(text.split(" ")[1]), text, body)


def closed_by_peer(line: socket.socket) -> bool:
    """Whether the other side ended the connection, having said nothing more. Waits for it."""
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True
