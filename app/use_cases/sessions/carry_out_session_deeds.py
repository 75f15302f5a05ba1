"""Carry out what was asked of a whole session: each registration under its adviser's lock, in a transaction of its own.

The transaction that changes a registration marks it as done: a worker that dies leaves the rest to the next, and of two
workers at the same one, the second undoes what it did. One that fails is put off, and keeps neither the others nor
other deeds waiting. Any number of processes may call it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from app.domain.errors import AdviserAnonymised
from app.domain.facts.calendar import civil_date
from app.domain.facts.published_session import SessionDeed
from app.domain.facts.registration_terms import CancellationCause
from app.persistence.administration.clients import client_of_row
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.sessions import session_deeds, sessions
from app.persistence.sessions.session_deeds import OpenDeed
from app.use_cases.changes.change_sets import ChangeSet
from app.use_cases.changes.changes_as_rows import event_row
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.request_context import RequestContext, empty_response
from app.use_cases.sessions.apply_session_deed import cancel_with_session, move_with_session, summon
from app.use_cases.sessions.change_session import EVENT_TYPES
from app.use_cases.sessions.isolated_failures import StepOutcome, isolated
from app.use_cases.sessions.session_events import session_event

DEEDS_AT_ONCE = 20
TURN = 100  # registrations, shared by the deeds that are open, before seats are looked after again
ACTIONS = {
    SessionDeed.MOVE: "moveSession",
    SessionDeed.CONFIRMATION: "confirmSession",
    SessionDeed.CANCELLATION: "cancelSession",
}


async def carry_out_session_deeds(database: Database, now: datetime) -> bool:
    """Carry out the next part of each deed that is open; return whether others may follow."""
    found = await session_deeds.find_open(database, now, DEEDS_AT_ONCE)
    for deed in found:
        await DeedRun(database, deed, now).carry_on(TURN // len(found))
    return bool(found)


@dataclass(frozen=True, slots=True)
class DeedRun:
    """One deed, carried further."""

    database: Database
    deed: OpenDeed
    now: datetime

    @property
    def context(self) -> RequestContext:
        client = client_of_row(self.deed.client, None)
        entry = AuditEntry(client.id, ACTIONS[self.deed.kind], self.deed.request_id, self.now)
        return RequestContext(client, self.now, empty_response, audit_entry=entry)

    async def carry_on(self, limit: int) -> None:
        """The next registrations, then what has been reached, and the summary once it is done for all."""
        for registration in await session_deeds.find_targets(self.database, self.deed.id, self.now, limit):
            step = partial(self._carry_out, registration)
            ids = {"deed_id": self.deed.id, "session_id": self.deed.session_id, "registration_id": registration}
            if await isolated(step, ACTIONS[self.deed.kind], **ids) is StepOutcome.FAILED:
                await self._put_off(registration)
        await self._record_progress()

    async def _carry_out(self, registration: UUID) -> bool:
        lock, context = AdviserLock(LockTarget.REGISTRATION, registration), self.context
        try:
            async with self.database.transaction(lock, audit_entry=context.audit_entry) as tx:
                await self._carry_out_in(tx, lock, context)
        except AdviserAnonymised:
            await self._pass_over(registration)
        except _DoneByAnother:
            return False
        return True

    async def _carry_out_in(self, tx: Transaction, lock: AdviserLock, context: RequestContext) -> None:
        marked = await session_deeds.mark_done(tx, self.deed.id, lock.id, self.now)
        if marked is None:
            raise _DoneByAnother
        snapshot = await read_snapshot(tx, lock, session=self.deed.session_id)
        has_left = snapshot.registration().request.session.id != self.deed.session_id
        change_set = None if has_left or marked["is_overtaken"] else self._change(snapshot, context)
        if change_set is None:
            return
        if self.deed.kind is SessionDeed.MOVE and snapshot.session is not None:
            read = snapshot.session
            await registrations.change_venue(tx, lock.id, read.place, read.reference)
        await write_change_sets(tx, change_set)

    def _change(self, snapshot: AdviserSnapshot, context: RequestContext) -> ChangeSet | None:
        present, day = snapshot.registration(), civil_date(self.deed.requested_at)
        match self.deed.kind:
            case SessionDeed.CONFIRMATION:
                return summon(snapshot, context)
            case SessionDeed.CANCELLATION:
                return cancel_with_session(snapshot, present, CancellationCause.SESSION_CANCELLED, day, context)
            case SessionDeed.MOVE:  # pragma: no branch  # the last one
                return move_with_session(snapshot, day, context, tells=self.deed.tells)

    async def _pass_over(self, registration: UUID) -> None:
        """Nothing about an anonymised adviser changes any more."""
        async with self.database.transaction() as tx:
            await session_deeds.mark_done(tx, self.deed.id, registration, self.now)

    async def _put_off(self, registration: UUID) -> None:
        async with self.database.transaction() as tx:
            await session_deeds.put_off(tx, self.deed.id, registration, self.now)

    async def _record_progress(self) -> None:
        async with self.database.transaction() as tx:
            reached = await session_deeds.record_progress(tx, self.deed.id, self.now)
            if reached is None or not reached["is_finished"] or not self.deed.tells:
                return
            row = await sessions.read(tx, self.deed.session_id) or {}
            said = {"concerned": reached["concerned"]}
            summary = session_event(EVENT_TYPES[self.deed.kind], row, said, told=True)
            await registrations.write(tx, Changes(events=[event_row(summary, self.now)]))
        self.database.changed.set()


class _DoneByAnother(Exception):  # noqa: N818  # what happened, not a mistake
    """Another worker has done it: this transaction is undone."""
