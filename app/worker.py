"""The other entrance: what is done beside the API. Events get their places and are delivered; advisers are reminded of
what is due; what was kept long enough is forgotten."""

import asyncio

import structlog

from app.clock import utc_now
from app.outbox.email import MailSender, Writer, keep_in_mailbox
from app.outbox.relay import Relay, Send
from app.outbox.reminder import remind_daily
from app.outbox.sequencer import place_events
from app.outbox.webhook import WebhookSender
from app.persistence.attempts import forget_old_answers
from app.persistence.database import Database
from app.persistence.deliveries import Channel, forget_old_deliveries
from app.persistence.failures import UNREACHABLE
from app.persistence.safe import Safe
from app.persistence.sequencing import forget_old_events
from app.settings import Settings
from app.use_cases.reach import Reach

EVERY_SECONDS = 600.0

_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.worker")


async def work(database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set; a database that is away for a while only delays the work."""
    reach = Reach(anywhere=settings.webhook_allow_private_addresses)
    bell, webhooks = asyncio.Event(), WebhookSender(Safe(settings.secrets), reach)
    channels: dict[str, Send] = {Channel.WEBHOOK: webhooks}
    mail = _mail(database, settings)
    if mail is not None:
        channels[Channel.EMAIL] = mail
    elif settings.has_mailbox:
        channels[Channel.EMAIL] = keep_in_mailbox
    else:
        _LOG.warning("SMTP_URL is not set: e-mails wait")
    relay = Relay(database, channels, bell)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(place_events(database, utc_now, stop, bell))
            group.create_task(relay.run(stop))
            group.create_task(remind_daily(database, utc_now, stop))
            group.create_task(_tidy(database, stop))
    finally:
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


async def _tidy(database: Database, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            answers = await forget_old_answers(database, utc_now())
            events = 0
            while forgotten := await forget_old_events(database, utc_now()):
                events += forgotten
            deliveries = 0
            while forgotten := await forget_old_deliveries(database):
                deliveries += forgotten
            _LOG.info("tidied", answers_forgotten=answers, events_forgotten=events, deliveries_forgotten=deliveries)
        except UNREACHABLE as failure:
            _LOG.warning("the database does not answer", exc_info=failure)
        try:
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
        except TimeoutError:
            continue
