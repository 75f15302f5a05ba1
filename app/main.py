"""The HTTP process: the ASGI application, built from the settings, and what runs beside the requests."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.api.application import create_application
from app.api.http.application_state import ApplicationState, Authenticator
from app.api.http.limits.rate_limiter import RateLimiter
from app.api.identity.api_key_secrets import Pepper
from app.api.identity.authentication import CredentialAuthenticator
from app.api.identity.token_verifier import TokenVerifier
from app.clock import utc_now
from app.graceful_shutdown import drain_on_sigterm
from app.persistence.engine.database import Database, open_database
from app.persistence.engine.listen_notify import NotificationConnection
from app.settings import Settings, SettingsError
from app.supervisor import STOP_GRACE_SECONDS, BackgroundTask, Heartbeat, supervise
from app.use_cases.notifications.egress_policy import EgressPolicy

# The heap of a started service is long-lived: walking it again for every few thousand new objects is what makes the
# slowest answers slow.
GC_THRESHOLDS = (50_000, 20, 50)


def build(settings: Settings) -> FastAPI:
    """Nothing connects before the first request. Raise SettingsError without a database or a secret."""
    if settings.database_url is None or settings.secret_key is None:
        raise SettingsError("DATABASE_URL et SECRET_KEY : requis ici ; `python -m app serve` sait s’en passer")
    url = settings.database_url.get_secret_value()
    database = open_database(url, secrets=settings.secrets, has_real_clock=True)
    authenticator = CredentialAuthenticator(database, Pepper(settings.secrets), _token_verifier(settings))
    service = _application_state(settings, database, authenticator)
    app = create_application(service)
    listeners = (authenticator.credential_cache.listener, service.long_polls.listener)
    notifications = NotificationConnection(url, *listeners, changed=database.changed)

    @asynccontextmanager
    async def lifespan(_: ASGIApp) -> AsyncGenerator[None, None]:
        drain_on_sigterm(service, settings.drain_seconds)
        stop = asyncio.Event()
        tasks = [BackgroundTask("hear_announcements_for_api", notifications.listen, grace=0)]
        if settings.run_worker:
            tasks.append(_worker(url, settings, database.changed, stop))
        background = asyncio.create_task(supervise(tasks, stop))
        _tune_garbage_collection()
        try:
            yield
        finally:
            stop.set()
            await background
            await service.registration_batches.close()
            await service.audit_log.close()
            await database.close()

    app.router.lifespan_context = lifespan
    return app


def _application_state(settings: Settings, database: Database, authenticator: Authenticator) -> ApplicationState:
    return ApplicationState(
        database,
        utc_now,
        settings.secrets,
        settings.base_url,
        authenticator,
        RateLimiter(settings.rate_limit_per_minute),
        egress_policy=EgressPolicy(allows_anything=settings.webhook_allow_private_addresses),
        support_email=settings.support_email,
        has_mailbox=settings.has_mailbox,
        anonymise_after_years=settings.anonymise_after_years,
        trusted_proxies=settings.proxies,
    )


def _token_verifier(settings: Settings) -> TokenVerifier | None:
    if settings.token_issuer is None or settings.token_audience is None:
        return None
    from app.api.identity.access_tokens import AccessTokenVerifier  # noqa: PLC0415  # of no use without an issuer
    from app.api.identity.issuer_jwks import JwksCache  # noqa: PLC0415  # the same

    return AccessTokenVerifier(JwksCache(settings.token_issuer, settings.token_jwks_url), settings.token_audience)


def _worker(url: str, settings: Settings, changed: asyncio.Event, stop: asyncio.Event) -> BackgroundTask:
    """A worker in this process, with connections of its own: what it imports and delivers takes none from requests."""
    from app.worker import WORKER_POOL_SIZE, run_worker  # noqa: PLC0415  # of no use to a process without one

    async def work(_: Heartbeat) -> None:
        database = open_database(url, pool_size=WORKER_POOL_SIZE, secrets=settings.secrets, has_real_clock=True)
        database.changed = changed
        try:
            await run_worker(database, url, settings, stop)
        finally:
            await database.close()

    return BackgroundTask("work", work, grace=2 * STOP_GRACE_SECONDS)


def _tune_garbage_collection() -> None:
    """Leave out what was made at the start, which is never garbage."""
    gc.freeze()
    gc.enable()  # it was of no use while all this was made
    gc.set_threshold(*GC_THRESHOLDS)
