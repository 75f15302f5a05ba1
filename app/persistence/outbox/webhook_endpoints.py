"""Webhook endpoints: where an owner has its events delivered, and the secrets that sign them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.persistence.administration.clients import Client
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, PageQuery, PageRows
from app.persistence.engine.readers import read_count
from app.persistence.outbox.assign_feed_positions import GLOBAL_FEED_ID


class EndpointStatus(StrEnum):
    """What an owner sees; a deleted endpoint is seen by nobody."""

    ACTIVE = "active"
    DISABLED = "disabled"


class EndpointWarning(StrEnum):
    """The last warning sent about a failing endpoint: it fails for a day; it will be disabled in a day."""

    FAILING = "failing"
    LAST_DAY = "last_day"


class DisabledBecause(StrEnum):
    OWNER = "owner"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Owner:
    """The clients of a training organisation own their endpoints together; every other client owns its own."""

    client_id: UUID
    training_organisation_id: UUID | None

    @property
    def feed_id(self) -> UUID:
        return self.training_organisation_id or GLOBAL_FEED_ID

    @property
    def filter(self) -> Filter:
        if self.training_organisation_id is not None:
            return Filter("{t}.training_organisation_id = {}", self.training_organisation_id)
        return Filter("{t}.client_id = {} AND {t}.training_organisation_id IS NULL", self.client_id)


def owner_of(client: Client) -> Owner:
    return Owner(client.id, client.training_organisation_id)


# $2 and $3 are the client and the training organisation of an owner.
IS_OWNED = """w.status <> 'deleted' AND CASE WHEN $3::uuid IS NULL
    THEN w.client_id = $2 AND w.training_organisation_id IS NULL ELSE w.training_organisation_id = $3 END"""

RESOURCE = """SELECT w.id, w.url, w.types, w.status, w.disabled_because, l.failures, l.failing_since,
    l.open_until AS paused_until, l.warning, w.created_at, w.updated_at
FROM webhook_endpoint w JOIN lane l ON l.id = w.id"""

# Endpoints of one owner are added one after the other, because there is a maximum. Two statements, so that the second
# sees what was added while the first waited.
LOCK_OWNER = "SELECT pg_advisory_xact_lock(7241907, hashtext($1::uuid::text))"
COUNT = """SELECT count(*) FROM webhook_endpoint
WHERE status <> 'deleted' AND coalesce(training_organisation_id, client_id) = $1"""

ADD = """WITH fate AS (INSERT INTO lane (id, channel) VALUES ($1, 'webhook'))
INSERT INTO webhook_endpoint (id, client_id, training_organisation_id, feed_id, url, types, status, created_at,
    updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'active', $7, $7)"""

# The lane before the endpoint, as whoever settles a delivery does.
LOCK_LANE = "SELECT FROM lane WHERE id = $1 FOR NO KEY UPDATE"
LOCK_ENDPOINT = f"SELECT w.* FROM webhook_endpoint w WHERE w.id = $1 AND {IS_OWNED} FOR NO KEY UPDATE"

LOCK_ENDPOINT_OF_DELIVERY = f"""SELECT w.* FROM webhook_endpoint w JOIN delivery d ON d.lane_id = w.id
WHERE d.id = $1 AND {IS_OWNED} FOR NO KEY UPDATE OF w"""

CHANGE = """UPDATE webhook_endpoint SET url = $2, types = $3, status = $4, disabled_because = $5, updated_at = $6
WHERE id = $1"""

# Failures at the former address, or before the change, don't count any more.
RESET_LANE_HEALTH = """UPDATE lane SET failures = 0, openings = 0, open_until = NULL, failing_since = NULL,
    warning = NULL, warned_at = NULL WHERE id = $1"""

DELETE = """WITH secrets AS (DELETE FROM webhook_secret WHERE endpoint_id = $1)
UPDATE webhook_endpoint SET status = 'deleted', disabled_because = NULL, updated_at = $2 WHERE id = $1"""

INSERT_SECRET = "INSERT INTO webhook_secret (id, endpoint_id, sealed) VALUES ($1, $2, $3)"  # noqa: S105  # a statement

# The latest stays valid for a while, the one before it until its own expiry; older ones go.
RETIRE_SECRETS = """WITH gone AS (
    DELETE FROM webhook_secret WHERE endpoint_id = $1 AND (expires_at < now() OR id NOT IN (
        SELECT id FROM webhook_secret WHERE endpoint_id = $1 ORDER BY id DESC LIMIT 2)))
UPDATE webhook_secret SET expires_at = now() + $2 WHERE endpoint_id = $1 AND expires_at IS NULL"""


async def count_endpoints(transaction: Transaction, owner: Owner) -> int:
    """How many endpoints the owner has; no other is added until the transaction ends."""
    owner_id = owner.training_organisation_id or owner.client_id
    await transaction.one(LOCK_OWNER, owner_id)
    return await read_count(transaction, COUNT, owner_id)


async def add_endpoint(
    transaction: Transaction, endpoint: UUID, owner: Owner, url: str, types: Sequence[str], now: datetime
) -> None:
    values = endpoint, owner.client_id, owner.training_organisation_id, owner.feed_id, url, types, now
    await transaction.run(ADD, *values)


async def lock_endpoint(transaction: Transaction, endpoint: UUID, owner: Owner) -> Row | None:
    """Lock the row until the transaction ends; None when the owner has no such endpoint."""
    await transaction.one(LOCK_LANE, endpoint)
    return await transaction.one(LOCK_ENDPOINT, endpoint, owner.client_id, owner.training_organisation_id)


async def lock_endpoint_of_delivery(transaction: Transaction, delivery: UUID, owner: Owner) -> Row | None:
    """Lock the row of the endpoint of a delivery; None when the owner has no such endpoint."""
    return await transaction.one(LOCK_ENDPOINT_OF_DELIVERY, delivery, owner.client_id, owner.training_organisation_id)


async def read_endpoint(reader: Reader, endpoint: UUID, owner: Owner) -> Row | None:
    return await reader.one(
        f"{RESOURCE} WHERE w.id = $1 AND {IS_OWNED}", endpoint, owner.client_id, owner.training_organisation_id
    )


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, RESOURCE, table_alias="w")


async def change_endpoint(transaction: Transaction, endpoint: UUID, values: Mapping[str, Any], now: datetime) -> None:
    """Set url, types, status and disabled_because, and reset the health of its lane."""
    changed = (values[name] for name in ("url", "types", "status", "disabled_because"))
    await transaction.run(CHANGE, endpoint, *changed, now)
    await transaction.run(RESET_LANE_HEALTH, endpoint)


async def delete_endpoint(transaction: Transaction, endpoint: UUID, now: datetime) -> None:
    await transaction.run(DELETE, endpoint, now)


async def add_secret(transaction: Transaction, secret: UUID, endpoint: UUID, sealed: bytes) -> None:
    await transaction.run(INSERT_SECRET, secret, endpoint, sealed)


async def retire_secrets(transaction: Transaction, endpoint: UUID, valid_for: timedelta) -> None:
    """Have the present secret expire after `valid_for`; at most one older stays beside it."""
    await transaction.run(RETIRE_SECRETS, endpoint, valid_for)
