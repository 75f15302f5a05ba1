"""HEAD, wherever GET is answered: the same status and headers, nothing after them (RFC 9110)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ORIGINAL_METHOD = "original_method"  # in the scope, of whoever asked otherwise than is answered


class HeadRequestMiddleware:
    """Asks for what a GET gives, `ETag` and `Content-Length` included, and keeps the body back. Round the frame, so
    that rights, limits and traces are those of the GET: whoever asks learns that somebody is known."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # The server goes on knowing what was asked: the scope is another one.
        await self._app({**scope, "method": "GET", ORIGINAL_METHOD: "HEAD"}, receive, without_body)
