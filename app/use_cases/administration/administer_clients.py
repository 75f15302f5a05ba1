"""Clients of the API: created and revoked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from app.persistence.administration import clients
from app.persistence.administration.client_role import Role
from app.persistence.administration.clients import Client
from app.persistence.catalogue import TRAINING_ORGANISATIONS
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.use_cases.administration.grantable_scopes import GrantableScopes
from app.use_cases.errors import IssuerClientIdTaken, MismatchedFields, UnknownReference
from app.use_cases.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to create. `issuer_client_id` is its name in the issuer's access tokens, when it comes with those."""

    name: str
    role: Role
    training_organisation_id: UUID | None = None
    issuer_client_id: str | None = None


async def insert_client(transaction: Transaction, new_client: NewClient, now: datetime) -> Row:
    """Return its row. Raise MismatchedFields, UnknownReference, IssuerClientIdTaken."""
    organisation = new_client.training_organisation_id
    if (new_client.role is Role.TRAINING_ORGANISATION) != (organisation is not None):
        raise MismatchedFields("/training_organisation_id")
    if organisation is not None and await TRAINING_ORGANISATIONS.read(transaction, organisation) is None:
        raise UnknownReference("/training_organisation_id")
    issuer_client_id = new_client.issuer_client_id
    if issuer_client_id is not None and await clients.is_known_to_issuer(transaction, issuer_client_id):
        raise IssuerClientIdTaken
    client = Client(uuid7(), new_client.role, organisation)
    transaction.add_audit_subjects(client.id)
    return await clients.add_client(transaction, client, new_client.name, now, issuer_client_id=issuer_client_id) or {}


async def create_client(
    database: Database, new_client: NewClient, grantable_scopes: GrantableScopes, context: RequestContext
) -> ReplayableResponse:
    """One that the issuer knows may do at once all that its role may; another one nothing until it has a key.

    Raise ScopesBeyondGrantor, MismatchedFields, UnknownReference, IssuerClientIdTaken.
    """
    if new_client.issuer_client_id is not None:
        grantable_scopes.check(new_client.role)
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        row = await insert_client(tx, new_client, context.now)
        return await store_response(tx, context.idempotency, context.render(row))


async def revoke_client(database: Database, client: UUID, now: datetime, audit_entry: AuditEntry) -> None:
    """Revoke the client, its keys and its access tokens, at once and for good. Raise NotFound."""
    async with database.transaction(audit_entry=audit_entry) as tx:
        if await clients.read_client(tx, client) is None:
            raise NotFound("client")
        tx.add_audit_subjects(client)
        await clients.revoke_client(tx, client, now)
