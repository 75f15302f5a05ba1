"""The HTTP entrance: settings, database and clock in, one ASGI application out."""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.api.application import create_application
from app.api.http.application_state import ApplicationState
from app.api.http.limits.rate_limiter import RateLimiter
from app.api.identity.access_tokens import AccessTokenVerifier
from app.api.identity.api_key_secrets import Pepper
from app.api.identity.issuer_jwks import JwksCache
from app.clock import utc_now
from app.draining import drain_on_sigterm
from app.logs import configure_logs
from app.persistence.engine.database import open_database
from app.persistence.engine.listen_notify import NotificationConnection
from app.settings import Settings, SettingsError, read_settings
from app.supervisor import STOP_GRACE_SECONDS, BackgroundTask, supervise
from app.use_cases.notifications.egress_policy import EgressPolicy
from app.worker import WORKER_POOL_SIZE, run_worker

# The heap of a started service is long-lived: walking it again for every few thousand new objects is what makes the
# slowest answers slow.
GC_THRESHOLDS = (50_000, 20, 50)


def build(settings: Settings) -> FastAPI:
    """Nothing connects before the first request. Raise SettingsError without a database or a secret."""
    if settings.database_url is None or settings.secret_key is None:
        raise SettingsError("DATABASE_URL et SECRET_KEY : requis ici ; `python -m app serve` sait s’en passer")
    database = open_database(settings.database_url.get_secret_value(), secrets=settings.secrets, has_real_clock=True)
    pepper = Pepper(settings.secrets)
    limiter = RateLimiter(settings.rate_limit_per_minute)
    reach = EgressPolicy(allows_anything=settings.webhook_allow_private_addresses)
    service = ApplicationState(
        database, utc_now, pepper, settings.base_url, limiter, _token_reader(settings), egress_policy=reach
    )
    service.support_email = settings.support_email
    service.has_mailbox = settings.has_mailbox
    service.trusted_proxies = settings.proxies
    service.anonymise_after_years = settings.anonymise_after_years
    app = create_application(service)
    url, listeners = (
        settings.database_url.get_secret_value(),
        (service.credential_cache.listener, service.long_polls.listener),
    )
    notices = NotificationConnection(url, *listeners, changed=database.changed)

    # A worker in this process has connections of its own: what it imports and delivers takes none from requests.
    worker_database = open_database(url, pool_size=WORKER_POOL_SIZE, secrets=settings.secrets, has_real_clock=True)
    worker_database.changed = database.changed

    @asynccontextmanager
    async def lifespan(_: ASGIApp) -> AsyncGenerator[None, None]:
        drain_on_sigterm(service, settings.drain_seconds)
        stop = asyncio.Event()
        tasks = [BackgroundTask("hear_announcements_for_api", notices.listen, grace=0)]
        if settings.run_worker:
            tasks.append(
                BackgroundTask(
                    "work", lambda _: run_worker(worker_database, url, settings, stop), grace=2 * STOP_GRACE_SECONDS
                )
            )
        background = asyncio.create_task(supervise(tasks, stop))
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        try:
            yield
        finally:
            stop.set()
            await background
            await service.audit_log.close()
            await worker_database.close()
            await database.close()

    app.router.lifespan_context = lifespan
    return app


def _token_reader(settings: Settings) -> AccessTokenVerifier | None:
    if settings.token_issuer is None or settings.token_audience is None:
        return None
    return AccessTokenVerifier(JwksCache(settings.token_issuer, settings.token_jwks_url), settings.token_audience)


def from_environment() -> FastAPI:
    """Build the application of one of several processes."""
    settings = read_settings()
    configure_logs(settings.log_level)
    return build(settings)
