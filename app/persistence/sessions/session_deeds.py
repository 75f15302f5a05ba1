"""What is done of every registration of a session: asked for at once, carried out one by one, each of them once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from app.domain.facts.published_session import SessionDeed
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row

# Those that a deed concerns, refused ones too: they could be regularised otherwise. Whoever gets a seat of a confirmed
# session later is convened then: its confirmation concerns those seated now.
CONCERNED = {
    SessionDeed.MOVE: "status IN ('accepted', 'awaiting_choice', 'refused')",
    SessionDeed.CONFIRMATION: "status = 'accepted' AND EXISTS ("
    "SELECT FROM seat p WHERE p.registration_id = registration.id AND p.number IS NOT NULL)",
    SessionDeed.CANCELLATION: "status IN ('accepted', 'awaiting_choice', 'refused')",
}
# To run once the session is locked, in a statement of its own: it sees every registration committed before.
_TARGETS = "SELECT id FROM registration WHERE session_id = $2 AND {}"
ASK = """WITH concerned AS MATERIALIZED ({targets}), asked AS (
    INSERT INTO session_deed (id, session_id, kind, tells, client_id, request_id, concerned, requested_at, finished_at,
        former)
    SELECT $1::uuid, $2::uuid, $3::text, $4::boolean, $5::uuid, $6::uuid, count(*), $7::timestamptz,
        CASE WHEN count(*) = 0 THEN $7::timestamptz END, $8::json FROM concerned
    RETURNING id, concerned
), targets AS (
    INSERT INTO session_deed_target (deed_id, registration_id) SELECT asked.id, concerned.id FROM asked, concerned
)
SELECT concerned FROM asked"""

# Of one registration, deeds are done in the order in which they were asked for.
_LEFT = """session_deed o JOIN session_deed_target w ON w.deed_id = o.id AND w.done_at IS NULL
    WHERE o.session_id = d.session_id AND o.finished_at IS NULL AND w.registration_id = t.registration_id"""
_DUE = f"""t.deed_id = d.id AND t.done_at IS NULL AND (t.retry_at IS NULL OR t.retry_at <= $1)
    AND NOT EXISTS (SELECT FROM {_LEFT} AND o.id < d.id)"""
# With something to do: a registration, or the end, which a worker that was killed has left.
FIND_OPEN = f"""SELECT d.id AS deed_id, d.session_id, d.kind, d.tells, d.request_id, d.requested_at,
    c.id, c.role, c.training_organisation_id
FROM session_deed d JOIN client c ON c.id = d.client_id
WHERE d.finished_at IS NULL AND (EXISTS (SELECT FROM session_deed_target t WHERE {_DUE})
    OR NOT EXISTS (SELECT FROM session_deed_target t WHERE t.deed_id = d.id AND t.done_at IS NULL))
ORDER BY d.requested_at, d.id LIMIT $2"""
FIND_TARGETS = f"""SELECT t.registration_id FROM session_deed d JOIN session_deed_target t ON {_DUE}
WHERE d.id = $2 ORDER BY t.registration_id LIMIT $3"""

# Whoever marks it has done it: a second worker finds it marked, and undoes its own transaction. It is overtaken when
# the same is to be done again, or undone, by a deed that was asked for since: people are told once, of the last one.
MARK_DONE = f"""UPDATE session_deed_target t SET done_at = $3, retry_at = NULL FROM session_deed d
WHERE d.id = $1 AND t.deed_id = d.id AND t.registration_id = $2 AND t.done_at IS NULL
RETURNING EXISTS (SELECT FROM {_LEFT} AND o.id > d.id
    AND (o.kind = 'cancellation' OR o.kind = d.kind AND (o.tells OR NOT d.tells))) AS is_overtaken"""
# From a minute to an hour: what fails is a fault of the program, which somebody mends.
PUT_OFF = """UPDATE session_deed_target SET failures = failures + 1,
    retry_at = $3::timestamptz + make_interval(secs => least(3600, 60 * power(2, least(failures, 10))))
WHERE deed_id = $1 AND registration_id = $2 AND done_at IS NULL"""
RECORD_PROGRESS = """UPDATE session_deed d SET done = greatest(d.done, c.done), failing = c.failing,
    finished_at = CASE WHEN c.done = d.concerned THEN $2::timestamptz END
FROM (SELECT count(done_at) AS done, count(*) FILTER (WHERE done_at IS NULL AND failures > 0) AS failing
    FROM session_deed_target WHERE deed_id = $1) c
WHERE d.id = $1 AND d.finished_at IS NULL RETURNING d.concerned, d.finished_at IS NOT NULL AS is_finished"""

# Seats are free and waited for only as long as it takes a worker to give them.
MEASURE = """SELECT
    (SELECT count(*) FROM session_deed WHERE finished_at IS NULL) AS open,
    (SELECT min(requested_at) FROM session_deed WHERE finished_at IS NULL) AS oldest,
    (SELECT coalesce(sum(failing), 0) FROM session_deed WHERE finished_at IS NULL) AS failing,
    (SELECT coalesce(sum(least(capacity - seats_taken, seats_waiting)), 0) FROM session
        WHERE seats_waiting > 0 AND cancelled_at IS NULL AND starts_on > $1) AS to_give"""


@dataclass(frozen=True, slots=True)
class OpenDeed:
    """A deed to carry out, on behalf of the client whose row has `id`, `role` and `training_organisation_id`. `tells`:
    those whom it concerns are told."""

    id: UUID
    session_id: UUID
    kind: SessionDeed
    tells: bool
    client: Row
    request_id: UUID | None
    requested_at: datetime


async def ask(
    transaction: Transaction,
    session: UUID,
    kind: SessionDeed,
    client: UUID,
    request: UUID | None,
    now: datetime,
    *,
    tells: bool = True,
    former: Mapping[str, Any] | None = None,
) -> int:
    """Ask for a deed on the registrations of a session whose row is locked; return how many it concerns. `former` are
    the columns that people were told of, before it moved."""
    statement = ASK.format(targets=_TARGETS.format(CONCERNED[kind]))
    was = orjson.dumps(former, default=str).decode() if former is not None else None
    row = await transaction.one(statement, uuid7(), session, kind, tells, client, request, now, was)
    return int(row["concerned"]) if row else 0


async def find_open(reader: Reader, now: datetime, limit: int) -> list[OpenDeed]:
    """The oldest deeds of which something can be done now."""
    return [
        OpenDeed(
            row["deed_id"],
            row["session_id"],
            SessionDeed(row["kind"]),
            row["tells"],
            row,
            row["request_id"],
            row["requested_at"],
        )
        for row in await reader.many(FIND_OPEN, now, limit)
    ]


async def find_targets(reader: Reader, deed: UUID, now: datetime, limit: int) -> Sequence[UUID]:
    """Registrations for which the deed can be done now."""
    return [row["registration_id"] for row in await reader.many(FIND_TARGETS, now, deed, limit)]


async def mark_done(transaction: Transaction, deed: UUID, registration: UUID, now: datetime) -> Row | None:
    """Whether it `is_overtaken`, when this transaction is the one that does it; else None."""
    return await transaction.one(MARK_DONE, deed, registration, now)


async def put_off(transaction: Transaction, deed: UUID, registration: UUID, now: datetime) -> None:
    """It failed for this registration: it is tried again later."""
    await transaction.run(PUT_OFF, deed, registration, now)


async def record_progress(transaction: Transaction, deed: UUID, now: datetime) -> Row | None:
    """Count what is done, for those who follow it, and finish the deed once that is all: `is_finished`, and how many it
    `concerned`. None when it was finished before."""
    return await transaction.one(RECORD_PROGRESS, deed, now)


async def measure(reader: Reader, today: date) -> Row:
    """How many deeds are `open`, since when the `oldest` is (None without one), for how many registrations they are
    `failing`; and how many free seats are still `to_give`."""
    return await reader.one(MEASURE, today) or {}
