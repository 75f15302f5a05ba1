"""The processes that are killed: the API, a worker, the sequencer, a relay. Each act is a process of its own."""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

import httpx
import uvloop
from fastapi import FastAPI
from pydantic import SecretStr
from pytest import MonkeyPatch  # noqa: PT013  # the class, outside of any test

from app.cli.commands.worker import worker
from app.cli.serving import serve_until_told_to_stop
from app.logs import configure_logs
from app.main import build
from app.outbox.delivery_relay import OutboxRelay
from app.outbox.email_sender import EmailSender
from app.outbox.mail_server import MailServer
from app.outbox.session_loop import do_session_work
from app.outbox.webhook_sender import WebhookSender
from app.persistence.engine.database import open_database
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.outbox.deliveries import Channel
from app.settings import Settings
from app.use_cases.notifications.egress_policy import EgressPolicy
from app.use_cases.notifications.sequence_events import sequence_events
from app.use_cases.registrations.register_in_batches import RegistrationBatches
from tests.crash.fork_server import serve_forks
from tests.crash.misplaced_steps import mark_first, mark_last, place_then_post, remember_apart, settle_then_mail
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import COMPOSER
from tests.outbox.webhooks.webhook_builders import SECRETS, SSL_CONTEXT

Arguments = Mapping[str, Any]
BUILT_APPLICATIONS = dict[SecretStr | None, FastAPI]()  # by the address of its database


def serve(told: Arguments) -> None:
    """`python -m app serve`, on the socket of the fork server, which has built the application."""
    MonkeyPatch().setattr("app.main.build", already_built)
    serve_until_told_to_stop(Settings(**told["settings"]), socket.socket(fileno=int(sys.argv[1])))


def build_before_fork(told: Arguments) -> None:
    """Build it, with all that is built at the first request, so that its forks need not."""
    settings = Settings(**told["settings"])
    if settings.database_url not in BUILT_APPLICATIONS:
        BUILT_APPLICATIONS[settings.database_url] = build(settings)
        uvloop.run(_warm_up(BUILT_APPLICATIONS[settings.database_url]))


def already_built(settings: Settings) -> FastAPI:
    return BUILT_APPLICATIONS[settings.database_url]


async def _warm_up(service: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://nowhere") as client:
        await client.get("/livez")


def work(told: Arguments) -> None:
    """`python -m app worker`."""
    os.environ.update(told["settings"])
    worker()


def place(told: Arguments) -> None:
    """Sequence once what waits."""

    async def placed() -> None:
        database = open_database(told["url"], pool_size=1)
        await sequence_events(database, MORNING)
        await database.close()

    asyncio.run(placed())


def deliver(told: Arguments) -> None:
    """Attempt once the webhooks that are due."""

    async def delivered() -> None:
        database = open_database(told["url"], pool_size=1)
        sender = WebhookSender(SecretBox(SECRETS), EgressPolicy(allows_anything=True), SSL_CONTEXT)
        relay = OutboxRelay(database, {Channel.WEBHOOK: sender})
        await relay.claim_and_send()
        await relay.wait_until_idle()
        await sender.close()
        await database.close()

    asyncio.run(delivered())


def mail(told: Arguments) -> None:
    """Attempt once the e-mails that are due."""

    async def mailed() -> None:
        database = open_database(told["url"], pool_size=1)
        sender = EmailSender(database, MailServer("127.0.0.1", told["port"], starttls=False), COMPOSER)
        relay = OutboxRelay(database, {Channel.EMAIL: sender})
        await relay.claim_and_send()
        await relay.wait_until_idle()
        await sender.close()
        await database.close()

    asyncio.run(mailed())


def look_after_sessions(told: Arguments) -> None:
    """Carry out what was asked of sessions, and give seats, until nothing is left to do."""

    async def looked_after() -> None:
        database = open_database(told["url"], pool_size=1)
        while await do_session_work(database, MORNING):
            pass
        await database.close()

    asyncio.run(looked_after())


def look_after_sessions_marking_first(told: Arguments) -> None:
    mark_first(told)
    look_after_sessions(told)


def look_after_sessions_marking_last(told: Arguments) -> None:
    mark_last(told)
    look_after_sessions(told)


def serve_without_batches(told: Arguments) -> None:
    """Each registration is a transaction of its own."""
    MonkeyPatch().setattr(RegistrationBatches, "_enqueue", _enqueue_nothing)
    serve(told)


def _enqueue_nothing(*_: object) -> None:
    """Nobody shares a batch."""


def serve_remembering_apart(told: Arguments) -> None:
    remember_apart(told)
    serve_without_batches(told)


ENTRY_POINTS = {
    act.__name__: act
    for act in (
        *(serve, serve_without_batches, serve_remembering_apart),
        *(work, place, deliver, mail, place_then_post, settle_then_mail),
        *(look_after_sessions, look_after_sessions_marking_first, look_after_sessions_marking_last),
    )
}

if __name__ == "__main__":
    configure_logs("info")
    serve_forks(ENTRY_POINTS, before={act: build_before_fork for act in ENTRY_POINTS if act.startswith("serve")})
