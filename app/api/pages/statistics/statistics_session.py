"""The session of the page of statistics: an API key, given once in a form, then kept sealed in a cookie of this page.

The key is in no URL and in no log. It is looked up again at each request, so that a revoked key shows nothing more.
"""

import re
from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from app.api.http.application_state import ApplicationState
from app.api.identity.scopes import SCOPES_BY_ROLE, Scope
from app.api.pages.page_requests import service_of
from app.persistence.administration.clients import Client
from app.persistence.engine.secrets.secret_box import SealedByAnotherKeyError, SecretBox

PATH, COOKIE, SEAL_PURPOSE = "/statistics", "statistics", "statistics"
SESSION_LIFETIME = timedelta(hours=1)
_KEY_PATTERN = re.compile(r"insc_[\w-]{1,200}", re.ASCII)


def _cookie_box(service: ApplicationState) -> SecretBox:
    return SecretBox(service.secrets, SEAL_PURPOSE)


async def client_of_session(request: Request) -> Client | None:
    """None without a cookie, once it is too old, and once its key is not valid any more. Raise Problem as
    `client_with_key` does."""
    service = service_of(request)
    try:
        sealed = request.cookies.get(COOKIE, "").encode()
        key = _cookie_box(service).open_within(sealed, SESSION_LIFETIME, service.clock())
    except SealedByAnotherKeyError:
        return None
    return await client_with_key(request, key)


async def client_with_key(request: Request, key: str) -> Client | None:
    """None when nobody has this key, and when it may not read statistics. Raise Problem when too many unknown keys came
    from the same address."""
    service = service_of(request)
    client = await service.authenticate(key, service.clock(), request.scope) if _KEY_PATTERN.fullmatch(key) else None
    allowed = client is not None and Scope.STATISTICS_READ in SCOPES_BY_ROLE[client.role]
    return client if client is not None and allowed and client.has_scope(Scope.STATISTICS_READ) else None


def start_session(response: Response, service: ApplicationState, key: str) -> None:
    response.set_cookie(
        COOKIE,
        _cookie_box(service).seal_at(key, service.clock()).decode(),
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path=PATH,
        secure=service.base_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def end_session(response: Response) -> None:
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
