"""The same processes with a step in the wrong place: the tests must fail with them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pytest import MonkeyPatch  # noqa: PT013  # the class, outside of any test

from app.outbox.delivery_relay import OutboxRelay
from app.outbox.delivery_settlement import AttemptOutcome
from app.outbox.email_sender import EmailSender
from app.outbox.mail_server import MailServer
from app.persistence.engine.database import Transaction, open_database
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions import idempotency
from app.persistence.engine.transactions.idempotency import IdempotentRequest, ReplayableResponse
from app.persistence.outbox import messages
from app.persistence.outbox.deliveries import Channel, NewWebhookDelivery, enqueue_webhooks
from app.persistence.outbox.delivery_claims import ClaimedDelivery
from app.persistence.outbox.delivery_results import AttemptResult
from app.persistence.outbox.messages import NewEmailDelivery
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.sessions import session_deeds
from app.use_cases.notifications.sequence_events import sequence_events
from app.use_cases.sessions.carry_out_session_deeds import DeedRun
from tests.fake_clock import MORNING
from tests.outbox.emails.smtp_server import COMPOSER

Arguments = Mapping[str, Any]


def place_then_post(told: Arguments) -> None:
    """Positions are committed, and deliveries created after that."""
    letters, envelopes, post_envelopes = list[NewWebhookDelivery](), list[NewEmailDelivery](), messages.enqueue_emails

    async def keep_letters(_: Transaction, found: Sequence[NewWebhookDelivery]) -> None:
        letters.extend(found)

    async def keep_envelopes(_: Transaction, found: Sequence[NewEmailDelivery]) -> None:
        envelopes.extend(found)

    async def placed() -> None:
        database = open_database(told["url"], pool_size=1)
        await sequence_events(database, MORNING)
        async with database.transaction() as tx:
            await enqueue_webhooks(tx, letters)
            await post_envelopes(tx, envelopes)
        await database.close()

    broken = MonkeyPatch()
    broken.setattr("app.use_cases.notifications.sequence_events.enqueue_webhooks", keep_letters)
    broken.setattr(messages, "enqueue_emails", keep_envelopes)
    asyncio.run(placed())


def settle_then_mail(told: Arguments) -> None:
    """An e-mail is settled as delivered, and sent after that."""
    taken = list[ClaimedDelivery]()

    async def promise(claimed: ClaimedDelivery) -> AttemptOutcome:
        taken.append(claimed)
        return AttemptOutcome(AttemptResult(0, 250))

    async def mailed() -> None:
        database = open_database(told["url"], pool_size=1)
        sender = EmailSender(database, MailServer("127.0.0.1", told["port"], starttls=False), COMPOSER)
        relay = OutboxRelay(database, {Channel.EMAIL: promise})
        await relay.claim_and_send()
        await relay.wait_until_idle()
        for claimed in taken:
            await sender(claimed)
        await sender.close()
        await database.close()

    asyncio.run(mailed())


def remember_apart(told: Arguments) -> None:
    """The response of an idempotency key is committed on its own, before the work that it reports."""
    genuine = registrations.write

    async def write(
        transaction: Transaction,
        changes: Changes,
        attempt: IdempotentRequest | None = None,
        answer: ReplayableResponse | None = None,
    ) -> None:
        await genuine(transaction, changes)
        if answer is not None:
            database = open_database(told["settings"]["database_url"], pool_size=1)
            async with database.transaction() as tx:
                await idempotency.store_response(tx, attempt, answer)
            await database.close()

    MonkeyPatch().setattr(registrations, "write", write)


def mark_first(told: Arguments) -> None:
    """A registration of a session is marked as done in a transaction of its own, before anything is done."""
    genuine = session_deeds.mark_done

    async def mark_done(_: Transaction, deed: UUID, registration: UUID, now: datetime) -> Row | None:
        database = open_database(told["url"], pool_size=1)
        async with database.transaction() as tx:
            marked = await genuine(tx, deed, registration, now)
        await database.close()
        return marked

    MonkeyPatch().setattr(session_deeds, "mark_done", mark_done)


def mark_last(_: Arguments) -> None:
    """It is marked once everything about it is committed."""
    genuine_mark, patched = session_deeds.mark_done, MonkeyPatch()
    genuine_step = DeedRun._carry_out  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # it is put elsewhere

    async def mark_nothing(*_: object) -> Row:
        return {"is_overtaken": False}

    async def carry_out(run: DeedRun, registration: UUID) -> bool:
        done = await genuine_step(run, registration)
        async with run.database.transaction() as tx:
            await genuine_mark(tx, run.deed.id, registration, run.now)
        return done

    patched.setattr(session_deeds, "mark_done", mark_nothing)
    patched.setattr(DeedRun, "_carry_out", carry_out)
