"""What `Idempotency-Key` promises: the same key and request get the same answer, byte for byte."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID

import orjson

from app.domain.errors import Conflict
from app.persistence.engine.driver_types import Driver, Row
from app.persistence.schema.retention_periods import ANSWERS


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client is told; `headers` are those a replay must repeat."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request with a key, in the scope of a client; `fingerprint` is equal for equal requests."""

    client_id: UUID
    key: str
    fingerprint: bytes
    at: datetime
    word_conflict: Callable[[Conflict], Answer]

    @property
    def number(self) -> int:
        """The key as the 64 signed bits of an advisory lock; two keys that meet there only get a needless 409."""
        digest = blake2b(f"{self.client_id}:{self.key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)


class AlreadyAnswered(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The attempt was carried out before; this is what was answered."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("already answered")
        self.answer = answer


class ConflictAnswered(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The attempt met a conflict, and this is what it is answered, now and at each replay."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("conflict answered")
        self.answer = answer


class KeyReused(Exception):  # noqa: N818  # an answer to a caller, named for what it says
    """The key was used for another request."""


FIND = """SELECT fingerprint, status AS answered_status, headers AS answered_headers, body AS answered_body
FROM idempotency WHERE client_id = $1 AND key = $2"""

REMEMBER = """
INSERT INTO idempotency (client_id, key, fingerprint, status, headers, body, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


def check_not_answered(attempt: Attempt, row: Mapping[str, Any]) -> None:
    """Raise AlreadyAnswered, or KeyReused, when `row` holds an earlier answer; its `fingerprint` is None otherwise."""
    if row["fingerprint"] is None:
        return
    if row["fingerprint"] != attempt.fingerprint:
        raise KeyReused
    headers = orjson.loads(row["answered_headers"])
    raise AlreadyAnswered(Answer(row["answered_status"], row["answered_body"], headers, replayed=True))


def columns(attempt: Attempt, answer: Answer) -> tuple[object, ...]:
    """The values of a row of the table, in the order of REMEMBER."""
    headers = orjson.dumps(dict(answer.headers)).decode()
    return attempt.client_id, attempt.key, attempt.fingerprint, answer.status, headers, answer.body, attempt.at


async def remember_conflict(connection: Driver, attempt: Attempt, conflict: Conflict) -> Answer:
    """Keep a decided 4xx, and return it. Should another request with the key have been quicker, its answer stands."""
    answer = attempt.word_conflict(conflict)
    await connection.execute(f"{REMEMBER} ON CONFLICT DO NOTHING", *columns(attempt, answer))
    return answer


class Asked(Protocol):
    """Whatever can be asked for one row."""

    async def one(self, sql: str, *values: object) -> Row | None: ...


class Running(Asked, Protocol):
    """A transaction, as far as remembering needs one."""

    async def run(self, sql: str, *values: object) -> None: ...


async def find_answer(transaction: Running, attempt: Attempt | None) -> None:
    """Raise AlreadyAnswered or KeyReused when the attempt was carried out before."""
    if attempt is None:
        return
    row = await transaction.one(FIND, attempt.client_id, attempt.key)
    if row is not None:
        check_not_answered(attempt, row)


async def remember(transaction: Running, attempt: Attempt | None, answer: Answer) -> Answer:
    """Keep the answer beside the work it reports; return it."""
    if attempt is not None:
        await transaction.run(REMEMBER, *columns(attempt, answer))
    return answer


FORGET = "WITH old AS (DELETE FROM idempotency WHERE created_at < $1 RETURNING 1) SELECT count(*) AS forgotten FROM old"


async def forget_old_answers(reader: Asked, now: datetime) -> int:
    """Forget the answers kept longer than promised; return how many."""
    row = await reader.one(FORGET, now - ANSWERS)
    return int(row["forgotten"]) if row else 0
