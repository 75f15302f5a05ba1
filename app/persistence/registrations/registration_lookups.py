"""Registrations found by what a person knows of them: their identifier, or the reference of their session."""

from uuid import UUID

from app.persistence.engine.database import Reader

FIND_ADVISER = """SELECT adviser_id FROM registration
WHERE id = $1 AND ($2::uuid IS NULL OR training_organisation_id = $2)"""

# Of a published session, its own reference: that of the registration is a copy, which follows a move.
FIND_BY_SESSION_REFERENCE = """SELECT r.id FROM registration r LEFT JOIN session s ON s.id = r.session_id
WHERE r.adviser_id = $1 AND r.status <> 'cancelled' AND ($3::uuid IS NULL OR r.training_organisation_id = $3)
    AND CASE WHEN s.id IS NULL THEN r.session_reference ELSE s.reference END = $2
ORDER BY r.created_at, r.id"""


async def find_adviser(reader: Reader, registration: UUID, *, owner: UUID | None) -> UUID | None:
    """None when it is unknown, or of another training organisation than `owner`."""
    row = await reader.one(FIND_ADVISER, registration, owner)
    return row["adviser_id"] if row else None


async def find_by_session_reference(reader: Reader, adviser: UUID, reference: str, *, owner: UUID | None) -> list[UUID]:
    """Those of the adviser that are not cancelled; only those of the training organisation `owner`, when there is
    one."""
    return [row["id"] for row in await reader.many(FIND_BY_SESSION_REFERENCE, adviser, reference, owner)]
