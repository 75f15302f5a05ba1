"""A relay of e-mails in a process of its own, that somebody else kills."""

import asyncio
import sys

from app.outbox.email import MailSender
from app.outbox.mail_server import MailServer
from app.outbox.relay import Relay
from app.persistence.database import open_database
from app.persistence.deliveries import Channel
from tests.messages.post import WRITER


async def _relay(url: str, port: int) -> None:
    database = open_database(url, pool_size=2)
    sender = MailSender(database, MailServer("127.0.0.1", port, starttls=False), WRITER)
    await Relay(database, {Channel.EMAIL: sender}).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(_relay(sys.argv[1], int(sys.argv[2])))
