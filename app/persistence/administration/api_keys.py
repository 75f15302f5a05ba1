"""API keys of clients. A key is stored as a digest; its identifier, which is no secret, finds it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from app.persistence.administration.clients import REVOCATIONS_CHANNEL, AuthenticatedClient, client_of_row
from app.persistence.engine.database import Database, Reader, Transaction
from app.persistence.engine.database_errors import UNAVAILABLE_ERRORS
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """What is stored of a key; `secret_fingerprint` names the value of SECRET_KEY that is part of the digest."""

    content: bytes
    secret_fingerprint: str


RECORD_USE_SECONDS = 1.0
_LOG: structlog.stdlib.BoundLogger = structlog.get_logger("app.clients")

FIND_KEY = """SELECT k.expires_at, k.scopes, c.id, c.role, c.training_organisation_id,
    k.digested_under IS DISTINCT FROM $4 OR k.last_used_at IS NULL
        OR k.last_used_at < $1::timestamptz - interval '1 minute' AS unnoted
FROM api_key k JOIN client c ON c.id = k.client_id
WHERE k.id = $2 AND k.digest = ANY($3::bytea[]) AND k.revoked_at IS NULL AND c.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > $1)"""

# Once a minute at most; a digest under an old value of SECRET_KEY is replaced at once by one under the newest. Not in
# the look-up: authentication must need no write, nor a standby that confirms it.
RECORD_USE = """UPDATE api_key SET last_used_at = $1, digest = $3, digested_under = $4
WHERE id = $2 AND (digested_under IS DISTINCT FROM $4 OR last_used_at IS NULL
    OR last_used_at < $1::timestamptz - interval '1 minute')"""

LIVE_KEYS = """SELECT id FROM api_key
WHERE client_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, id"""

ADD_KEY = """INSERT INTO api_key (id, client_id, digest, digested_under, scopes, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""

REVOKE_KEY = f"""WITH revoked AS (UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id)
SELECT pg_notify('{REVOCATIONS_CHANNEL}', '') FROM revoked"""

KEYS = """SELECT k.id, k.client_id, c.name, c.role, c.training_organisation_id, k.scopes, k.created_at, k.expires_at,
    k.last_used_at, k.revoked_at FROM api_key k JOIN client c ON c.id = k.client_id"""


async def find_key(
    database: Database, key_id: str, digests: Sequence[KeyDigest], now: datetime
) -> AuthenticatedClient | None:
    """The client of the live key of that identifier; None unless one of `digests`, newest first, is the stored one."""
    newest = digests[0]
    row = await database.one(FIND_KEY, now, key_id, [digest.content for digest in digests], newest.secret_fingerprint)
    if row is None:
        return None
    if row["unnoted"]:
        await _record_use(database, key_id, newest, now)
    return AuthenticatedClient(client_of_row(row, row["scopes"]), row["expires_at"])


async def _record_use(database: Database, key_id: str, newest: KeyDigest, now: datetime) -> None:
    """Where writing fails, the next use is recorded: no request is refused for it."""
    try:
        async with asyncio.timeout(RECORD_USE_SECONDS), database.local_commit_pool.acquire() as pooled:
            await pooled.connection.fetchrow(RECORD_USE, now, key_id, newest.content, newest.secret_fingerprint)
    except UNAVAILABLE_ERRORS as failure:
        _LOG.warning("the use of a key is not noted", exc_info=failure)


async def live_keys(transaction: Transaction, client: UUID, now: datetime) -> list[str]:
    """The identifiers of the client's keys that are neither revoked nor expired, oldest first."""
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
    """Revoke a key; False when it is unknown or revoked already. Every process refuses it from the commit on."""
    return await transaction.one(REVOKE_KEY, key_id, now) is not None


async def list_keys(reader: Reader) -> list[Row]:
    """Every key, revoked ones too, oldest first, without its digest."""
    return await reader.many(f"{KEYS} ORDER BY k.created_at, k.id")


async def list_page_of_keys(reader: Reader, page: PageQuery) -> PageRows:
    return await replace(page, sort="created_at").fetch(reader, KEYS, table_alias="k")
