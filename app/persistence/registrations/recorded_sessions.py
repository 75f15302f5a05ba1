"""The sessions of registrations, with what no rule reads: where they are, who has a seat, why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.domain.facts.registration_terms import CancellationCause, Seat
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.registrations import SEAT, SEAT_PLACE

# Of a registration `r` and its published session `s`, if any. A motive that names no cause is what somebody wrote.
JOIN_SESSION = "LEFT JOIN session s ON s.id = r.session_id"
RECORDED_COLUMNS = f"""r.session_id, r.session_place, r.session_reference, {SEAT} AS seat, {SEAT_PLACE} AS seat_place,
    s.confirmed_at IS NOT NULL AND s.cancelled_at IS NULL AS is_confirmed,
    s.seats_waiting > 0 OR s.seats_taken >= s.capacity AS is_full,
    CASE WHEN r.status = 'cancelled' AND r.session_id IS NOT NULL THEN r.motive END AS cancelled_because"""
READ = f"SELECT r.id, {RECORDED_COLUMNS} FROM registration r {JOIN_SESSION} WHERE r.adviser_id = $1"


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """The session of a registration. `session_id` is that of a published one; only such a one has seats, is confirmed,
    or cancels its registrations. `seat_place` counts those who wait, from 1; `is_full`: whoever comes now waits. What
    was erased is None."""

    session_id: UUID | None = None
    place: str | None = None
    reference: str | None = None
    seat: Seat | None = None
    seat_place: int | None = None
    is_confirmed: bool = False
    is_full: bool = False
    cancelled_because: CancellationCause | None = None


NOTHING_KNOWN = RecordedSession()


def recorded_session(row: Row) -> RecordedSession:
    """Of a row with RECORDED_COLUMNS."""
    motive = row["cancelled_because"]
    return RecordedSession(
        row["session_id"],
        row["session_place"],
        row["session_reference"],
        Seat(row["seat"]) if row["seat"] else None,
        row["seat_place"],
        bool(row["is_confirmed"]),
        bool(row["is_full"]),
        CancellationCause(motive) if motive in {*CancellationCause} else None,
    )


async def read_recorded_sessions(reader: Reader, adviser: UUID) -> Mapping[UUID, RecordedSession]:
    """The session of each registration of the adviser, by its id."""
    return {row["id"]: recorded_session(row) for row in await reader.many(READ, adviser)}
