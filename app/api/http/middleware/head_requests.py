"""HEAD wherever there is a GET: the same status and headers, without the body (RFC 9110)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ORIGINAL_METHOD = "original_method"  # in the scope of a request that is handled as another method


class HeadRequestMiddleware:
    """Handles HEAD as GET, `ETag` and `Content-Length` included, and drops the body. It surrounds RequestMiddleware, so
    that access, limits and audit entries are those of the GET, which tells as much."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # A copy: the server must still see HEAD in its own scope.
        await self._app({**scope, "method": "GET", ORIGINAL_METHOD: "HEAD"}, receive, without_body)
