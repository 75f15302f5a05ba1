"""What surrounds every request: its id, client, rate limit, language and time limit, its metrics and its log line.

Pure ASGI: a middleware that wraps the request in a task of its own leaks transactions when a client goes away.
"""

import asyncio
from time import monotonic, perf_counter
from uuid import UUID

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from app.api.http.application_state import ApplicationState
from app.api.http.bodies.json_responses import to_response
from app.api.http.language_negotiation import negotiate_language
from app.api.http.limits.rate_limiter import RateLimitResult
from app.api.http.middleware.denied_access_audit import audit_denied_access
from app.api.http.middleware.head_requests import ORIGINAL_METHOD
from app.api.http.problems.error_responses import RequestTimedOut, error_response
from app.api.http.problems.problem_details import Problem
from app.metrics import REQUEST_DURATION
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.wording.languages import Sentence

TIME_LIMIT_SECONDS = 10.0
RATE_LIMITED_PREFIX = "/v1/"  # pages for people and health probes are not counted
NOT_MODIFIED = 304
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

TOO_MANY_REQUESTS = Sentence(
    fr="Trop de demandes en une minute ; RateLimit-Policy dit combien sont permises.",
    en="Too many requests within a minute; RateLimit-Policy says how many are allowed.",
)
# A page sets its own policy; a response that is data may load nothing, and no page may frame it.
CONTENT_SECURITY_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
STRICT_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.request")


def _header_value(scope: Scope, name: bytes) -> str | None:
    """None when it is absent; several lines of one header are one list (RFC 9110)."""
    found = [value for other, value in scope["headers"] if other == name]
    return str(b", ".join(found), "latin-1") if found else None


def _request_id(given: str | None) -> UUID:
    """The one that the client gave, when it is a UUID: nothing else could be the `instance` of a problem."""
    try:
        return UUID(given) if given is not None else uuid7()
    except ValueError:
        return uuid7()


class RequestMiddleware:
    """Sets `request_id`, `language`, `caller` and `time_limit` in the scope; every exception becomes a response."""

    def __init__(self, app: ASGIApp, service: ApplicationState) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        lifecycle = RequestLifecycle(scope, send, self._service)
        try:
            async with asyncio.timeout(TIME_LIMIT_SECONDS) as scope["time_limit"]:
                await lifecycle.authenticate_and_count()
                await self._app(scope, receive, lifecycle.send)
        except Exception as error:  # noqa: BLE001  # every error gets a response
            await lifecycle.respond_with_error(RequestTimedOut() if scope["time_limit"].expired() else error, receive)
        finally:
            lifecycle.record()


class RequestLifecycle:
    """One request and its response."""

    def __init__(self, scope: Scope, send: Send, service: ApplicationState) -> None:
        self._scope = scope
        self._send = send
        self._service = service
        self._started = perf_counter()
        self._status: int | None = None
        self._rate_limit_key: object = None
        self._rate_limit: RateLimitResult | None = None
        scope["request_id"] = _request_id(_header_value(scope, b"x-request-id"))
        scope["language"] = negotiate_language(_header_value(scope, b"accept-language"))
        scope["caller"] = None

    async def authenticate_and_count(self) -> None:
        """Find the client and count the request. Raise Problem when there were too many within a minute."""
        if not self._scope["path"].startswith(RATE_LIMITED_PREFIX):
            return
        service, scope = self._service, self._scope
        scheme, _, credential = (_header_value(scope, b"authorization") or "").partition(" ")
        try:
            if scheme.lower() == "bearer":
                scope["caller"] = await service.authenticate(credential.strip(), service.clock(), scope)
        finally:
            caller = scope["caller"]
            self._rate_limit_key = caller.id if caller is not None else service.trusted_proxies.client_address(scope)
            self._rate_limit = service.rate_limiter.take(self._rate_limit_key, monotonic())
        if not self._rate_limit.allowed:
            raise Problem(
                "too-many-requests",
                TOO_MANY_REQUESTS,
                headers={"Retry-After": str(self._rate_limit.retry_after_seconds)},
            )

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if self._status == NOT_MODIFIED and self._rate_limit is not None:
                self._rate_limit = self._service.rate_limiter.refund(self._rate_limit_key, monotonic())
            message["headers"] = [*message["headers"], *self._added_headers(message["headers"])]
        await self._send(message)

    async def respond_with_error(self, error: Exception, receive: Receive) -> None:
        """Respond with the problem of `error`. Raise it when a response has begun: the connection must be closed."""
        if self._status is not None:
            raise error
        response = error_response(error, self._scope)
        try:
            await audit_denied_access(response.status, self._scope)
        except UNAVAILABLE_ERRORS as unavailable:
            response = error_response(unavailable, self._scope)
        await to_response(response)(self._scope, receive, self.send)

    def record(self) -> None:
        """Observe its duration and log it. Without a status, the client had gone before the response."""
        seconds = perf_counter() - self._started
        method = self._scope.get(ORIGINAL_METHOD, self._scope["method"])
        route, status = _route_template(self._scope), self._status or "aborted"
        REQUEST_DURATION.labels(method if method in KNOWN_METHODS else "other", route, status).observe(seconds)
        caller = self._scope["caller"]
        _LOG.info(
            "request",
            request_id=str(self._scope["request_id"]),
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 2),
            client=str(caller.id) if caller is not None else None,
        )

    def _added_headers(self, present: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = [(b"x-request-id", str(self._scope["request_id"]).encode()), *SECURITY_HEADERS]
        if not any(name == CONTENT_SECURITY_POLICY[0] for name, _ in present):
            headers.append(CONTENT_SECURITY_POLICY)
        if self._service.base_url.startswith("https:"):
            headers.append(STRICT_TRANSPORT_SECURITY)
        if self._rate_limit is not None:
            limit, result = self._service.rate_limiter.per_minute, self._rate_limit
            headers.append((b"ratelimit-policy", b'"default";q=%d;w=60' % limit))
            headers.append((b"ratelimit", b'"default";r=%d;t=%d' % (result.remaining, result.reset_seconds)))
        return headers


def _route_template(scope: Scope) -> str:
    """The route as it was declared, not the path: identifiers would make a metric of each resource."""
    return getattr(scope.get("route"), "path_format", None) or ("(page)" if "endpoint" in scope else "(none)")
