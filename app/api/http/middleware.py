"""What surrounds every request: its id, who asks and how often, its language, a time limit, and what is noted of it.

Pure ASGI: a middleware that wraps the request in a task of its own leaks transactions when a client goes away.
"""

import asyncio
from time import monotonic, perf_counter
from uuid import UUID

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from app.api.http.application_state import Service
from app.api.http.denied_access_audit import note_refusal
from app.api.http.head_requests import ASKED_METHOD
from app.api.http.language_negotiation import language_of
from app.api.http.limits.rate_limiter import Allowance
from app.api.http.problems.error_responses import TimeLimitReached, answer_to
from app.api.http.problems.problem_details import Problem
from app.api.http.request_headers import answered
from app.metrics import REQUESTS
from app.persistence.engine.database_errors import UNREACHABLE
from app.wording.languages import Sentence

TIME_LIMIT_SECONDS = 10.0
LIMITED = "/v1/"  # the pages for people and the probes are not counted
NOT_MODIFIED = 304
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

TOO_MANY = Sentence(
    fr="Trop de demandes en une minute ; RateLimit-Policy dit combien sont permises.",
    en="Too many requests within a minute; RateLimit-Policy says how many are allowed.",
)
# A page sets a policy of its own; an answer that is data may load nothing and be framed by nobody.
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.request")


def _header(scope: Scope, name: bytes) -> str | None:
    """Its value; several lines of it are one list (RFC 9110)."""
    found = [value for other, value in scope["headers"] if other == name]
    return str(b", ".join(found), "latin-1") if found else None


def _request_id(given: str | None) -> UUID:
    """The caller's, when it is a UUID: nothing else could be the `instance` of a problem."""
    try:
        return UUID(given) if given is not None else uuid7()
    except ValueError:
        return uuid7()


class Frame:
    """Sets `request_id`, `language` and `caller` in the scope, for all that happens inside."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, send, self._service)
        try:
            async with asyncio.timeout(TIME_LIMIT_SECONDS) as scope["time_limit"]:
                await visit.enter()
                await self._app(scope, receive, visit.send)
        except Exception as error:  # noqa: BLE001  # whatever it is, it has an answer
            await visit.fail(TimeLimitReached() if scope["time_limit"].expired() else error, receive)
        finally:
            visit.leave()


class Visit:
    """One request and its answer."""

    def __init__(self, scope: Scope, send: Send, service: Service) -> None:
        self._scope = scope
        self._send = send
        self._service = service
        self._started = perf_counter()
        self._status: int | None = None
        self._counted: object = None
        self._allowance: Allowance | None = None
        scope["request_id"] = _request_id(_header(scope, b"x-request-id"))
        scope["language"] = language_of(_header(scope, b"accept-language"))
        scope["caller"] = None

    async def enter(self) -> None:
        """Find who asks, and count it. Raise Problem when they ask too often."""
        if not self._scope["path"].startswith(LIMITED):
            return
        service, scope = self._service, self._scope
        scheme, _, key = (_header(scope, b"authorization") or "").partition(" ")
        try:
            if scheme.lower() == "bearer":
                scope["caller"] = await service.client_with(key.strip(), service.clock(), scope)
        finally:
            caller = scope["caller"]
            self._counted = caller.id if caller is not None else service.proxies.origin(scope)
            self._allowance = service.limiter.take(self._counted, monotonic())
        if not self._allowance.granted:
            raise Problem("too-many-requests", TOO_MANY, headers={"Retry-After": str(self._allowance.retry_in)})

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if self._status == NOT_MODIFIED and self._allowance is not None:
                self._allowance = self._service.limiter.give_back(self._counted, monotonic())
            message["headers"] = [*message["headers"], *self._headers(message["headers"])]
        await self._send(message)

    async def fail(self, error: Exception, receive: Receive) -> None:
        """Answer with the problem that `error` is. Raise it when an answer has begun: the connection must close."""
        if self._status is not None:
            raise error
        answer = answer_to(error, self._scope)
        try:
            await note_refusal(answer.status, self._scope)
        except UNREACHABLE as away:
            answer = answer_to(away, self._scope)
        await answered(answer)(self._scope, receive, self.send)

    def leave(self) -> None:
        """Count the request and write its line; without a status, nobody was there to be answered."""
        took = perf_counter() - self._started
        method = self._scope.get(ASKED_METHOD, self._scope["method"])
        route, status = _template(self._scope), self._status or "aborted"
        REQUESTS.labels(method if method in METHODS else "other", route, status).observe(took)
        caller = self._scope["caller"]
        _LOG.info(
            "request",
            request_id=str(self._scope["request_id"]),
            method=method,
            route=route,
            status=status,
            ms=round(took * 1000, 2),
            client=str(caller.id) if caller is not None else None,
        )

    def _headers(self, present: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = [(b"x-request-id", str(self._scope["request_id"]).encode()), *SECURITY]
        if not any(name == POLICY[0] for name, _ in present):
            headers.append(POLICY)
        if self._service.base_url.startswith("https:"):
            headers.append(STRICT_TRANSPORT)
        if self._allowance is not None:
            limit, left = self._service.limiter.per_minute, self._allowance
            headers.append((b"ratelimit-policy", b'"default";q=%d;w=60' % limit))
            headers.append((b"ratelimit", b'"default";r=%d;t=%d' % (left.remaining, left.full_in)))
        return headers


def _template(scope: Scope) -> str:
    """The route as it was declared: a path may hold identifiers."""
    return getattr(scope.get("route"), "path_format", None) or ("(page)" if "endpoint" in scope else "(none)")
