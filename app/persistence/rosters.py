"""Who is registered in a session, with what it takes to convene them, and nothing more of the person (section 5ter)."""

from datetime import date
from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.employer_recipient import ACTING_EMPLOYER_CONTRACT, COVERING_CONTRACT
from app.persistence.registrations.registrations import SEAT, SEAT_PLACE

MAX_REGISTERED = 10_000  # as many as a session may have seats
_ON_THE_ROSTER = ("accepted", "completed", "absent_justified", "absent_unjustified")
_COVERING = COVERING_CONTRACT.format(adviser="r.adviser_id", day="r.session_starts_on")
_ACTING = ACTING_EMPLOYER_CONTRACT.format(adviser="r.adviser_id", day="$2::date", today="$2::date")
# The contract that covers the first day, else the one of now: whom to write to about this session.
_EMPLOYER = f"""SELECT employer_name, employer_contact_email FROM (
    (SELECT 1 AS choice, c.* FROM ({_COVERING}) c) UNION ALL (SELECT 2, c.* FROM ({_ACTING}) c)
) found ORDER BY choice LIMIT 1"""
READ = f"""SELECT r.id AS registration_id, r.adviser_id, r.status, r.funding, r.payer, a.first_name, a.last_name,
    a.email, n.employer_name, n.employer_contact_email, {SEAT} AS seat, {SEAT_PLACE} AS seat_place
FROM registration r JOIN adviser a ON a.id = r.adviser_id
LEFT JOIN seat p ON p.registration_id = r.id
LEFT JOIN LATERAL ({_EMPLOYER}) n ON true
WHERE r.session_id = $1 AND r.status = ANY ($3)
ORDER BY p.number, p.arrival, r.created_at, r.id LIMIT $4"""


async def read_roster(reader: Reader, session: UUID, today: date) -> list[Row]:
    """Those accepted, present or absent: in the order of their seats, then those who wait in the order of their turns.
    `today` is the civil date in Paris."""
    return await reader.many(READ, session, today, [*_ON_THE_ROSTER], MAX_REGISTERED)
