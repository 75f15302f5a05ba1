"""Deliveries that somebody asks for: a test, one again, all that did not arrive since."""

from uuid import UUID

from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Missing
from app.persistence.engine.transactions.idempotency import Answer, find_answer, remember
from app.persistence.outbox import deliveries, webhook_endpoints
from app.persistence.outbox.deliveries import Span
from app.persistence.outbox.webhook_endpoints import EndpointStatus, Owner, owner_of
from app.use_cases.errors import EndpointDisabled
from app.use_cases.notifications.event_payloads import a_test, letter_of
from app.use_cases.request_context import Asked

MOST_RECOVERED = 10_000


async def send_test(database: Database, endpoint: UUID, asked: Asked) -> Answer:
    """Raise Missing, EndpointDisabled."""
    owner = owner_of(asked.client)
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        _check_active(await webhook_endpoints.lock_endpoint(tx, endpoint, owner))
        letter = a_test(endpoint, asked.now)
        tx.concerns(endpoint, letter.id)
        await deliveries.post(tx, [letter])
        return await _remembered(tx, letter.id, owner, asked)


async def replay(database: Database, delivery: UUID, asked: Asked) -> Answer:
    """Whatever became of it, it is due again, with the same event. Raise Missing, EndpointDisabled."""
    owner = owner_of(asked.client)
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        _check_active(await webhook_endpoints.lock_endpoint_of(tx, delivery, owner))
        tx.concerns(delivery)
        await deliveries.replay(tx, delivery)
        return await _remembered(tx, delivery, owner, asked)


async def recover(database: Database, endpoint: UUID, span: Span, asked: Asked) -> Answer:
    """What was placed within `span` and did not arrive is due again; so is what was never tried while the endpoint was
    disabled.

    At most MOST_RECOVERED of them, the oldest first. Raise Missing, EndpointDisabled.
    """
    owner = owner_of(asked.client)
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        _check_active(await webhook_endpoints.lock_endpoint(tx, endpoint, owner))
        tx.concerns(endpoint)
        again = await deliveries.recover(tx, endpoint, span, MOST_RECOVERED)
        missed = await deliveries.missed_events(tx, endpoint, span, MOST_RECOVERED - again)
        await deliveries.post(tx, [letter_of(event, endpoint) for event in missed])
        return await remember(tx, asked.attempt, asked.worded({"due": again + len(missed)}))


def _check_active(endpoint: Row | None) -> None:
    """Raise Missing, EndpointDisabled."""
    if endpoint is None:
        raise Missing("webhook endpoint")
    if endpoint["status"] != EndpointStatus.ACTIVE:
        raise EndpointDisabled


async def _remembered(transaction: Transaction, delivery: UUID, owner: Owner, asked: Asked) -> Answer:
    found = await deliveries.read_delivery(transaction, delivery, owner) or {}
    return await remember(transaction, asked.attempt, asked.worded(found))
