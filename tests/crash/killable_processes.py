"""What is killed: the entrances of the service, the sequencer, a relay. Each act is a process of its own."""

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

import app.cli
from app import serving
from app.logs import configure_logs
from app.main import build
from app.outbox.delivery_relay import Relay
from app.outbox.email_sender import MailSender
from app.outbox.mail_server import MailServer
from app.outbox.webhook_sender import WebhookSender
from app.persistence.engine.database import open_database
from app.persistence.engine.secrets.secret_box import Safe
from app.persistence.outbox.deliveries import Channel
from app.settings import Settings
from app.use_cases.notifications.egress_policy import Reach
from app.use_cases.notifications.sequence_events import sequence
from tests.crash.fork_server import main
from tests.crash.misplaced_steps import place_then_post, remember_apart, settle_then_mail
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import WRITER
from tests.outbox.webhooks.webhook_builders import SECRETS, TRUST

Told = Mapping[str, Any]
BUILT = dict[SecretStr | None, FastAPI]()  # by the address of its database


def serve(told: Told) -> None:
    """`python -m app serve`, behind the socket of the nursery, which has built the application."""
    MonkeyPatch().setattr(serving, "build", already_built)
    serving.serve_until_told_to_stop(Settings(**told["settings"]), socket.socket(fileno=int(sys.argv[1])))


def about_to_serve(told: Told) -> None:
    """Build it with all that it puts off until it is first asked, so that those to be born need not."""
    settings = Settings(**told["settings"])
    if settings.database_url not in BUILT:
        BUILT[settings.database_url] = build(settings)
        uvloop.run(_asked(BUILT[settings.database_url]))


def already_built(settings: Settings) -> FastAPI:
    return BUILT[settings.database_url]


async def _asked(service: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://nowhere") as client:
        await client.get("/livez")


def work(told: Told) -> None:
    """`python -m app worker`."""
    os.environ.update(told["settings"])
    app.cli.worker()


def place(told: Told) -> None:
    """Once, what waits."""

    async def placed() -> None:
        database = open_database(told["url"], pool_size=1)
        await sequence(database, MORNING)
        await database.close()

    asyncio.run(placed())


def deliver(told: Told) -> None:
    """Once, the webhooks that are due."""

    async def delivered() -> None:
        database = open_database(told["url"], pool_size=1)
        sender = WebhookSender(Safe(SECRETS), Reach(anywhere=True), TRUST)
        relay = Relay(database, {Channel.WEBHOOK: sender})
        await relay.turn()
        await relay.settled()
        await sender.close()
        await database.close()

    asyncio.run(delivered())


def mail(told: Told) -> None:
    """Once, the e-mails that are due."""

    async def mailed() -> None:
        database = open_database(told["url"], pool_size=1)
        sender = MailSender(database, MailServer("127.0.0.1", told["port"], starttls=False), WRITER)
        relay = Relay(database, {Channel.EMAIL: sender})
        await relay.turn()
        await relay.settled()
        await sender.close()
        await database.close()

    asyncio.run(mailed())


def serve_remembering_apart(told: Told) -> None:
    remember_apart(told)
    serve(told)


ACTS = {
    act.__name__: act
    for act in (serve, work, place, deliver, mail, place_then_post, settle_then_mail, serve_remembering_apart)
}

if __name__ == "__main__":
    configure_logs("info")
    main(ACTS, before={"serve": about_to_serve, "serve_remembering_apart": about_to_serve})
