"""Deliveries that somebody asks for: a test, one again, all that did not arrive since."""

from uuid import UUID

from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.persistence.outbox import deliveries, webhook_endpoints
from app.persistence.outbox.deliveries import TimeRange
from app.persistence.outbox.webhook_endpoints import EndpointStatus, Owner, owner_of
from app.use_cases.errors import EndpointDisabled
from app.use_cases.notifications.event_payloads import webhook_delivery_of, webhook_test_delivery
from app.use_cases.request_context import RequestContext

MAX_RECOVERED = 10_000


async def send_test(database: Database, endpoint: UUID, context: RequestContext) -> ReplayableResponse:
    """Raise Missing, EndpointDisabled."""
    owner = owner_of(context.client)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        _check_active(await webhook_endpoints.lock_endpoint(tx, endpoint, owner))
        letter = webhook_test_delivery(endpoint, context.now)
        tx.add_audit_subjects(endpoint, letter.id)
        await deliveries.enqueue_webhooks(tx, [letter])
        return await _store_delivery_response(tx, letter.id, owner, context)


async def replay(database: Database, delivery: UUID, context: RequestContext) -> ReplayableResponse:
    """Whatever became of it, it is due again, with the same event. Raise Missing, EndpointDisabled."""
    owner = owner_of(context.client)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        _check_active(await webhook_endpoints.lock_endpoint_of_delivery(tx, delivery, owner))
        tx.add_audit_subjects(delivery)
        await deliveries.replay(tx, delivery)
        return await _store_delivery_response(tx, delivery, owner, context)


async def recover(
    database: Database, endpoint: UUID, time_range: TimeRange, context: RequestContext
) -> ReplayableResponse:
    """What was placed within `span` and did not arrive is due again; so is what was never tried while the endpoint was
    disabled.

    At most MOST_RECOVERED of them, the oldest first. Raise Missing, EndpointDisabled.
    """
    owner = owner_of(context.client)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        _check_active(await webhook_endpoints.lock_endpoint(tx, endpoint, owner))
        tx.add_audit_subjects(endpoint)
        again = await deliveries.recover(tx, endpoint, time_range, MAX_RECOVERED)
        missed = await deliveries.missed_events(tx, endpoint, time_range, MAX_RECOVERED - again)
        await deliveries.enqueue_webhooks(tx, [webhook_delivery_of(event, endpoint) for event in missed])
        return await store_response(tx, context.idempotency, context.render({"due": again + len(missed)}))


def _check_active(endpoint: Row | None) -> None:
    """Raise Missing, EndpointDisabled."""
    if endpoint is None:
        raise NotFound("webhook endpoint")
    if endpoint["status"] != EndpointStatus.ACTIVE:
        raise EndpointDisabled


async def _store_delivery_response(
    transaction: Transaction, delivery: UUID, owner: Owner, context: RequestContext
) -> ReplayableResponse:
    found = await deliveries.read_delivery(transaction, delivery, owner) or {}
    return await store_response(transaction, context.idempotency, context.render(found))
