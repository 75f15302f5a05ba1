"""What is done of every registration of a session: asked for at once, carried out one by one, each of them once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.facts.published_session import SessionDeed
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row

# Those that a deed concerns: a session that moves takes refused ones along.
CONCERNED = {
    SessionDeed.MOVE: "status IN ('accepted', 'awaiting_choice', 'refused')",
    SessionDeed.CONFIRMATION: "status = 'accepted'",
    SessionDeed.CANCELLATION: "status IN ('accepted', 'awaiting_choice')",
}
# To run once the session is locked, in a statement of its own: it sees every registration committed before.
_TARGETS = "SELECT id FROM registration WHERE session_id = $2 AND {}"
ASK = """WITH concerned AS MATERIALIZED ({targets}), asked AS (
    INSERT INTO session_deed (id, session_id, kind, tells, client_id, request_id, concerned, requested_at, finished_at)
    SELECT $1::uuid, $2::uuid, $3::text, $4::boolean, $5::uuid, $6::uuid, count(*), $7::timestamptz,
        CASE WHEN count(*) = 0 THEN $7::timestamptz END FROM concerned
    RETURNING id, concerned
), targets AS (
    INSERT INTO session_deed_target (deed_id, registration_id) SELECT asked.id, concerned.id FROM asked, concerned
)
SELECT concerned FROM asked"""

# In the order in which they were asked for: of one session, the next begins when the former is finished.
FIND_OPEN = """SELECT d.id, d.session_id, d.kind, d.tells, d.client_id, d.request_id, d.requested_at
FROM session_deed d WHERE d.finished_at IS NULL AND NOT EXISTS (
    SELECT FROM session_deed f WHERE f.session_id = d.session_id AND f.finished_at IS NULL AND f.id < d.id)
ORDER BY d.requested_at, d.id LIMIT $1"""
DEED_COLUMNS = ("id", "session_id", "tells", "client_id", "request_id", "requested_at")
FIND_TARGETS = """SELECT registration_id FROM session_deed_target WHERE deed_id = $1 AND done_at IS NULL
ORDER BY registration_id LIMIT $2"""
# Whoever marks it has done it: a second worker finds it marked, and undoes its own transaction.
MARK_DONE = """UPDATE session_deed_target SET done_at = $3 WHERE deed_id = $1 AND registration_id = $2
    AND done_at IS NULL RETURNING 1"""
FINISH = """UPDATE session_deed d SET finished_at = $2, done = d.concerned WHERE d.id = $1 AND d.finished_at IS NULL
    AND NOT EXISTS (SELECT FROM session_deed_target t WHERE t.deed_id = d.id AND t.done_at IS NULL)
RETURNING d.concerned"""
RECORD_PROGRESS = """UPDATE session_deed d SET done = (
    SELECT count(*) FROM session_deed_target t WHERE t.deed_id = d.id AND t.done_at IS NOT NULL)
WHERE d.id = $1 AND d.finished_at IS NULL"""


@dataclass(frozen=True, slots=True)
class OpenDeed:
    """A deed to carry out. `tells`: those whom it concerns are told."""

    id: UUID
    session_id: UUID
    kind: SessionDeed
    tells: bool
    client_id: UUID
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
) -> int:
    """Ask for a deed on the registrations of a session whose row is locked; return how many it concerns."""
    statement = ASK.format(targets=_TARGETS.format(CONCERNED[kind]))
    row = await transaction.one(statement, uuid7(), session, kind, tells, client, request, now)
    return int(row["concerned"]) if row else 0


async def find_open(reader: Reader, limit: int) -> list[OpenDeed]:
    """The oldest deeds that are not finished, one a session."""
    rows = await reader.many(FIND_OPEN, limit)
    return [OpenDeed(kind=SessionDeed(row["kind"]), **{name: row[name] for name in DEED_COLUMNS}) for row in rows]


async def find_targets(reader: Reader, deed: UUID, limit: int) -> Sequence[UUID]:
    """Registrations for which the deed is not done yet."""
    return [row["registration_id"] for row in await reader.many(FIND_TARGETS, deed, limit)]


async def mark_done(transaction: Transaction, deed: UUID, registration: UUID, now: datetime) -> bool:
    """Whether this transaction is the one that does it."""
    return await transaction.one(MARK_DONE, deed, registration, now) is not None


async def record_progress(transaction: Transaction, deed: UUID) -> None:
    """Count what is done, for those who follow it."""
    await transaction.run(RECORD_PROGRESS, deed)


async def finish(transaction: Transaction, deed: UUID, now: datetime) -> Row | None:
    """Finish the deed once it is done for all: how many it `concerned`; None when it is not, or was finished before."""
    return await transaction.one(FINISH, deed, now)
