"""Clients and their API keys. A key is kept as a digest; its identifier, which is no secret, finds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.persistence.database import Reader, Transaction


class Role(StrEnum):
    PLATFORM = "platform"
    TRAINING_ORGANISATION = "training_organisation"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls. `training_organisation_id` is set for that role only, and limits what exists for it."""

    id: UUID
    role: Role
    training_organisation_id: UUID | None


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A live key: neither revoked nor expired when it was read."""

    client: Client
    digest: bytes
    expires_at: datetime | None


FIND = """SELECT k.digest, k.expires_at, c.id, c.role, c.training_organisation_id
FROM api_key k JOIN client c ON c.id = k.client_id
WHERE k.id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)"""

ADD_CLIENT = """INSERT INTO client (id, name, role, training_organisation_id, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING"""

ADD_KEY = "INSERT INTO api_key (id, client_id, digest, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)"

REVOKE_KEY = "UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"

LIST_KEYS = """SELECT k.id, c.id AS client_id, c.name, c.role, k.created_at, k.expires_at, k.revoked_at
FROM api_key k JOIN client c ON c.id = k.client_id ORDER BY k.created_at, k.id"""


async def find_key(reader: Reader, key_id: str, now: datetime) -> StoredKey | None:
    row = await reader.one(FIND, key_id, now)
    if row is None:
        return None
    client = Client(row["id"], Role(row["role"]), row["training_organisation_id"])
    return StoredKey(client, row["digest"], row["expires_at"])


async def add_client(transaction: Transaction, client: Client, name: str, now: datetime) -> None:
    await transaction.run(ADD_CLIENT, client.id, name, client.role, client.training_organisation_id, now)


async def add_key(
    transaction: Transaction, key_id: str, client: UUID, digest: bytes, *, expires_at: datetime | None, now: datetime
) -> None:
    await transaction.run(ADD_KEY, key_id, client, digest, expires_at, now)


async def revoke_key(transaction: Transaction, key_id: str, now: datetime) -> bool:
    """Whether a live key of that identifier was there to be revoked."""
    return await transaction.one(REVOKE_KEY, key_id, now) is not None


async def list_keys(reader: Reader) -> list[Mapping[str, object]]:
    """Every key ever made, oldest first, without its digest."""
    return [*await reader.many(LIST_KEYS)]
