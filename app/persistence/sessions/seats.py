"""The seats of a session: taken, waited for, left, given. Its row is locked after those of advisers, never before.

A seat is taken in one statement: the counters are those of the locked row, which PostgreSQL reads again once the lock
is had. Numbers are dense, so that the next one is the count; whoever leaves gives their number to the last one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.domain.facts.registration_terms import Seat
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row

# Nobody overtakes those who wait: a newcomer is seated only when none does. Nobody comes into a cancelled session; one
# that is new there finds it in the version ($4) that was read.
TAKE = """WITH here AS (
    UPDATE session SET arrivals = arrivals + 1, updated_at = greatest(updated_at, $3),
        seats_taken = seats_taken + (seats_waiting = 0 AND seats_taken < capacity)::int,
        seats_waiting = seats_waiting + 1 - (seats_waiting = 0 AND seats_taken < capacity)::int
    WHERE id = $1 AND cancelled_at IS NULL AND ($4::int IS NULL OR version = $4)
    RETURNING id, capacity, arrivals, seats_taken, seats_waiting, confirmed_at
)
INSERT INTO seat (registration_id, session_id, capacity, arrival, number)
SELECT $2, id, capacity, arrivals, CASE WHEN seats_waiting = 0 THEN seats_taken END FROM here
RETURNING CASE WHEN number IS NULL THEN (SELECT seats_waiting FROM here) END AS place,
    (SELECT confirmed_at FROM here) IS NOT NULL AS is_confirmed"""

# Of a registration that takes no seat: what was read of its session must hold until it is written.
HOLD = "SELECT FROM session WHERE id = $1 AND cancelled_at IS NULL AND version = $2 FOR SHARE"

LOCK = "SELECT FROM session WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
LEAVE = """WITH gone AS (
    DELETE FROM seat WHERE registration_id = $1 RETURNING session_id, number
), moved AS (
    UPDATE seat SET number = gone.number FROM gone JOIN session s ON s.id = gone.session_id
    WHERE seat.session_id = gone.session_id AND seat.number = s.seats_taken AND gone.number < s.seats_taken
)
UPDATE session SET updated_at = greatest(updated_at, $2),
    seats_taken = seats_taken - (gone.number IS NOT NULL)::int,
    seats_waiting = seats_waiting - (gone.number IS NULL)::int
FROM gone WHERE session.id = gone.session_id"""

# The first who waits, and nobody else.
GIVE = """WITH first AS (
    SELECT registration_id FROM seat WHERE session_id = $1 AND number IS NULL ORDER BY arrival LIMIT 1
), here AS (
    UPDATE session SET seats_taken = seats_taken + 1, seats_waiting = seats_waiting - 1,
        updated_at = greatest(updated_at, $3)
    WHERE id = $1 AND cancelled_at IS NULL AND seats_taken < capacity
        AND (SELECT registration_id FROM first) = $2
    RETURNING seats_taken, confirmed_at
)
UPDATE seat SET number = here.seats_taken FROM here WHERE seat.registration_id = $2
RETURNING here.confirmed_at IS NOT NULL AS is_confirmed"""

# Of an adviser: whoever waits, and seats of sessions to come; by the index of registrations, as seats have none. What
# was attended stays.
FIND_COMING = """SELECT p.session_id, p.registration_id FROM registration r
JOIN seat p ON p.registration_id = r.id JOIN session s ON s.id = p.session_id
WHERE r.adviser_id = $1 AND (p.number IS NULL OR s.starts_on > $2) ORDER BY p.session_id"""
SHOW_CHANGED = "UPDATE registration SET version = version + 1, updated_at = $2 WHERE id = ANY($1::uuid[])"

# What a worker cannot lose: it is read off the sessions themselves.
FIND_SEATS_TO_GIVE = """SELECT s.id AS session_id, p.registration_id FROM session s CROSS JOIN LATERAL (
    SELECT registration_id, arrival FROM seat WHERE session_id = s.id AND number IS NULL
    ORDER BY arrival LIMIT s.capacity - s.seats_taken
) p
WHERE s.seats_waiting > 0 AND s.seats_taken < s.capacity AND s.cancelled_at IS NULL AND s.starts_on > $1
ORDER BY s.starts_on, s.id, p.arrival LIMIT $2"""
FIND_WAITING_IN_VAIN = """SELECT p.registration_id, s.starts_on
FROM session s JOIN seat p ON p.session_id = s.id AND p.number IS NULL
WHERE s.seats_waiting > 0 AND s.cancelled_at IS NULL AND s.starts_on <= $1
ORDER BY s.starts_on, s.id, p.arrival LIMIT $2"""


@dataclass(frozen=True, slots=True)
class Place:
    """What a registration got: a seat, or its `place` among those who wait, from 1. `is_confirmed`: its session will be
    held, and whoever has a seat is convened."""

    seat: Seat
    place: int | None
    is_confirmed: bool


class SessionChangedMeanwhile(Exception):  # noqa: N818  # what happened, not a mistake
    """The session was changed or cancelled between its reading and this write: decide again."""


async def take(
    transaction: Transaction, session: UUID, registration: UUID, now: datetime, *, version: int | None
) -> Place | None:
    """Take a seat, or a place among those who wait; locks the session. `version` is that of the session which a new
    registration has read, None when it was registered before; then None is returned of a session that is cancelled.
    Raise SessionChangedMeanwhile."""
    row = await transaction.one(TAKE, session, registration, now, version)
    if row is None and version is not None:
        raise SessionChangedMeanwhile
    if row is None:
        return None
    return Place(Seat.SEATED if row["place"] is None else Seat.WAITING, row["place"], row["is_confirmed"])


async def hold(transaction: Transaction, session: UUID, version: int) -> None:
    """Keep the session as it was read until the transaction ends. Raise SessionChangedMeanwhile."""
    if await transaction.one(HOLD, session, version) is None:
        raise SessionChangedMeanwhile


async def lock(transaction: Transaction, sessions: Iterable[UUID]) -> None:
    """Lock these sessions, in the order of their ids, until the transaction ends."""
    await transaction.run(LOCK, [*sessions])


async def leave(transaction: Transaction, registration: UUID, now: datetime) -> None:
    """Leave the seat, or the queue, of a session that is locked."""
    await transaction.run(LEAVE, registration, now)


async def leave_for_good(transaction: Transaction, adviser: UUID, today: date, now: datetime) -> None:
    """Leave what this adviser, who is locked, waits for, and the seats of sessions to come; locks these sessions."""
    rows = await transaction.many(FIND_COMING, adviser, today)
    if not rows:
        return
    await lock(transaction, {row["session_id"] for row in rows})
    for row in rows:
        await leave(transaction, row["registration_id"], now)
    await transaction.run(SHOW_CHANGED, [row["registration_id"] for row in rows], now)


async def give(transaction: Transaction, session: UUID, registration: UUID, now: datetime) -> Place | None:
    """Give a free seat to the first who waits; None when there is none, or somebody else is the first. Locks the
    session."""
    await lock(transaction, (session,))
    row = await transaction.one(GIVE, session, registration, now)
    return Place(Seat.SEATED, None, row["is_confirmed"]) if row else None


async def seats_to_give(reader: Reader, today: date, limit: int) -> Sequence[Row]:
    """Sessions to come with free seats, with as many of those who wait, the first of each session first."""
    return await reader.many(FIND_SEATS_TO_GIVE, today, limit)


async def waiting_in_vain(reader: Reader, today: date, limit: int) -> Sequence[Row]:
    """The registrations that still wait on the first day of their session, which is given, or after."""
    return await reader.many(FIND_WAITING_IN_VAIN, today, limit)
