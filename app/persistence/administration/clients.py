"""Clients: the programs that call the service, each with one role."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.persistence.administration.client_role import Role
from app.persistence.engine.database import Reader, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.pagination import PageQuery, PageRows


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls. `training_organisation_id` is set for that role only, and limits what the client sees. `scopes` limit
    what its role may do; None sets no limit."""

    id: UUID
    role: Role
    training_organisation_id: UUID | None
    scopes: frozenset[str] | None = None

    def has_scope(self, scope: str) -> bool:
        """Whether its credentials carry the scope."""
        return self.scopes is None or scope in self.scopes


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client whose credentials were valid when they were looked up; they expire at `expires_at`, None never."""

    client: Client
    expires_at: datetime | None


# Every process that caches credentials listens to it.
REVOCATIONS_CHANNEL = "revocations"

FIND_BY_ISSUER = """SELECT id, role, training_organisation_id FROM client
WHERE issuer_client_id = $1 AND revoked_at IS NULL"""

ADD_CLIENT = """INSERT INTO client (id, name, role, training_organisation_id, issuer_client_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING RETURNING *"""

# Keys of one client are made one after the other.
LOCK_CLIENT = "SELECT * FROM client WHERE id = $1 AND revoked_at IS NULL FOR NO KEY UPDATE"

# Its name at the issuer is free again.
REVOKE_CLIENT = f"""WITH revoked AS (UPDATE client SET revoked_at = $2, issuer_client_id = NULL
    WHERE id = $1 AND revoked_at IS NULL RETURNING id),
keys AS (UPDATE api_key SET revoked_at = $2 FROM revoked WHERE client_id = revoked.id AND api_key.revoked_at IS NULL)
SELECT pg_notify('{REVOCATIONS_CHANNEL}', '') FROM revoked"""


def client_of_row(row: Row, scopes: Iterable[str] | None) -> Client:
    """The client of a row that has `id`, `role` and `training_organisation_id`, within these scopes."""
    limits = frozenset(scopes) if scopes is not None else None
    return Client(row["id"], Role(row["role"]), row["training_organisation_id"], limits)


async def find_client_of_issuer(reader: Reader, issuer_client_id: str, scopes: Iterable[str] | None) -> Client | None:
    """The client that the issuer of access tokens knows by this name, within these scopes; None when unknown."""
    row = await reader.one(FIND_BY_ISSUER, issuer_client_id)
    return client_of_row(row, scopes) if row else None


async def add_client(
    transaction: Transaction, client: Client, name: str, now: datetime, *, issuer_client_id: str | None = None
) -> Row | None:
    """Return the new row; None when a client has that identifier already."""
    return await transaction.one(
        ADD_CLIENT, client.id, name, client.role, client.training_organisation_id, issuer_client_id, now
    )


async def lock_client(transaction: Transaction, client: UUID) -> Row | None:
    """Lock the row of a client until the transaction ends; None when it is unknown or revoked."""
    return await transaction.one(LOCK_CLIENT, client)


async def read_client(reader: Reader, client: UUID) -> Row | None:
    return await reader.one("SELECT * FROM client WHERE id = $1", client)


async def is_known_to_issuer(reader: Reader, issuer_client_id: str) -> bool:
    """Whether a client has this name already."""
    return await reader.one("SELECT FROM client WHERE issuer_client_id = $1", issuer_client_id) is not None


async def revoke_client(transaction: Transaction, client: UUID, now: datetime) -> bool:
    """Revoke a client with its keys and access tokens; False when it is unknown or revoked already. Every process
    refuses it from the commit on."""
    return await transaction.one(REVOKE_CLIENT, client, now) is not None


async def list_clients(reader: Reader) -> list[Row]:
    """Every client, revoked ones too, oldest first."""
    return await reader.many("SELECT * FROM client ORDER BY created_at, id")


async def list_page_of_clients(reader: Reader, page: PageQuery) -> PageRows:
    return await page.fetch(reader, "SELECT c.* FROM client c", table_alias="c")
