"""What `Idempotency-Key` promises: the same key and request get the same answer, byte for byte."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID

import orjson

from app.domain.errors import Conflict
from app.persistence.engine.driver_types import AsyncpgConnection, Row
from app.persistence.schema.retention_periods import RESPONSES_RETENTION


@dataclass(frozen=True, slots=True)
class ReplayableResponse:
    """What the client is told; `headers` are those a replay must repeat."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """One request with a key, in the scope of a client; `fingerprint` is equal for equal requests."""

    client_id: UUID
    key: str
    fingerprint: bytes
    at: datetime
    conflict_response: Callable[[Conflict], ReplayableResponse]

    @property
    def lock_key(self) -> int:
        """The key as the 64 signed bits of an advisory lock; two keys that meet there only get a needless 409."""
        digest = blake2b(f"{self.client_id}:{self.key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)


class AlreadyCompleted(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The attempt was carried out before; this is what was answered."""

    def __init__(self, response: ReplayableResponse) -> None:
        super().__init__("already answered")
        self.response = response


class ConflictStored(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The attempt met a conflict, and this is what it is answered, now and at each replay."""

    def __init__(self, response: ReplayableResponse) -> None:
        super().__init__("conflict answered")
        self.response = response


class IdempotencyKeyReused(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The key was used for another request."""


FIND_RESPONSE = """SELECT fingerprint, status AS answered_status, headers AS answered_headers, body AS answered_body
FROM idempotency WHERE client_id = $1 AND key = $2"""

INSERT_RESPONSE = """
INSERT INTO idempotency (client_id, key, fingerprint, status, headers, body, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


def check_stored_row(idempotency: IdempotentRequest, row: Mapping[str, Any]) -> None:
    """Raise AlreadyAnswered, or KeyReused, when `row` holds an earlier answer; its `fingerprint` is None otherwise."""
    if row["fingerprint"] is None:
        return
    if row["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyKeyReused
    headers = orjson.loads(row["answered_headers"])
    raise AlreadyCompleted(ReplayableResponse(row["answered_status"], row["answered_body"], headers, replayed=True))


def row_values(idempotency: IdempotentRequest, response: ReplayableResponse) -> tuple[object, ...]:
    """The values of a row of the table, in the order of REMEMBER."""
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
    """Keep a decided 4xx, and return it. Should another request with the key have been quicker, its answer stands."""
    answer = idempotency.conflict_response(conflict)
    await connection.execute(f"{INSERT_RESPONSE} ON CONFLICT DO NOTHING", *row_values(idempotency, answer))
    return answer


class RowReader(Protocol):
    """Whatever can be asked for one row."""

    async def one(self, sql: str, *values: object) -> Row | None: ...


class StatementRunner(RowReader, Protocol):
    """A transaction, as far as remembering needs one."""

    async def run(self, sql: str, *values: object) -> None: ...


async def check_not_replayed(transaction: StatementRunner, idempotency: IdempotentRequest | None) -> None:
    """Raise AlreadyAnswered or KeyReused when the attempt was carried out before."""
    if idempotency is None:
        return
    row = await transaction.one(FIND_RESPONSE, idempotency.client_id, idempotency.key)
    if row is not None:
        check_stored_row(idempotency, row)


async def store_response(
    transaction: StatementRunner, idempotency: IdempotentRequest | None, response: ReplayableResponse
) -> ReplayableResponse:
    """Keep the answer beside the work it reports; return it."""
    if idempotency is not None:
        await transaction.run(INSERT_RESPONSE, *row_values(idempotency, response))
    return response


DELETE_EXPIRED = (
    "WITH old AS (DELETE FROM idempotency WHERE created_at < $1 RETURNING 1) SELECT count(*) AS forgotten FROM old"
)


async def delete_expired_responses(reader: RowReader, now: datetime) -> int:
    """Forget the answers kept longer than promised; return how many."""
    row = await reader.one(DELETE_EXPIRED, now - RESPONSES_RETENTION)
    return int(row["forgotten"]) if row else 0
