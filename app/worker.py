"""The other entrance: what is done beside the API. Events get their places and are delivered; advisers are reminded of
what is due; spreadsheets are imported; what was kept long enough is forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from app.clock import utc_now
from app.imports.import_jobs import carry_out_imports
from app.outbox.delivery_relay import Relay, Send
from app.outbox.email_composer import Writer
from app.outbox.email_sender import MailSender, keep_in_mailbox
from app.outbox.reminder_loop import remind_daily
from app.outbox.sequencer_loop import place_events
from app.outbox.webhook_sender import WebhookSender
from app.persistence.administration.audit_log import forget_old_traces
from app.persistence.administration.health import why_unready
from app.persistence.administration.imports import forget_old_imports
from app.persistence.engine.database import Database
from app.persistence.engine.database_errors import Unready
from app.persistence.engine.listen_notify import CHANGED, WORKER, Notices, ringing
from app.persistence.engine.secrets.secret_box import Safe
from app.persistence.engine.transactions.idempotency import forget_old_answers
from app.persistence.outbox.deliveries import Channel, forget_old_deliveries
from app.persistence.outbox.feed_positions import MOVED, forget_old_events
from app.settings import Settings
from app.supervisor import PAUSES, Chore, Pauses, Turned, rest, supervise
from app.use_cases.advisers.anonymise_adviser import anonymise_an_inactive_adviser
from app.use_cases.notifications.egress_policy import Reach

# Placing, claiming, settling what arrived, two that settle what failed, reminding, importing, tidying: each its own.
POOL_SIZE = 8
EVERY_SECONDS = 600.0  # between two turns of each kind of forgetting
SCHEMA_EVERY_SECONDS = 2.0  # how often an old schema is looked at again

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.worker")

Forget = Callable[[], Awaitable[int]]


async def work(database: Database, url: str, settings: Settings, stop: asyncio.Event, pauses: Pauses = PAUSES) -> None:
    """Run until `stop` is set, whatever the database does meanwhile. `url` is the database's."""
    await _schema_is_known(database, stop)
    webhooks = WebhookSender(Safe(settings.secrets), Reach(anywhere=settings.webhook_allow_private_addresses))
    mail = _mail(database, settings)
    moved = asyncio.Event()
    relay = Relay(database, _channels(webhooks, mail, settings), moved)
    try:
        await supervise(chores(database, url, settings, relay, moved, stop), stop, pauses)
    finally:
        await relay.finish()
        await webhooks.close()
        if mail is not None:
            await mail.close()


def chores(
    database: Database, url: str, settings: Settings, relay: Relay, moved: asyncio.Event, stop: asyncio.Event
) -> list[Chore]:
    """All that a worker does, by name; `moved` is the bell of its relay."""
    changed = asyncio.Event()
    notices = Notices(url, ringing(CHANGED, changed), ringing(MOVED, moved), name=WORKER)
    return [
        Chore("hear_announcements", notices.listen, grace=0),
        Chore("place_events", lambda turned: place_events(database, utc_now, stop, changed, turned)),
        Chore("relay", lambda turned: relay.run(stop, turned)),
        Chore("remind_daily", lambda turned: remind_daily(database, utc_now, stop, turned)),
        Chore("carry_out_imports", lambda turned: carry_out_imports(database, utc_now, stop, turned)),
        *_tidying(database, settings.anonymise_after_years, stop),
    ]


async def _schema_is_known(database: Database, stop: asyncio.Event) -> None:
    """Return once the schema is not older than this program, or when nobody can say: the chores will see."""
    while not stop.is_set():
        try:
            if await why_unready(database) is not Unready.SCHEMA:
                return
        except Exception as failure:  # noqa: BLE001  # whatever it is, each chore meets it, and is begun again
            _LOG.warning("the schema could not be read", exc_info=failure)
            return
        _LOG.warning("the schema is older than this program, and is waited for: `python -m app migrate`")
        await rest(SCHEMA_EVERY_SECONDS, stop)


def _channels(webhooks: WebhookSender, mail: MailSender | None, settings: Settings) -> dict[str, Send]:
    channels: dict[str, Send] = {Channel.WEBHOOK: webhooks}
    if mail is not None:
        channels[Channel.EMAIL] = mail
    elif settings.has_mailbox:
        channels[Channel.EMAIL] = keep_in_mailbox
    else:
        _LOG.warning("SMTP_URL is not set: e-mails wait")
    return channels


def _mail(database: Database, settings: Settings) -> MailSender | None:
    """None without a mail server."""
    server = settings.mail_server
    if server is None:
        return None
    writer = Writer(settings.mail_from, settings.support_email, settings.base_url, settings.secrets)
    return MailSender(database, server, writer)


def _tidying(database: Database, years: int, stop: asyncio.Event) -> list[Chore]:
    """Each kind of forgetting is a chore of its own, none of which waits for another's success; one statement of them
    at a time: they share one of the worker's connections. `years` of inactivity make an adviser's identity too old."""
    kinds: dict[str, Forget] = {
        "forget_answers": lambda: forget_old_answers(database, utc_now()),
        "forget_events": lambda: forget_old_events(database, utc_now()),
        "forget_deliveries": lambda: forget_old_deliveries(database),
        "forget_imports": lambda: forget_old_imports(database),
        "forget_traces": lambda: forget_old_traces(database),
        "anonymise_advisers": lambda: anonymise_an_inactive_adviser(database, utc_now(), years),
    }
    alone = asyncio.Lock()
    return [Chore(name, partial(_tidy, name, forget, alone, stop)) for name, forget in kinds.items()]


async def _tidy(name: str, forget: Forget, alone: asyncio.Lock, stop: asyncio.Event, turned: Turned) -> None:
    while not stop.is_set():
        total = 0
        while not stop.is_set() and (forgotten := await _one_at_a_time(forget, alone)):
            total += forgotten
        if total:
            _LOG.info("tidied", chore=name, forgotten=total)
        turned()
        await rest(EVERY_SECONDS, stop)


async def _one_at_a_time(forget: Forget, alone: asyncio.Lock) -> int:
    async with alone:
        return await forget()
