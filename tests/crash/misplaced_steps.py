"""The same as what is killed, with a step in the wrong place: what the tests of this room are there to see."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pytest import MonkeyPatch  # noqa: PT013  # the class, outside of any test

from app.outbox.delivery_relay import Relay
from app.outbox.delivery_settlement import Outcome
from app.outbox.email_sender import MailSender
from app.outbox.mail_server import MailServer
from app.persistence import registrations
from app.persistence.engine.database import Transaction, open_database
from app.persistence.engine.transactions import idempotency
from app.persistence.engine.transactions.idempotency import Answer, Attempt
from app.persistence.outbox import messages
from app.persistence.outbox.deliveries import Channel, Letter, post
from app.persistence.outbox.delivery_claims import Claimed, Tried
from app.persistence.outbox.messages import Envelope
from app.persistence.registrations import Changes
from app.use_cases.notifications.sequence_events import sequence
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import WRITER

Told = Mapping[str, Any]


def place_then_post(told: Told) -> None:
    """Positions are committed, and deliveries made after that."""
    letters, envelopes, post_envelopes = list[Letter](), list[Envelope](), messages.post

    async def keep_letters(_: Transaction, found: Sequence[Letter]) -> None:
        letters.extend(found)

    async def keep_envelopes(_: Transaction, found: Sequence[Envelope]) -> None:
        envelopes.extend(found)

    async def placed() -> None:
        database = open_database(told["url"], pool_size=1)
        await sequence(database, MORNING)
        async with database.transaction() as tx:
            await post(tx, letters)
            await post_envelopes(tx, envelopes)
        await database.close()

    broken = MonkeyPatch()
    broken.setattr("app.use_cases.notifications.sequence_events.post", keep_letters)
    broken.setattr(messages, "post", keep_envelopes)
    asyncio.run(placed())


def settle_then_mail(told: Told) -> None:
    """An e-mail is noted as delivered, and sent after that."""
    taken = list[Claimed]()

    async def promise(claimed: Claimed) -> Outcome:
        taken.append(claimed)
        return Outcome(Tried(0, 250))

    async def mailed() -> None:
        database = open_database(told["url"], pool_size=1)
        sender = MailSender(database, MailServer("127.0.0.1", told["port"], starttls=False), WRITER)
        relay = Relay(database, {Channel.EMAIL: promise})
        await relay.turn()
        await relay.settled()
        for claimed in taken:
            await sender(claimed)
        await sender.close()
        await database.close()

    asyncio.run(mailed())


def remember_apart(told: Told) -> None:
    """The answer to a key is committed on its own, before the work that it reports."""
    genuine = registrations.write

    async def write(
        transaction: Transaction, changes: Changes, attempt: Attempt | None = None, answer: Answer | None = None
    ) -> None:
        await genuine(transaction, changes)
        if answer is not None:
            database = open_database(told["settings"]["database_url"], pool_size=1)
            async with database.transaction() as tx:
                await idempotency.remember(tx, attempt, answer)
            await database.close()

    MonkeyPatch().setattr(registrations, "write", write)
