"""The worker process, beside the API: it sequences and delivers events, reminds advisers, imports spreadsheets, and
deletes what was kept long enough."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from app.clock import utc_now
from app.imports.import_jobs import run_import_queue
from app.outbox.delivery_relay import OutboxRelay, SendDelivery
from app.outbox.email_composer import EmailComposer
from app.outbox.email_sender import EmailSender, leave_in_mailbox_page
from app.outbox.reminder_loop import run_reminders
from app.outbox.sequencer_loop import run_sequencer
from app.outbox.session_loop import run_sessions
from app.outbox.webhook_sender import WebhookSender
from app.persistence.administration.audit_log import delete_expired_entries
from app.persistence.administration.health import database_trouble
from app.persistence.administration.imports import delete_expired_imports
from app.persistence.administration.kept_counts import count_next_changes
from app.persistence.administration.stored_responses import delete_expired_responses
from app.persistence.engine.database import Database
from app.persistence.engine.database_errors import DatabaseTrouble
from app.persistence.engine.listen_notify import (
    CHANGED_CHANNEL,
    WORKER_APPLICATION_NAME,
    NotificationConnection,
    set_on_notification,
)
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.outbox.assign_feed_positions import FEED_MOVED_CHANNEL, delete_expired_events
from app.persistence.outbox.deliveries import Channel, delete_expired_deliveries
from app.settings import Settings
from app.supervisor import DEFAULT_BACKOFF, BackgroundTask, Backoff, Heartbeat, supervise, wait_for_any
from app.use_cases.advisers.anonymise_adviser import InactivityRound
from app.use_cases.notifications.egress_policy import EgressPolicy

# One connection each: sequencing, claiming, settling successes, reminding, sessions, importing, retention; failures
# have two.
WORKER_POOL_SIZE = 9
COUNTING_PAUSE_SECONDS, COUNTING_INTERVAL_SECONDS = 0.05, 10.0  # between two statements; once all is counted
RETENTION_INTERVAL_SECONDS = 600.0  # between two turns of each retention task
SCHEMA_POLL_SECONDS = 2.0  # between two checks of an old schema

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.worker")

Purge = Callable[[], Awaitable[int]]


async def run_worker(
    database: Database, url: str, settings: Settings, stop: asyncio.Event, backoff: Backoff = DEFAULT_BACKOFF
) -> None:
    """Run until `stop` is set, database outages included. `url` is the database's."""
    await _wait_for_schema(database, stop)
    webhooks = WebhookSender(
        SecretBox(settings.secrets), EgressPolicy(allows_anything=settings.webhook_allow_private_addresses)
    )
    emails = _email_sender(database, settings)
    moved = asyncio.Event()
    relay = OutboxRelay(database, _channels(webhooks, emails, settings), moved)
    try:
        await supervise(background_tasks(database, url, settings, relay, moved, stop), stop, backoff)
    finally:
        await relay.shut_down()
        await webhooks.close()
        if emails is not None:
            await emails.close()


def background_tasks(
    database: Database, url: str, settings: Settings, relay: OutboxRelay, moved: asyncio.Event, stop: asyncio.Event
) -> list[BackgroundTask]:
    """All the tasks of a worker; `moved` is the event that wakes its relay up."""
    changed, sessions_changed = asyncio.Event(), asyncio.Event()
    notifications = NotificationConnection(
        url,
        set_on_notification(CHANGED_CHANNEL, changed),
        set_on_notification(CHANGED_CHANNEL, sessions_changed),
        set_on_notification(FEED_MOVED_CHANNEL, moved),
        changed=database.changed,
        name=WORKER_APPLICATION_NAME,
    )
    return [
        BackgroundTask("hear_announcements", notifications.listen, grace=0),
        BackgroundTask("place_events", lambda heartbeat: run_sequencer(database, utc_now, stop, changed, heartbeat)),
        BackgroundTask("relay", lambda heartbeat: relay.run(stop, heartbeat)),
        BackgroundTask("remind_daily", lambda heartbeat: run_reminders(database, utc_now, stop, heartbeat)),
        BackgroundTask(
            "look_after_sessions", lambda heartbeat: run_sessions(database, utc_now, stop, sessions_changed, heartbeat)
        ),
        BackgroundTask("carry_out_imports", lambda heartbeat: run_import_queue(database, utc_now, stop, heartbeat)),
        *_retention_tasks(database, settings.anonymise_after_years, stop),
    ]


async def _wait_for_schema(database: Database, stop: asyncio.Event) -> None:
    """Return once the schema is not older than this program, or when it cannot be read: the tasks will meet that."""
    while not stop.is_set():
        try:
            if await database_trouble(database) is not DatabaseTrouble.SCHEMA:
                return
        except Exception as failure:  # noqa: BLE001  # whatever it is, each task meets it, and is started again
            _LOG.warning("the schema could not be read", exc_info=failure)
            return
        _LOG.warning("the schema is older than this program, and is waited for: `python -m app migrate`")
        await wait_for_any(SCHEMA_POLL_SECONDS, stop)


def _channels(webhooks: WebhookSender, emails: EmailSender | None, settings: Settings) -> dict[str, SendDelivery]:
    channels: dict[str, SendDelivery] = {Channel.WEBHOOK: webhooks}
    if emails is not None:
        channels[Channel.EMAIL] = emails
    elif settings.has_mailbox:
        channels[Channel.EMAIL] = leave_in_mailbox_page
    else:
        _LOG.warning("SMTP_URL is not set: e-mails wait")
    return channels


def _email_sender(database: Database, settings: Settings) -> EmailSender | None:
    """None without a mail server."""
    server = settings.mail_server
    if server is None:
        return None
    composer = EmailComposer(settings.mail_from, settings.support_email, settings.base_url, settings.secrets)
    return EmailSender(database, server, composer)


def _retention_tasks(database: Database, years: int, stop: asyncio.Event) -> list[BackgroundTask]:
    """Each retention is a task of its own, so that none depends on another's success. Their statements run in turn,
    as they share one connection of the worker. Advisers are anonymised after `years` of inactivity."""
    inactivity = InactivityRound(database, years)
    purges: dict[str, Purge] = {
        "forget_answers": lambda: delete_expired_responses(database, utc_now()),
        "forget_events": lambda: delete_expired_events(database, utc_now()),
        "forget_deliveries": lambda: delete_expired_deliveries(database),
        "forget_imports": lambda: delete_expired_imports(database),
        "forget_traces": lambda: delete_expired_entries(database),
        "anonymise_advisers": lambda: inactivity.anonymise_next(utc_now()),
    }
    lock = asyncio.Lock()
    return [
        *(
            BackgroundTask(name, partial(_purge_until_stopped, name, purge, lock, stop))
            for name, purge in purges.items()
        ),
        BackgroundTask("keep_counts", partial(_count_until_stopped, database, lock, stop)),
    ]


async def _count_until_stopped(
    database: Database, lock: asyncio.Lock, stop: asyncio.Event, heartbeat: Heartbeat
) -> None:
    while not stop.is_set():
        async with lock:
            others_follow = await count_next_changes(database, utc_now())
        heartbeat()
        await wait_for_any(COUNTING_PAUSE_SECONDS if others_follow else COUNTING_INTERVAL_SECONDS, stop)


async def _purge_until_stopped(
    name: str, purge: Purge, lock: asyncio.Lock, stop: asyncio.Event, heartbeat: Heartbeat
) -> None:
    while not stop.is_set():
        total = 0
        while not stop.is_set() and (purged := await _purge_alone(purge, lock)):
            total += purged
        if total:
            _LOG.info("tidied", chore=name, forgotten=total)
        heartbeat()
        await wait_for_any(RETENTION_INTERVAL_SECONDS, stop)


async def _purge_alone(purge: Purge, lock: asyncio.Lock) -> int:
    async with lock:
        return await purge()
