"""API keys: issued and revoked. A client has at most two live ones, so that a new one can take over from an old one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.persistence.administration import api_keys, clients
from app.persistence.administration.api_keys import KeyDigest
from app.persistence.administration.client_role import Role
from app.persistence.catalogue import TRAINING_ORGANISATIONS
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.use_cases.administration.administer_clients import NewClient, insert_client
from app.use_cases.administration.grantable_scopes import GrantableScopes
from app.use_cases.errors import ExpiryOutOfRange, MismatchedFields, TooManyKeys, UnknownReference
from app.use_cases.unknown_references import NamedReferences, unknown_references

MAX_KEYS = 2
DEFAULT_KEY_LIFETIME = timedelta(days=365)
MAX_KEY_LIFETIME = timedelta(days=366)  # twelve months, a leap day included


@dataclass(frozen=True, slots=True)
class ExistingClient:
    """A client that exists; whatever else is stated of it must agree with what is stored."""

    client_id: UUID
    name: str | None = None
    role: Role | None = None
    training_organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to issue, stored as its digest. `scopes` None: all those of the role. `expires_at` None: in a year."""

    client: NewClient | ExistingClient
    key_id: str
    digest: KeyDigest
    scopes: Sequence[str] | None = None
    expires_at: datetime | None = None


async def issue_key(
    database: Database,
    key_request: KeyRequest,
    grantable_scopes: GrantableScopes,
    now: datetime,
    audit_entry: AuditEntry,
) -> Row:
    """Return the row of the new key, with its client's name and role. It may expire after the key that asks for it:
    otherwise no key could be replaced.

    Raise UnknownReference, MismatchedFields, IssuerClientIdTaken, ScopesBeyondRole, ScopesBeyondGrantor,
    ExpiryOutOfRange, TooManyKeys.
    """
    expires_at = key_request.expires_at or now + DEFAULT_KEY_LIFETIME
    if not now < expires_at <= now + MAX_KEY_LIFETIME:
        raise ExpiryOutOfRange(now + MAX_KEY_LIFETIME)
    async with database.transaction(audit_entry=audit_entry) as tx:
        client = await _lock_or_insert(tx, key_request.client, now)
        grantable_scopes.check(Role(client["role"]), key_request.scopes)
        live = await api_keys.live_keys(tx, client["id"], now)
        if len(live) >= MAX_KEYS:
            raise TooManyKeys(live)
        key_id, digest, scopes = key_request.key_id, key_request.digest, key_request.scopes
        await api_keys.add_key(tx, key_id, client["id"], digest, expires_at=expires_at, now=now, scopes=scopes)
        return await api_keys.read_key(tx, key_id) or {}


async def _lock_or_insert(transaction: Transaction, client: NewClient | ExistingClient, now: datetime) -> Row:
    if isinstance(client, NewClient):
        return await insert_client(transaction, client, now)
    row = await _lock_existing(transaction, client)
    transaction.add_audit_subjects(client.client_id)
    return row


async def _lock_existing(transaction: Transaction, client: ExistingClient) -> Row:
    """Raise UnknownReference, MismatchedFields."""
    row = await clients.lock_client(transaction, client.client_id)
    organisation = client.training_organisation_id
    if row is None:
        named: NamedReferences = {"/training_organisation_id": (TRAINING_ORGANISATIONS, organisation)}
        raise UnknownReference("/client_id", *await unknown_references(transaction, named))
    stated = {"name": client.name, "role": client.role, "training_organisation_id": organisation}
    wrong = [f"/{name}" for name, value in stated.items() if value is not None and value != row[name]]
    if wrong:
        raise MismatchedFields(*wrong)
    return row


async def revoke_key(database: Database, key_id: str, now: datetime, audit_entry: AuditEntry) -> None:
    """Revoke it at once, in every process; a key revoked before stays so. Raise NotFound."""
    async with database.transaction(audit_entry=audit_entry) as tx:
        row = await api_keys.read_key(tx, key_id)
        if row is None:
            raise NotFound("key")
        tx.add_audit_subjects(row["client_id"])
        await api_keys.revoke_key(tx, key_id, now)
