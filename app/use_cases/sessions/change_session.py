"""Change a published session: its dates and place, which concern everybody registered; its seats, which do not."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.events import EventType
from app.domain.facts.published_session import SessionDeed
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse, check_not_replayed, store_response
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.sessions import session_deeds, sessions
from app.persistence.sessions.sessions import SESSIONS, published_session
from app.use_cases.changes.changes_as_rows import event_row
from app.use_cases.errors import ForeignSession, MismatchedFields
from app.use_cases.preconditions import Precondition
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.publish_session import SessionDescription, add_session, check_description, check_reference
from app.use_cases.sessions.session_events import session_event

FIXED = ("module_code", "training_organisation_id")
DAYS = ("starts_on", "ends_on", "format")
# What a summons says: whoever is registered is told when it changes, until the session is over. The reference is copied
# to registrations, and told to nobody.
TOLD = (*DAYS, "hours", "place_name", "place_address", "place_department", "link")
COPIED = (*TOLD, "reference")
EVENT_TYPES = {
    SessionDeed.MOVE: EventType.SESSION_MOVED,
    SessionDeed.CONFIRMATION: EventType.SESSION_CONFIRMED,
    SessionDeed.CANCELLATION: EventType.SESSION_CANCELLED,
}


async def replace_session(
    database: Database,
    session: UUID,
    description: SessionDescription,
    precondition: Precondition,
    context: RequestContext,
) -> tuple[Row, bool]:
    """Publish or change; return the row, and whether it is new. Raise as `publish_session` and `change_in`."""
    async with database.transaction(audit_entry=context.audit_entry) as tx:
        tx.add_audit_subjects(session)
        present = await SESSIONS.read(tx, session, locking=True)
        if present is None:
            return await add_session(tx, session, description, context), True
        check_own(present, context)
        precondition.check(present["version"])
        return await change_in(tx, present, description, context), False


async def change_in(tx: Transaction, present: Row, description: SessionDescription, context: RequestContext) -> Row:
    """Change a session whose row is locked. What concerns those who are registered is done afterwards, one by one.

    Raise SessionCancelled, SessionStarted, SeatsTaken, MismatchedFields, and as `publish_session`.
    """
    columns, published = description.columns, published_session(present)
    published.check_may_change()
    if fixed := [f"/{name}" for name in FIXED if columns[name] != present[name]]:
        raise MismatchedFields(*fixed)
    published.check_seats(columns["capacity"])
    differing = {name for name, value in columns.items() if present[name] != value}
    if not differing:
        return await sessions.read(tx, present["id"]) or {}
    if differing.intersection(DAYS):
        published.check_deed(SessionDeed.MOVE, context.today)
        await check_description(tx, present["id"], description, context)
    elif "reference" in differing:
        await check_reference(tx, present["id"], columns)
    row = await SESSIONS.update(tx, present, columns, context.now)
    tells = bool(differing.intersection(DAYS) or (differing.intersection(TOLD) and row["ends_on"] >= context.today))
    if not tells:
        await _announce(tx, EventType.SESSION_CHANGED, row, context)
    if differing.intersection(COPIED):
        former = {name: present[name] for name in TOLD} if tells else None
        return await ask_deed(tx, row, SessionDeed.MOVE, context, tells=tells, former=former)
    return await sessions.read(tx, row["id"]) or {}


async def confirm_session(database: Database, session: UUID, context: RequestContext) -> ReplayableResponse:
    """It will be held: whoever has a seat is convened. Confirmed again, nothing changes.

    Raise NotFound, ForeignSession, SessionCancelled, SessionStarted when it is over.
    """
    return await _decide(database, session, SessionDeed.CONFIRMATION, None, context)


async def cancel_session(
    database: Database, session: UUID, motive: str | None, context: RequestContext
) -> ReplayableResponse:
    """It will not be held: every registration is cancelled, its right given back. Raise as `confirm_session`."""
    return await _decide(database, session, SessionDeed.CANCELLATION, motive, context)


async def _decide(
    database: Database, session: UUID, deed: SessionDeed, motive: str | None, context: RequestContext
) -> ReplayableResponse:
    async with database.transaction(idempotency=context.idempotency, audit_entry=context.audit_entry) as tx:
        await check_not_replayed(tx, context.idempotency)
        tx.add_audit_subjects(session)
        present = await SESSIONS.read(tx, session, locking=True)
        if present is None:
            raise NotFound("session")
        row = await decide_in(tx, present, deed, context, motive=motive)
        return await store_response(tx, context.idempotency, context.render(row))


async def decide_in(
    tx: Transaction, present: Row, deed: SessionDeed, context: RequestContext, *, motive: str | None = None
) -> Row:
    """Confirm or cancel a session whose row is locked; return the row. Raise as `confirm_session`."""
    check_own(present, context)
    published_session(present).check_deed(deed, context.today)
    if deed is SessionDeed.CONFIRMATION and present["confirmed_at"] is not None:
        return await sessions.read(tx, present["id"]) or {}
    columns: dict[str, Any] = {"confirmed_at": context.now}
    if deed is SessionDeed.CANCELLATION:  # how many had a seat is kept, for statistics: they leave it now
        taken = present["seats_taken"]
        columns = {"cancelled_at": context.now, "cancellation_motive": motive, "taken_when_cancelled": taken}
    return await ask_deed(tx, await SESSIONS.update(tx, present, columns, context.now), deed, context)


async def ask_deed(
    tx: Transaction,
    row: Row,
    deed: SessionDeed,
    context: RequestContext,
    *,
    tells: bool = True,
    former: Mapping[str, Any] | None = None,
) -> Row:
    """Ask for what concerns every registration of the session, whose row is locked; when there is none, it is done.
    `former` is what a session that moves was. `tells`: people are told. Return the session's row, with what was `asked`
    when there is somebody."""
    request = context.audit_entry.request_id if context.audit_entry else None
    concerned = await session_deeds.ask(
        tx, row["id"], deed, context.client.id, request, context.now, tells=tells, former=former
    )
    if tells and not concerned:
        await _announce(tx, EVENT_TYPES[deed], row, context)
    shown = await sessions.read(tx, row["id"]) or {}
    return {**shown, "asked": shown["deed"]} if concerned else shown


async def _announce(tx: Transaction, event_type: EventType, row: Row, context: RequestContext) -> None:
    await registrations.write(tx, Changes(events=[event_row(session_event(event_type, row), context.now)]))


def check_own(row: Row, context: RequestContext) -> None:
    """A training organisation writes its own sessions. Raise ForeignSession."""
    if context.client.training_organisation_id not in {None, row["training_organisation_id"]}:
        raise ForeignSession
