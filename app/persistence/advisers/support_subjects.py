"""What a personal link to the support desk is about, as the adviser is shown it."""

from uuid import UUID

from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.registrations.recorded_sessions import JOIN_SESSION, RECORDED_COLUMNS

MAX_LISTED = 30  # registrations, and results, on the page of the adviser
_IS_KNOWN = "num_nonnulls(a.first_name, a.last_name, a.email) > 0 AS is_known"

# `news_on` is the day of the last thing that is known of the subject.
_REGISTRATIONS = f"""SELECT r.id, r.adviser_id, r.status, r.session_starts_on, r.session_ends_on,
    {RECORDED_COLUMNS}, m.title AS module, t.name AS organisation, k.outcome, k.funding, k.unit, k.automatic,
    k.decided_at, k.reasons::text AS reasons, {_IS_KNOWN},
    greatest(r.session_ends_on, (r.updated_at AT TIME ZONE 'Europe/Paris')::date) AS news_on
FROM registration r JOIN adviser a ON a.id = r.adviser_id JOIN decision k ON k.id = r.decision_id
JOIN module m ON m.code = r.module_code JOIN training_organisation t ON t.id = r.training_organisation_id
{JOIN_SESSION}"""
READ_REGISTRATION = f"{_REGISTRATIONS} WHERE r.id = $1"
LIST_REGISTRATIONS = f"""{_REGISTRATIONS} WHERE r.adviser_id = $1
ORDER BY r.session_starts_on DESC, r.id DESC LIMIT {MAX_LISTED}"""

_CERTIFICATIONS = f"""SELECT c.id, c.adviser_id, c.outcome, c."on", c.annulled_on, c.next_attempt_payer,
    q.title AS qualification, t.name AS organisation, {_IS_KNOWN},
    greatest(c."on", (c.updated_at AT TIME ZONE 'Europe/Paris')::date) AS news_on
FROM certification c JOIN adviser a ON a.id = c.adviser_id JOIN qualification q ON q.code = c.qualification
LEFT JOIN training_organisation t ON t.id = c.training_organisation_id"""
READ_CERTIFICATION = f"{_CERTIFICATIONS} WHERE c.id = $1"
LIST_CERTIFICATIONS = f'{_CERTIFICATIONS} WHERE c.adviser_id = $1 ORDER BY c."on" DESC, c.id DESC LIMIT {MAX_LISTED}'

READ_ADVISER = f"""SELECT a.id, a.id AS adviser_id, {_IS_KNOWN}, greatest(
    (a.updated_at AT TIME ZONE 'Europe/Paris')::date,
    (SELECT max(greatest(r.session_ends_on, (r.updated_at AT TIME ZONE 'Europe/Paris')::date)) FROM registration r
        WHERE r.adviser_id = a.id),
    (SELECT max((c.updated_at AT TIME ZONE 'Europe/Paris')::date) FROM certification c WHERE c.adviser_id = a.id),
    (SELECT max((c.created_at AT TIME ZONE 'Europe/Paris')::date) FROM carry_over c WHERE c.adviser_id = a.id),
    (SELECT max((s.updated_at AT TIME ZONE 'Europe/Paris')::date) FROM support_request s WHERE s.adviser_id = a.id),
    (SELECT max((m.told_at AT TIME ZONE 'Europe/Paris')::date) FROM reminder m WHERE m.adviser_id = a.id)) AS news_on
FROM adviser a WHERE a.id = $1"""


async def read_registration(reader: Reader, registration: UUID) -> Row | None:
    """With its latest decision. `is_known`: the adviser has an identity; None when it is unknown; so below."""
    return await reader.one(READ_REGISTRATION, registration)


async def read_certification(reader: Reader, certification: UUID) -> Row | None:
    return await reader.one(READ_CERTIFICATION, certification)


async def read_adviser(reader: Reader, adviser: UUID) -> Row | None:
    return await reader.one(READ_ADVISER, adviser)


async def list_registrations(reader: Reader, adviser: UUID) -> list[Row]:
    """Those of the adviser, the latest session first: at most MAX_LISTED."""
    return await reader.many(LIST_REGISTRATIONS, adviser)


async def list_certifications(reader: Reader, adviser: UUID) -> list[Row]:
    """The results of the adviser, the latest first: at most MAX_LISTED."""
    return await reader.many(LIST_CERTIFICATIONS, adviser)
