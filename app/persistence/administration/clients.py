"""Clients and their API keys. A key is kept as a digest; its identifier, which is no secret, finds it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog

from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows


class Role(StrEnum):
    PLATFORM = "platform"
    TRAINING_ORGANISATION = "training_organisation"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls. `training_organisation_id` is set for that role only, and limits what exists for it; `scopes` limit
    what its role may do, None not at all."""

    id: UUID
    role: Role
    training_organisation_id: UUID | None
    scopes: frozenset[str] | None = None

    def has_scope(self, scope: str) -> bool:
        """Whether the credentials it came with go that far."""
        return self.scopes is None or scope in self.scopes


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client whose credentials were live when they were looked up; `expires_at` is when they end, None never."""

    client: Client
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """What is kept of a key; `under` is the fingerprint of the value of SECRET_KEY that is in it."""

    content: bytes
    secret_fingerprint: str


RECORD_USE_SECONDS = 1.0
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.clients")

# Heard by every process that remembers who it recognised.
REVOCATIONS_CHANNEL = "revocations"

FIND_KEY = """SELECT k.expires_at, k.scopes, c.id, c.role, c.training_organisation_id,
    k.digested_under IS DISTINCT FROM $4 OR k.last_used_at IS NULL
        OR k.last_used_at < $1::timestamptz - interval '1 minute' AS unnoted
FROM api_key k JOIN client c ON c.id = k.client_id
WHERE k.id = $2 AND k.digest = ANY($3::bytea[]) AND k.revoked_at IS NULL AND c.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > $1)"""

# Once a minute at most; a digest under an old value of SECRET_KEY is written again, and at once, under the newest. Not
# with the look-up: to know who asks must need no write, nor a standby that confirms it.
RECORD_USE = """UPDATE api_key SET last_used_at = $1, digest = $3, digested_under = $4
WHERE id = $2 AND (digested_under IS DISTINCT FROM $4 OR last_used_at IS NULL
    OR last_used_at < $1::timestamptz - interval '1 minute')"""

FIND_BY_ISSUER = """SELECT id, role, training_organisation_id FROM client
WHERE issuer_client_id = $1 AND revoked_at IS NULL"""

ADD_CLIENT = """INSERT INTO client (id, name, role, training_organisation_id, issuer_client_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING RETURNING *"""

# Keys of one client are made one after the other.
LOCK_CLIENT = "SELECT * FROM client WHERE id = $1 AND revoked_at IS NULL FOR NO KEY UPDATE"

LIVE_KEYS = """SELECT id FROM api_key
WHERE client_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, id"""

ADD_KEY = """INSERT INTO api_key (id, client_id, digest, digested_under, scopes, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""

REVOKE_KEY = f"""WITH revoked AS (UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id)
SELECT pg_notify('{REVOCATIONS_CHANNEL}', '') FROM revoked"""

# Its name at the issuer is free again.
REVOKE_CLIENT = f"""WITH revoked AS (UPDATE client SET revoked_at = $2, issuer_client_id = NULL
    WHERE id = $1 AND revoked_at IS NULL RETURNING id),
keys AS (UPDATE api_key SET revoked_at = $2 FROM revoked WHERE client_id = revoked.id AND api_key.revoked_at IS NULL)
SELECT pg_notify('{REVOCATIONS_CHANNEL}', '') FROM revoked"""

KEYS = """SELECT k.id, k.client_id, c.name, c.role, c.training_organisation_id, k.scopes, k.created_at, k.expires_at,
    k.last_used_at, k.revoked_at FROM api_key k JOIN client c ON c.id = k.client_id"""


def _client(row: Row, scopes: Iterable[str] | None) -> Client:
    limits = frozenset(scopes) if scopes is not None else None
    return Client(row["id"], Role(row["role"]), row["training_organisation_id"], limits)


async def find_key(
    database: Database, key_id: str, digests: Sequence[KeyDigest], now: datetime
) -> AuthenticatedClient | None:
    """The client of a live key of that identifier, when one of `digests`, newest first, is that of its secret."""
    newest = digests[0]
    row = await database.one(FIND_KEY, now, key_id, [digest.content for digest in digests], newest.secret_fingerprint)
    if row is None:
        return None
    if row["unnoted"]:
        await _record_use(database, key_id, newest, now)
    return AuthenticatedClient(_client(row, row["scopes"]), row["expires_at"])


async def _record_use(database: Database, key_id: str, newest: KeyDigest, now: datetime) -> None:
    """Where writing fails, the next use is noted: nobody is refused for it."""
    try:
        async with asyncio.timeout(RECORD_USE_SECONDS), database.local_commit_pool.acquire() as pooled:
            await pooled.connection.fetchrow(RECORD_USE, now, key_id, newest.content, newest.secret_fingerprint)
    except UNAVAILABLE_ERRORS as failure:
        _LOG.warning("the use of a key is not noted", exc_info=failure)


async def find_client_of_issuer(reader: Reader, issuer_client_id: str, scopes: Iterable[str] | None) -> Client | None:
    """The client that the issuer of access tokens knows by this name, within these scopes."""
    row = await reader.one(FIND_BY_ISSUER, issuer_client_id)
    return _client(row, scopes) if row else None


async def add_client(
    transaction: Transaction, client: Client, name: str, now: datetime, *, issuer_client_id: str | None = None
) -> Row | None:
    """The row; None when there is a client of that identifier already."""
    return await transaction.one(
        ADD_CLIENT, client.id, name, client.role, client.training_organisation_id, issuer_client_id, now
    )


async def lock_client(transaction: Transaction, client: UUID) -> Row | None:
    """The row of a client that is not revoked, kept from changing until the transaction ends."""
    return await transaction.one(LOCK_CLIENT, client)


async def read_client(reader: Reader, client: UUID) -> Row | None:
    return await reader.one("SELECT * FROM client WHERE id = $1", client)


async def is_known_to_issuer(reader: Reader, issuer_client_id: str) -> bool:
    """Whether some client has this name already."""
    return await reader.one("SELECT FROM client WHERE issuer_client_id = $1", issuer_client_id) is not None


async def live_keys(transaction: Transaction, client: UUID, now: datetime) -> list[str]:
    """The identifiers of the client's keys that open now, oldest first."""
    return [row["id"] for row in await transaction.many(LIVE_KEYS, client, now)]


async def add_key(
    transaction: Transaction,
    key_id: str,
    client: UUID,
    digest: KeyDigest,
    *,
    expires_at: datetime | None,
    now: datetime,
    scopes: Sequence[str] | None = None,
) -> None:
    await transaction.run(ADD_KEY, key_id, client, digest.content, digest.secret_fingerprint, scopes, expires_at, now)


async def read_key(reader: Reader, key_id: str) -> Row | None:
    return await reader.one(f"{KEYS} WHERE k.id = $1", key_id)


async def revoke_key(transaction: Transaction, key_id: str, now: datetime) -> bool:
    """Whether a live key of that identifier was there to be revoked; no process believes it after the commit."""
    return await transaction.one(REVOKE_KEY, key_id, now) is not None


async def revoke_client(transaction: Transaction, client: UUID, now: datetime) -> bool:
    """The same for a client, its keys and its access tokens."""
    return await transaction.one(REVOKE_CLIENT, client, now) is not None


async def list_keys(reader: Reader) -> list[Row]:
    """Every key ever made, oldest first, without its digest."""
    return await reader.many(f"{KEYS} ORDER BY k.created_at, k.id")


async def list_page_of_keys(reader: Reader, page: PageQuery) -> PageRows:
    return await replace(page, sort="created_at").fetch(reader, KEYS, table_alias="k")


async def list_clients(reader: Reader) -> list[Row]:
    """Every client ever made, oldest first."""
    return await reader.many("SELECT * FROM client ORDER BY created_at, id")


async def list_page_of_clients(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, "SELECT c.* FROM client c", table_alias="c")
