"""The sessions of an adviser's registrations, with what no rule reads: where they are, who has a seat, why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.domain.facts.registration_terms import CancellationCause, Seat
from app.persistence.engine.database import Reader
from app.persistence.registrations.registrations import SEAT, SEAT_PLACE

READ = f"""SELECT r.id, r.session_id, r.session_place, r.session_reference, {SEAT} AS seat, {SEAT_PLACE} AS seat_place,
    s.confirmed_at IS NOT NULL AND s.cancelled_at IS NULL AS is_confirmed,
    CASE WHEN r.status = 'cancelled' AND r.session_id IS NOT NULL AND r.motive = ANY($2) THEN r.motive
        END AS cancelled_because
FROM registration r LEFT JOIN session s ON s.id = r.session_id WHERE r.adviser_id = $1"""


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """The session of a registration. `session_id` is that of a published one; only such a one has seats, is confirmed,
    or cancels its registrations. `seat_place` counts those who wait, from 1. What was erased is None."""

    session_id: UUID | None = None
    place: str | None = None
    reference: str | None = None
    seat: Seat | None = None
    seat_place: int | None = None
    is_confirmed: bool = False
    cancelled_because: CancellationCause | None = None


NOTHING_KNOWN = RecordedSession()


async def read_recorded_sessions(reader: Reader, adviser: UUID) -> Mapping[UUID, RecordedSession]:
    """The session of each registration of the adviser, by its id."""
    rows = await reader.many(READ, adviser, [*CancellationCause])
    return {
        row["id"]: RecordedSession(
            row["session_id"],
            row["session_place"],
            row["session_reference"],
            Seat(row["seat"]) if row["seat"] else None,
            row["seat_place"],
            row["is_confirmed"],
            CancellationCause(row["cancelled_because"]) if row["cancelled_because"] else None,
        )
        for row in rows
    }
