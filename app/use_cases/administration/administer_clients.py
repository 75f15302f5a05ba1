"""Clients, and the keys they come with: at most two live ones, so that a new one can take over from an old one."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from app.persistence.administration import api_keys, clients
from app.persistence.administration.api_keys import KeyDigest
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.catalogue import TRAINING_ORGANISATIONS
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.errors import (
    ExpiryOutOfRange,
    IssuerClientIdTaken,
    MismatchedFields,
    ScopesBeyondGrantor,
    ScopesBeyondRole,
    TooManyKeys,
    UnknownReference,
)
from app.use_cases.request_context import RequestContext
from app.use_cases.unknown_references import NamedReferences, unknown_references

MAX_KEYS = 2
DEFAULT_KEY_LIFETIME = timedelta(days=365)
MAX_KEY_LIFETIME = timedelta(days=366)  # twelve months, whichever


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to be: `issuer_client_id` is its name in the access tokens of the issuer, if it comes with those."""

    name: str
    role: Role
    training_organisation_id: UUID | None = None
    issuer_client_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExistingClient:
    """A client that exists; what is said of it besides must be so."""

    client_id: UUID
    name: str | None = None
    role: Role | None = None
    training_organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be, kept as a digest. `scopes` None: all those of the role. `expires_at` None: in a year."""

    client: NewClient | ExistingClient
    key_id: str
    digest: KeyDigest
    scopes: Sequence[str] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrantableScopes:
    """What may be granted: the scopes of each role, of which `maker` has so many. `maker` None: whoever is on the
    machine, who may do anything."""

    by_role: Mapping[Role, AbstractSet[str]]
    grantor: AbstractSet[str] | None = None

    def check(self, role: Role, scopes: Sequence[str] | None = None) -> None:
        """`scopes` None: all those of the role. Raise ScopesBeyondRole, ScopesBeyondMaker."""
        possible = self.by_role[role]
        wanted = possible if scopes is None else {*scopes}
        if not possible >= wanted:
            raise ScopesBeyondRole(possible)
        if self.grantor is not None and not self.grantor >= wanted:
            raise ScopesBeyondGrantor(wanted - self.grantor)


async def insert_client(transaction: Transaction, new_client: NewClient, now: datetime) -> Row:
    """Raise Disagreement, UnknownReference, IssuerClientIdTaken."""
    organisation = new_client.training_organisation_id
    if (new_client.role is Role.TRAINING_ORGANISATION) != (organisation is not None):
        raise MismatchedFields("/training_organisation_id")
    if organisation is not None and await TRAINING_ORGANISATIONS.read(transaction, organisation) is None:
        raise UnknownReference("/training_organisation_id")
    known_as = new_client.issuer_client_id
    if known_as is not None and await clients.is_known_to_issuer(transaction, known_as):
        raise IssuerClientIdTaken
    client = Client(uuid7(), new_client.role, organisation)
    transaction.add_audit_subjects(client.id)
    return await clients.add_client(transaction, client, new_client.name, now, issuer_client_id=known_as) or {}


async def create_client(
    database: Database, new_client: NewClient, grantable_scopes: GrantableScopes, context: RequestContext
) -> ReplayableResponse:
    """One that the issuer knows comes with whatever its role may do; another one with nothing yet.

    Raise ScopesBeyondMaker, Disagreement, UnknownReference, IssuerClientIdTaken.
    """
    if new_client.issuer_client_id is not None:
        grantable_scopes.check(new_client.role)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        row = await insert_client(tx, new_client, context.now)
        return await store_response(tx, context.idempotency, context.render(row))


async def _lock_existing(transaction: Transaction, client: ExistingClient) -> Row:
    """Raise UnknownReference, Disagreement."""
    row = await clients.lock_client(transaction, client.client_id)
    if row is None:
        named: NamedReferences = {
            "/training_organisation_id": (TRAINING_ORGANISATIONS, client.training_organisation_id)
        }
        raise UnknownReference("/client_id", *await unknown_references(transaction, named))
    said = {"name": client.name, "role": client.role, "training_organisation_id": client.training_organisation_id}
    wrong = [f"/{name}" for name, value in said.items() if value is not None and value != row[name]]
    if wrong:
        raise MismatchedFields(*wrong)
    transaction.add_audit_subjects(client.client_id)
    return row


async def issue_key(
    database: Database,
    key_request: KeyRequest,
    grantable_scopes: GrantableScopes,
    now: datetime,
    audit_entry: AuditEntry,
) -> Row:
    """The row of the new key, with its client's name and role. It may outlive its maker's, or none could be replaced.

    Raise UnknownReference, Disagreement, IssuerClientIdTaken, ScopesBeyondRole, ScopesBeyondMaker, ExpiryOutOfRange,
    TooManyKeys.
    """
    expires_at = key_request.expires_at or now + DEFAULT_KEY_LIFETIME
    if not now < expires_at <= now + MAX_KEY_LIFETIME:
        raise ExpiryOutOfRange(now + MAX_KEY_LIFETIME)
    async with database.transaction(audit_entry=audit_entry) as tx:
        holder = key_request.client
        client = (
            await _lock_existing(tx, holder)
            if isinstance(holder, ExistingClient)
            else await insert_client(tx, holder, now)
        )
        grantable_scopes.check(Role(client["role"]), key_request.scopes)
        live = await api_keys.live_keys(tx, client["id"], now)
        if len(live) >= MAX_KEYS:
            raise TooManyKeys(live)
        digest, scopes = key_request.digest, key_request.scopes
        await api_keys.add_key(
            tx, key_request.key_id, client["id"], digest, expires_at=expires_at, now=now, scopes=scopes
        )
        return await api_keys.read_key(tx, key_request.key_id) or {}


async def revoke_key(database: Database, key_id: str, now: datetime, audit_entry: AuditEntry) -> None:
    """At once, in every process; a key revoked before stays so. Raise Missing."""
    async with database.transaction(audit_entry=audit_entry) as tx:
        row = await api_keys.read_key(tx, key_id)
        if row is None:
            raise NotFound("key")
        tx.add_audit_subjects(row["client_id"])
        await api_keys.revoke_key(tx, key_id, now)


async def revoke_client(database: Database, client: UUID, now: datetime, audit_entry: AuditEntry) -> None:
    """The client, its keys and its access tokens, at once and for good. Raise Missing."""
    async with database.transaction(audit_entry=audit_entry) as tx:
        if await clients.read_client(tx, client) is None:
            raise NotFound("client")
        tx.add_audit_subjects(client)
        await clients.revoke_client(tx, client, now)
