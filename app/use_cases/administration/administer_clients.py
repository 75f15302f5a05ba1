"""Clients, and the keys they come with: at most two live ones, so that a new one can take over from an old one."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from app.persistence.administration import clients
from app.persistence.administration.clients import Client, Digest, Role
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import Missing
from app.persistence.engine.transactions.audit_entries import Trace
from app.persistence.engine.transactions.idempotency import Answer, find_answer, remember
from app.persistence.engine.upsert import TRAINING_ORGANISATIONS
from app.use_cases.errors import (
    Disagreement,
    ExpiryOutOfRange,
    IssuerClientIdTaken,
    ScopesBeyondMaker,
    ScopesBeyondRole,
    TooManyKeys,
    UnknownReference,
)
from app.use_cases.request_context import Asked
from app.use_cases.unknown_references import Named, unknown_among

MOST_KEYS = 2
USUAL_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=366)  # twelve months, whichever


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A client to be: `issuer_client_id` is its name in the access tokens of the issuer, if it comes with those."""

    name: str
    role: Role
    training_organisation_id: UUID | None = None
    issuer_client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A client that exists; what is said of it besides must be so."""

    client_id: UUID
    name: str | None = None
    role: Role | None = None
    training_organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeyWish:
    """A key to be, kept as a digest. `scopes` None: all those of the role. `expires_at` None: in a year."""

    holder: Newcomer | Holder
    key_id: str
    digest: Digest
    scopes: Sequence[str] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Powers:
    """What may be granted: the scopes of each role, of which `maker` has so many. `maker` None: whoever is on the
    machine, who may do anything."""

    of_role: Mapping[Role, AbstractSet[str]]
    maker: AbstractSet[str] | None = None

    def check(self, role: Role, scopes: Sequence[str] | None = None) -> None:
        """`scopes` None: all those of the role. Raise ScopesBeyondRole, ScopesBeyondMaker."""
        possible = self.of_role[role]
        wanted = possible if scopes is None else {*scopes}
        if not possible >= wanted:
            raise ScopesBeyondRole(possible)
        if self.maker is not None and not self.maker >= wanted:
            raise ScopesBeyondMaker(wanted - self.maker)


async def enrol(transaction: Transaction, newcomer: Newcomer, now: datetime) -> Row:
    """Raise Disagreement, UnknownReference, IssuerClientIdTaken."""
    organisation = newcomer.training_organisation_id
    if (newcomer.role is Role.TRAINING_ORGANISATION) != (organisation is not None):
        raise Disagreement("/training_organisation_id")
    if organisation is not None and await TRAINING_ORGANISATIONS.read(transaction, organisation) is None:
        raise UnknownReference("/training_organisation_id")
    known_as = newcomer.issuer_client_id
    if known_as is not None and await clients.is_known_to_issuer(transaction, known_as):
        raise IssuerClientIdTaken
    client = Client(uuid7(), newcomer.role, organisation)
    transaction.concerns(client.id)
    return await clients.add_client(transaction, client, newcomer.name, now, issuer_client_id=known_as) or {}


async def admit(database: Database, newcomer: Newcomer, powers: Powers, asked: Asked) -> Answer:
    """One that the issuer knows comes with whatever its role may do; another one with nothing yet.

    Raise ScopesBeyondMaker, Disagreement, UnknownReference, IssuerClientIdTaken.
    """
    if newcomer.issuer_client_id is not None:
        powers.check(newcomer.role)
    async with database.transaction(attempt=asked.attempt, trace=asked.trace) as tx:
        await find_answer(tx, asked.attempt)
        row = await enrol(tx, newcomer, asked.now)
        return await remember(tx, asked.attempt, asked.worded(row))


async def _found(transaction: Transaction, holder: Holder) -> Row:
    """Raise UnknownReference, Disagreement."""
    row = await clients.lock_client(transaction, holder.client_id)
    if row is None:
        named: Named = {"/training_organisation_id": (TRAINING_ORGANISATIONS, holder.training_organisation_id)}
        raise UnknownReference("/client_id", *await unknown_among(transaction, named))
    said = {"name": holder.name, "role": holder.role, "training_organisation_id": holder.training_organisation_id}
    wrong = [f"/{name}" for name, value in said.items() if value is not None and value != row[name]]
    if wrong:
        raise Disagreement(*wrong)
    transaction.concerns(holder.client_id)
    return row


async def issue_key(database: Database, wish: KeyWish, powers: Powers, now: datetime, trace: Trace) -> Row:
    """The row of the new key, with its client's name and role. It may outlive its maker's, or none could be replaced.

    Raise UnknownReference, Disagreement, IssuerClientIdTaken, ScopesBeyondRole, ScopesBeyondMaker, ExpiryOutOfRange,
    TooManyKeys.
    """
    expires_at = wish.expires_at or now + USUAL_LIFE
    if not now < expires_at <= now + LONGEST_LIFE:
        raise ExpiryOutOfRange(now + LONGEST_LIFE)
    async with database.transaction(trace=trace) as tx:
        holder = wish.holder
        client = await _found(tx, holder) if isinstance(holder, Holder) else await enrol(tx, holder, now)
        powers.check(Role(client["role"]), wish.scopes)
        live = await clients.live_keys(tx, client["id"], now)
        if len(live) >= MOST_KEYS:
            raise TooManyKeys(live)
        digest, scopes = wish.digest, wish.scopes
        await clients.add_key(tx, wish.key_id, client["id"], digest, expires_at=expires_at, now=now, scopes=scopes)
        return await clients.read_key(tx, wish.key_id) or {}


async def revoke_key(database: Database, key_id: str, now: datetime, trace: Trace) -> None:
    """At once, in every process; a key revoked before stays so. Raise Missing."""
    async with database.transaction(trace=trace) as tx:
        row = await clients.read_key(tx, key_id)
        if row is None:
            raise Missing("key")
        tx.concerns(row["client_id"])
        await clients.revoke_key(tx, key_id, now)


async def revoke_client(database: Database, client: UUID, now: datetime, trace: Trace) -> None:
    """The client, its keys and its access tokens, at once and for good. Raise Missing."""
    async with database.transaction(trace=trace) as tx:
        if await clients.read_client(tx, client) is None:
            raise Missing("client")
        tx.concerns(client)
        await clients.revoke_client(tx, client, now)
