"""Deliveries on request: a test event, one delivery again, or all that did not arrive in a time range."""

from uuid import UUID

from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.persistence.outbox import deliveries, webhook_endpoints
from app.persistence.outbox.deliveries import TimeRange
from app.persistence.outbox.webhook_endpoints import EndpointStatus, Owner, owner_of
from app.use_cases.errors import EndpointDisabled
from app.use_cases.notifications.event_payloads import webhook_deliveries_of, webhook_test_delivery
from app.use_cases.request_context import RequestContext

MAX_RECOVERED = 10_000


async def send_test(database: Database, endpoint: UUID, context: RequestContext) -> ReplayableResponse:
    """Deliver a test event. Raise NotFound, EndpointDisabled."""
    owner = owner_of(context.client)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        _check_active(await webhook_endpoints.lock_endpoint(tx, endpoint, owner))
        delivery = webhook_test_delivery(endpoint, context.now)
        tx.add_audit_subjects(endpoint, delivery.id)
        await deliveries.enqueue_webhooks(tx, [delivery])
        return await _store_delivery_response(tx, delivery.id, owner, context)


async def replay(database: Database, delivery: UUID, context: RequestContext) -> ReplayableResponse:
    """Make a delivery in any state due again, with the same event. Raise NotFound, EndpointDisabled."""
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
    """Make due again what was sequenced within `time_range` and did not arrive, what was never tried while the endpoint
    was disabled included; at most MAX_RECOVERED events, the oldest first.

    Raise NotFound, EndpointDisabled.
    """
    owner = owner_of(context.client)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        _check_active(await webhook_endpoints.lock_endpoint(tx, endpoint, owner))
        tx.add_audit_subjects(endpoint)
        recovered = await deliveries.recover(tx, endpoint, time_range, MAX_RECOVERED)
        missed = await deliveries.missed_events(tx, endpoint, time_range, MAX_RECOVERED - recovered)
        await deliveries.enqueue_webhooks(
            tx, [delivery for event in missed for delivery in webhook_deliveries_of(event, [endpoint])]
        )
        return await store_response(tx, context.idempotency, context.render({"due": recovered + len(missed)}))


def _check_active(endpoint: Row | None) -> None:
    """Raise NotFound, EndpointDisabled."""
    if endpoint is None:
        raise NotFound("webhook endpoint")
    if endpoint["status"] != EndpointStatus.ACTIVE:
        raise EndpointDisabled


async def _store_delivery_response(
    transaction: Transaction, delivery: UUID, owner: Owner, context: RequestContext
) -> ReplayableResponse:
    row = await deliveries.read_delivery(transaction, delivery, owner) or {}
    return await store_response(transaction, context.idempotency, context.render(row))
