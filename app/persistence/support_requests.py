"""Support requests. Free text may tell of somebody's health: only administrators and whoever wrote it see a request. A
training organisation sees those that it opened, a platform client those that it opened."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.engine.database import Reader
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import Filter, PageQuery, PageRows
from app.persistence.engine.upsert import ResourceTable

SUPPORT_REQUESTS = ResourceTable("support_request")
MAX_SHOWN = 50  # to the adviser, on a page

# The registration and the result must be the adviser's and, for a training organisation, its own.
FIND_FOREIGN = """SELECT
    $2::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM registration r WHERE r.id = $2 AND r.adviser_id = $1
        AND ($4::uuid IS NULL OR r.training_organisation_id = $4)) AS registration_id,
    $3::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM certification c WHERE c.id = $3 AND c.adviser_id = $1
        AND ($4::uuid IS NULL OR c.training_organisation_id = $4)) AS certification_id"""

FIND_SAME_OPEN = """SELECT * FROM support_request WHERE adviser_id = $1 AND kind = $2 AND status = 'open'
    AND opened_by = 'adviser' AND registration_id IS NOT DISTINCT FROM $3::uuid
    AND certification_id IS NOT DISTINCT FROM $4::uuid AND period IS NOT DISTINCT FROM $5 LIMIT 1"""

LIST_NEWEST = """SELECT * FROM support_request WHERE adviser_id = $1 AND ($2::uuid IS NULL OR registration_id = $2)
    AND ($3::uuid IS NULL OR certification_id = $3) ORDER BY id DESC LIMIT $4"""

MEASURE_QUEUE = """SELECT count(*) AS open, count(*) FILTER (WHERE answer_due_on < $1) AS overdue,
    min(created_at) AS oldest FROM support_request WHERE status = 'open'"""


READ_CONTESTED = """SELECT r.status, r.payer,
    ARRAY(SELECT e ->> 'code' FROM json_array_elements(d.reasons) e) AS reasons
FROM registration r JOIN decision d ON d.id = r.decision_id WHERE r.id = $1"""


def _own(client: Client) -> tuple[str, UUID | None] | None:
    """The column that says whose a request is, and its value in those that the client may see; None for an
    administrator, who may see all."""
    match client.role:
        case Role.ADMIN:
            return None
        case Role.TRAINING_ORGANISATION:
            return "training_organisation_id", client.training_organisation_id
        case Role.PLATFORM:  # pragma: no branch  # the last one
            return "opened_by_client", client.id


def visible_to(client: Client) -> list[Filter]:
    """The filter on what the client may see."""
    own = _own(client)
    return [] if own is None else [Filter(f"{{t}}.{own[0]} = {{}}", own[1])]


def is_visible_to(row: Row, client: Client) -> bool:
    """The same of one row."""
    own = _own(client)
    return own is None or row[own[0]] == own[1]


async def read(reader: Reader, request: UUID, client: Client) -> Row | None:
    """One support request; None when it is unknown, or the client may not see it."""
    row = await SUPPORT_REQUESTS.read(reader, request)
    return row if row is not None and is_visible_to(row, client) else None


async def list_page(reader: Reader, page: PageQuery) -> PageRows:
    """Oldest first."""
    return await SUPPORT_REQUESTS.list_page(reader, page)


async def foreign_references(
    reader: Reader, adviser: UUID, registration: UUID | None, certification: UUID | None, owner: UUID | None
) -> tuple[str, ...]:
    """The pointers of those that are not the adviser's, or not of the training organisation `owner` when it asks."""
    row = await reader.one(FIND_FOREIGN, adviser, registration, certification, owner) or {}
    return tuple(f"/{name}" for name, is_foreign in row.items() if is_foreign)


async def find_same_open(reader: Reader, columns: Mapping[str, Any]) -> Row | None:
    """An open one that the adviser opened about the same matter as that of these columns."""
    names = ("adviser_id", "kind", "registration_id", "certification_id", "period")
    return await reader.one(FIND_SAME_OPEN, *(columns[name] for name in names))


async def list_newest(
    reader: Reader, adviser: UUID, *, registration: UUID | None = None, certification: UUID | None = None
) -> list[Row]:
    """Those about the adviser, or about one registration or result of theirs: at most MAX_SHOWN, newest first."""
    return await reader.many(LIST_NEWEST, adviser, registration, certification, MAX_SHOWN)


async def read_contested(reader: Reader, registration: UUID) -> Row:
    """Of a registration, its status, who pays, and the codes of the reasons of its latest decision."""
    return await reader.one(READ_CONTESTED, registration) or {}


async def measure_queue(reader: Reader, today: date) -> Row:
    """How many are `open`, how many of them `overdue` on this day, and the instant of the `oldest`, None when none is
    open."""
    return await reader.one(MEASURE_QUEUE, today) or {}
