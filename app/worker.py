"""The other entrance: what is done beside the API. Events get their places and are delivered; advisers are reminded of
what is due; spreadsheets are imported; what was kept long enough is forgotten."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.clock import utc_now
from app.imports.jobs import carry_out_imports
from app.outbox.email import MailSender, keep_in_mailbox
from app.outbox.relay import Relay, Send
from app.outbox.reminder import remind_daily
from app.outbox.sequencer import place_events
from app.outbox.webhook import WebhookSender
from app.outbox.writer import Writer
from app.persistence.attempts import forget_old_answers
from app.persistence.audit_log import forget_old_traces
from app.persistence.database import Database
from app.persistence.deliveries import Channel, forget_old_deliveries
from app.persistence.failures import UNREACHABLE
from app.persistence.imports import forget_old_imports
from app.persistence.notices import CHANGED, WORKER, Notices, ringing
from app.persistence.safe import Safe
from app.persistence.sequencing import MOVED, forget_old_events
from app.settings import Settings
from app.use_cases.anonymise import anonymise_an_inactive_adviser
from app.use_cases.reach import Reach

# Placing, claiming, settling what arrived, two that settle what failed, reminding, importing, tidying: each its own.
POOL_SIZE = 8
EVERY_SECONDS = 600.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.worker")


async def work(database: Database, url: str, settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the work. `url` is the database's."""
    reach = Reach(anywhere=settings.webhook_allow_private_addresses)
    webhooks = WebhookSender(Safe(settings.secrets), reach)
    channels: dict[str, Send] = {Channel.WEBHOOK: webhooks}
    mail = _mail(database, settings)
    if mail is not None:
        channels[Channel.EMAIL] = mail
    elif settings.has_mailbox:
        channels[Channel.EMAIL] = keep_in_mailbox
    else:
        _LOG.warning("SMTP_URL is not set: e-mails wait")
    changed, moved = asyncio.Event(), asyncio.Event()
    notices = Notices(url, ringing(CHANGED, changed), ringing(MOVED, moved), name=WORKER)
    listening = asyncio.create_task(notices.listen())
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(place_events(database, utc_now, stop, changed))
            group.create_task(Relay(database, channels, moved).run(stop))
            group.create_task(remind_daily(database, utc_now, stop))
            group.create_task(carry_out_imports(database, utc_now, stop))
            group.create_task(_tidy(database, settings.anonymise_after_years, stop))
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await webhooks.close()
        if mail is not None:
            await mail.close()


def _mail(database: Database, settings: Settings) -> MailSender | None:
    """None without a mail server."""
    server = settings.mail_server
    if server is None:
        return None
    writer = Writer(settings.mail_from, settings.support_email, settings.base_url, settings.secrets)
    return MailSender(database, server, writer)


async def _tidy(database: Database, years: int, stop: asyncio.Event) -> None:
    """`years` of inactivity make an adviser's identity too old."""
    while not stop.is_set():
        try:
            _LOG.info(
                "tidied",
                answers_forgotten=await forget_old_answers(database, utc_now()),
                events_forgotten=await _all(lambda: forget_old_events(database, utc_now())),
                deliveries_forgotten=await _all(lambda: forget_old_deliveries(database)),
                imports_forgotten=await forget_old_imports(database),
                traces_forgotten=await _all(lambda: forget_old_traces(database)),
                advisers_anonymised=await _all(lambda: anonymise_an_inactive_adviser(database, utc_now(), years)),
            )
        except UNREACHABLE as failure:
            _LOG.warning("the database does not answer", exc_info=failure)
        try:
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue


async def _all(forget_some: Callable[[], Awaitable[int]]) -> int:
    """Until nothing is left to forget; return how much there was."""
    total = 0
    while forgotten := await forget_some():
        total += forgotten
    return total
