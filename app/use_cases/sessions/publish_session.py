"""Publish a session, or replace what was published (section 5ter)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.errors import ReferenceTaken
from app.domain.events import EventType
from app.domain.facts.plausible_dates import check_first_day
from app.domain.facts.registration import check_regularisation
from app.domain.statement_errors import FormatNotOffered
from app.persistence.administration.policies import read_policies
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.sessions import sessions
from app.persistence.sessions.sessions import SESSIONS
from app.use_cases.changes.changes_as_rows import event_row
from app.use_cases.errors import UnknownReference
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.session_events import session_event


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """What is published: the columns of the table that a client states. `regularisation`: it has started, and the past
    is recorded."""

    columns: Mapping[str, Any]
    regularisation: bool = False


async def publish_session(
    database: Database, session: UUID, description: SessionDescription, context: RequestContext
) -> ReplayableResponse:
    """Raise UnknownReference, FormatNotOffered, ImplausibleDate, RegularisationNeeded, ReferenceTaken."""
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        tx.add_audit_subjects(session)
        row = await add_session(tx, session, description, context)
        return await store_response(tx, context.idempotency, context.render(row))


async def add_session(tx: Transaction, session: UUID, description: SessionDescription, context: RequestContext) -> Row:
    """Insert it in the caller's transaction; return its row. Raise as `publish_session`."""
    await check_description(tx, session, description, context)
    stored = await SESSIONS.insert(tx, {"id": session, **description.columns}, context.now)
    event = event_row(session_event(EventType.SESSION_PUBLISHED, stored), context.now)
    await registrations.write(tx, Changes(events=[event]))
    return await sessions.read(tx, session) or {}


async def check_description(
    tx: Transaction, session: UUID, description: SessionDescription, context: RequestContext
) -> None:
    """Raise UnknownReference, FormatNotOffered, ImplausibleDate, RegularisationNeeded, ReferenceTaken."""
    columns = description.columns
    module = await MODULES.read(tx, columns["module_code"])
    organisation = await TRAINING_ORGANISATIONS.read(tx, columns["training_organisation_id"])
    found = {"/module_code": module, "/training_organisation_id": organisation}
    if module is None or organisation is None:
        raise UnknownReference(*(pointer for pointer, row in found.items() if row is None))
    if columns["format"] not in module["formats"]:
        raise FormatNotOffered(columns["format"], module["formats"])
    policies = await read_policies(tx)
    check_first_day("/starts_on", columns["starts_on"], policies, context.today)
    check_regularisation("/starts_on", columns["starts_on"], context.today, regularisation=description.regularisation)
    await check_reference(tx, session, columns)


async def check_reference(tx: Transaction, session: UUID, columns: Mapping[str, Any]) -> None:
    """Of two at once, one waits for the other. Raise ReferenceTaken."""
    if columns["reference"] is None:
        return
    other = await sessions.find_by_reference(tx, columns["training_organisation_id"], columns["reference"])
    if other is not None and other != session:
        raise ReferenceTaken(other)
