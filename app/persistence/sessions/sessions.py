"""Published sessions: read, listed, written; as the domain reads them, and as clients are shown them."""

from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from app.domain.facts.module import ModuleCode
from app.domain.facts.published_session import PublishedSession
from app.domain.facts.session import Session, SessionFormat, SessionId
from app.domain.facts.training_organisation import TrainingOrganisationId
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows
from app.persistence.engine.upsert import ResourceTable

SESSIONS = ResourceTable("session")
NO_LIMIT = 1_000_000  # the capacity of a session whose seats are not limited: more than there will ever be advisers

# JSON in the shape of the domain's values.
SESSION_FACTS = f"""json_build_object(
    'session', json_build_object('starts_on', s.starts_on, 'ends_on', s.ends_on, 'format', s.format, 'id', s.id),
    'module', s.module_code, 'organisation', s.training_organisation_id,
    'minimum', s.seats_minimum, 'maximum', nullif(s.capacity, {NO_LIMIT}), 'taken', s.seats_taken,
    'waiting', s.seats_waiting, 'closes_on', s.registration_closes_on,
    'is_confirmed', s.confirmed_at IS NOT NULL, 'is_cancelled', s.cancelled_at IS NOT NULL)"""
PUBLISHED_SESSION: TypeAdapter[PublishedSession] = TypeAdapter(PublishedSession)

# With the deed under way, or the last one.
RESOURCE = f"""SELECT s.*, nullif(s.capacity, {NO_LIMIT}) AS seats_maximum, {SESSION_FACTS} AS facts,
    (SELECT json_build_object('kind', d.kind, 'concerned', d.concerned, 'done', d.done,
        'failing', d.failing, 'requested_at', d.requested_at, 'finished_at', d.finished_at)
    FROM session_deed d WHERE d.session_id = s.id ORDER BY d.id DESC LIMIT 1) AS deed
FROM session s"""
READ = f"SELECT to_json(page) AS row FROM ({RESOURCE} WHERE s.id = $1) page"
LOCK_REFERENCE = "SELECT pg_advisory_xact_lock(hashtextextended($2, hashtextextended($1::uuid::text, 0)))"
FIND_BY_REFERENCE = "SELECT id FROM session WHERE training_organisation_id = $1 AND reference = $2"

# As conditions of a list, whose parameter is today's civil date in Paris.
STATUS_CONDITIONS = {
    "cancelled": "{t}.cancelled_at IS NOT NULL AND {}::date IS NOT NULL",
    "held": "{t}.cancelled_at IS NULL AND {t}.ends_on < {}",
    "full": "{t}.cancelled_at IS NULL AND {t}.ends_on >= {} AND {t}.seats_taken >= {t}.capacity",
    "confirmed": "{t}.cancelled_at IS NULL AND {t}.ends_on >= {} AND {t}.seats_taken < {t}.capacity"
    " AND {t}.confirmed_at IS NOT NULL",
    "open": "{t}.cancelled_at IS NULL AND {t}.ends_on >= {} AND {t}.seats_taken < {t}.capacity"
    " AND {t}.confirmed_at IS NULL",
}
# At least so many seats for whoever comes now: those that are free go first to whoever waits.
SEATS_LEFT = "{t}.cancelled_at IS NULL AND {t}.capacity - {t}.seats_taken - {t}.seats_waiting >= {}"


def facts_of(row: Row) -> PublishedSession:
    """Of a row of RESOURCE."""
    return PUBLISHED_SESSION.validate_python(row["facts"])


def published_session(row: Row) -> PublishedSession:
    """Of a row of the table."""
    return PublishedSession(
        session=Session(row["starts_on"], row["ends_on"], SessionFormat(row["format"]), SessionId(row["id"])),
        module=ModuleCode(row["module_code"]),
        organisation=TrainingOrganisationId(row["training_organisation_id"]),
        minimum=row["seats_minimum"],
        maximum=None if row["capacity"] == NO_LIMIT else row["capacity"],
        taken=row["seats_taken"],
        waiting=row["seats_waiting"],
        closes_on=row["registration_closes_on"],
        is_confirmed=row["confirmed_at"] is not None,
        is_cancelled=row["cancelled_at"] is not None,
    )


async def read(reader: Reader, session: UUID) -> Row | None:
    """One session with its counts and its deed, as JSON has its values; None when unknown."""
    row = await reader.one(READ, session)
    found: dict[str, Any] | None = orjson.loads(row["row"]) if row else None
    return found


async def find_by_reference(transaction: Transaction, organisation: UUID, reference: str) -> UUID | None:
    """The session of this organisation with this reference; until the transaction ends, no other gets it. To lock after
    any session."""
    await transaction.one(LOCK_REFERENCE, organisation, reference)
    row = await transaction.one(FIND_BY_REFERENCE, organisation, reference)
    return row["id"] if row else None


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, RESOURCE, table_alias="s")
