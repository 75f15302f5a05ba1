"""Webhook endpoints: added, changed, disabled, enabled, deleted, given a new secret."""

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.secrets.secret_box import SecretBox
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.outbox import webhook_endpoints
from app.persistence.outbox.deliveries import DeliveryState, settle_all
from app.persistence.outbox.webhook_endpoints import DisabledBecause, EndpointStatus, Owner
from app.use_cases.errors import TooManyEndpoints
from app.use_cases.notifications.egress_policy import EgressPolicy

MAX_ENDPOINTS = 16
SECRET_BYTES = 32
OLD_SECRET_LIFETIME = timedelta(hours=24)
ENDPOINT_TARGET = "webhook endpoint"


@dataclass(frozen=True, slots=True)
class WebhookEgress:
    """What adding an endpoint needs: where webhooks may go, and the box that seals its secret."""

    egress_policy: EgressPolicy
    secret_box: SecretBox


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """Where to deliver, and which event types: `registration.accepted`, `registration.*`, `*`."""

    url: str
    types: Sequence[str]


def generate_secret() -> str:
    """A signing secret of 32 random bytes, in the format of Standard Webhooks."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


async def add_endpoint(
    database: Database,
    new_endpoint: NewEndpoint,
    owner: Owner,
    egress: WebhookEgress,
    now: datetime,
    audit_entry: AuditEntry,
) -> tuple[Row, str]:
    """Return the row, and the secret, which is never shown again. Raise EgressRefused, TooManyEndpoints."""
    egress.egress_policy.check(new_endpoint.url)
    endpoint, secret = uuid7(), generate_secret()
    async with database.transaction(audit_entry=audit_entry) as tx:
        if await webhook_endpoints.count_endpoints(tx, owner) >= MAX_ENDPOINTS:
            raise TooManyEndpoints
        tx.add_audit_subjects(endpoint)
        await webhook_endpoints.add_endpoint(
            tx, endpoint, owner, new_endpoint.url, [*dict.fromkeys(new_endpoint.types)], now
        )
        await webhook_endpoints.add_secret(tx, uuid7(), endpoint, egress.secret_box.seal(secret))
        return await webhook_endpoints.read_endpoint(tx, endpoint, owner) or {}, secret


async def change_endpoint(
    database: Database,
    endpoint: UUID,
    changes: Mapping[str, Any],
    owner: Owner,
    egress_policy: EgressPolicy,
    now: datetime,
    audit_entry: AuditEntry,
) -> Row:
    """`changes` are among url, types and status (active, disabled); deliveries to a disabled endpoint are skipped.

    Raise NotFound, EgressRefused.
    """
    if "url" in changes:
        egress_policy.check(changes["url"])
    async with database.transaction(audit_entry=audit_entry) as tx:
        present = await _lock_endpoint(tx, endpoint, owner)
        values = {name: changes.get(name, present[name]) for name in ("url", "types", "status")}
        because = None if values["status"] == EndpointStatus.ACTIVE else _reason_to_disable(present)
        await webhook_endpoints.change_endpoint(tx, endpoint, {**values, "disabled_because": because}, now)
        if because is not None:
            await settle_all(tx, endpoint, DeliveryState.SKIPPED)
        return await webhook_endpoints.read_endpoint(tx, endpoint, owner) or {}


def _reason_to_disable(endpoint: Row) -> str:
    """The reason that it was disabled for before, else its owner's wish."""
    return endpoint["disabled_because"] or DisabledBecause.OWNER


async def delete_endpoint(
    database: Database, endpoint: UUID, owner: Owner, now: datetime, audit_entry: AuditEntry
) -> None:
    """What was to be delivered to it is cancelled. Raise NotFound."""
    async with database.transaction(audit_entry=audit_entry) as tx:
        await _lock_endpoint(tx, endpoint, owner)
        await settle_all(tx, endpoint, DeliveryState.CANCELLED)
        await webhook_endpoints.delete_endpoint(tx, endpoint, now)


async def rotate_secret(
    database: Database, endpoint: UUID, owner: Owner, secret_box: SecretBox, audit_entry: AuditEntry
) -> str:
    """Return a new secret; the former one signs beside it for 24 hours. Raise NotFound."""
    secret = generate_secret()
    async with database.transaction(audit_entry=audit_entry) as tx:
        await _lock_endpoint(tx, endpoint, owner)
        await webhook_endpoints.retire_secrets(tx, endpoint, OLD_SECRET_LIFETIME)
        await webhook_endpoints.add_secret(tx, uuid7(), endpoint, secret_box.seal(secret))
    return secret


async def _lock_endpoint(transaction: Transaction, endpoint: UUID, owner: Owner) -> Row:
    """Raise NotFound."""
    row = await webhook_endpoints.lock_endpoint(transaction, endpoint, owner)
    if row is None:
        raise NotFound(ENDPOINT_TARGET)
    transaction.add_audit_subjects(endpoint)
    return row
