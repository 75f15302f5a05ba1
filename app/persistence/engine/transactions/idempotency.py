"""What `Idempotency-Key` promises: the same key and request get the same response, byte for byte."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from app.domain.errors import Conflict
from app.persistence.engine.driver_types import AsyncpgConnection
from app.persistence.engine.transactions.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ReplayableResponse:
    """The response to a request; `headers` are those that a replay must repeat."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """One request with a key, unique per client; equal requests have equal fingerprints."""

    client_id: UUID
    key: str
    fingerprint: bytes
    at: datetime
    conflict_response: Callable[[Conflict], ReplayableResponse]

    @property
    def lock_key(self) -> int:
        """The key as the 64 signed bits of an advisory lock; two keys that collide only get a needless 409."""
        digest = blake2b(f"{self.client_id}:{self.key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)


class AlreadyCompleted(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The request was carried out before; `response` is its stored response."""

    def __init__(self, response: ReplayableResponse) -> None:
        super().__init__("already answered")
        self.response = response


class ConflictStored(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The request met a conflict; `response` is stored, for this request and for each replay."""

    def __init__(self, response: ReplayableResponse) -> None:
        super().__init__("conflict answered")
        self.response = response


class IdempotencyKeyReused(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The key was used for another request before."""


FIND_RESPONSE = """SELECT fingerprint, status AS answered_status, headers AS answered_headers, body AS answered_body
FROM idempotency WHERE client_id = $1 AND key = $2"""

# In the order of `row_values`.
RESPONSE_COLUMNS = "client_id, key, fingerprint, status, headers, body, created_at"
INSERT_RESPONSE = f"""
INSERT INTO idempotency ({RESPONSE_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


def check_stored_row(idempotency: IdempotentRequest, row: Mapping[str, Any]) -> None:
    """Raise AlreadyCompleted or IdempotencyKeyReused when the row has a stored response: a `fingerprint`."""
    if row["fingerprint"] is None:
        return
    if row["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyKeyReused
    headers = orjson.loads(row["answered_headers"])
    raise AlreadyCompleted(ReplayableResponse(row["answered_status"], row["answered_body"], headers, replayed=True))


def row_values(idempotency: IdempotentRequest, response: ReplayableResponse) -> tuple[object, ...]:
    """The values of a row of the table, in the order of RESPONSE_COLUMNS."""
    headers = orjson.dumps(dict(response.headers)).decode()
    return (
        idempotency.client_id,
        idempotency.key,
        idempotency.fingerprint,
        response.status,
        headers,
        response.body,
        idempotency.at,
    )


async def store_conflict(
    connection: AsyncpgConnection, idempotency: IdempotentRequest, conflict: Conflict
) -> ReplayableResponse:
    """Store the response to a conflict, and return it. One that is stored under the key already stays."""
    response = idempotency.conflict_response(conflict)
    await connection.execute(f"{INSERT_RESPONSE} ON CONFLICT DO NOTHING", *row_values(idempotency, response))
    return response


async def check_not_replayed(transaction: Transaction, idempotency: IdempotentRequest | None) -> None:
    """Raise AlreadyCompleted or IdempotencyKeyReused when the key has a stored response."""
    if idempotency is None:
        return
    row = await transaction.one(FIND_RESPONSE, idempotency.client_id, idempotency.key)
    if row is not None:
        check_stored_row(idempotency, row)


async def store_response(
    transaction: Transaction, idempotency: IdempotentRequest | None, response: ReplayableResponse
) -> ReplayableResponse:
    """Store the response in the transaction of the work it reports; return it."""
    if idempotency is not None:
        await transaction.run(INSERT_RESPONSE, *row_values(idempotency, response))
    return response
