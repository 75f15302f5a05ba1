"""Carry out what was asked of a whole session: each registration under its adviser's lock, in a transaction of its own.

The transaction that changes a registration marks it as done: a worker that dies leaves the rest to the next, and of two
workers at the same one, the second undoes what it did. Any number of processes may call it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.errors import AdviserAnonymised
from app.domain.facts.calendar import civil_date
from app.domain.facts.published_session import SessionDeed
from app.domain.facts.registration_terms import CancellationCause, RegistrationId
from app.persistence.administration.clients import Client, client_of_row, read_client
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.engine.database import Database, Transaction
from app.persistence.engine.driver_types import Row
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget
from app.persistence.engine.transactions.audit_entries import AuditEntry
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.engine.transactions.transaction_errors import CommitOutcomeUnknown
from app.persistence.registrations import registrations
from app.persistence.registrations.registrations import Changes
from app.persistence.sessions import session_deeds, sessions
from app.persistence.sessions.session_deeds import OpenDeed
from app.use_cases.changes.change_sets import ChangeSet
from app.use_cases.changes.changes_as_rows import event_row
from app.use_cases.changes.write_changes import write_change_sets
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.apply_session_deed import cancel_with_session, move_with_session, summon
from app.use_cases.sessions.change_session import EVENT_TYPES
from app.use_cases.sessions.session_events import session_event

DEEDS_AT_ONCE = 20
BATCH = 50  # registrations of one deed, before another has its turn
ACTIONS = {
    SessionDeed.MOVE: "moveSession",
    SessionDeed.CONFIRMATION: "confirmSession",
    SessionDeed.CANCELLATION: "cancelSession",
}


async def carry_out_session_deeds(database: Database, now: datetime) -> bool:
    """Carry out the next part of each deed that is open; return whether others follow."""
    found = await session_deeds.find_open(database, DEEDS_AT_ONCE)
    for deed in found:
        row = await read_client(database, deed.client_id)
        client = client_of_row(row, None) if row else None
        if client is not None:
            await DeedRun(database, deed, client, now).carry_on()
    return bool(found)


@dataclass(frozen=True, slots=True)
class DeedRun:
    """One deed, on behalf of the client that asked for it."""

    database: Database
    deed: OpenDeed
    client: Client
    now: datetime

    @property
    def context(self) -> RequestContext:
        entry = AuditEntry(self.client.id, ACTIONS[self.deed.kind], self.deed.request_id, self.now)
        return RequestContext(self.client, self.now, _no_response, audit_entry=entry)

    async def carry_on(self) -> None:
        """The next registrations, then what has been reached, and the summary once it is done for all."""
        for registration in await session_deeds.find_targets(self.database, self.deed.id, BATCH):
            try:
                await self._carry_out(registration)
            except AdviserAnonymised:
                await self._pass_over(registration)
            except (_DoneByAnother, CommitOutcomeUnknown):
                continue  # what is stored says whether it is done
        await self._record_progress()

    async def _carry_out(self, registration: UUID) -> None:
        lock, context = AdviserLock(LockTarget.REGISTRATION, registration), self.context
        async with self.database.transaction(lock, audit_entry=context.audit_entry) as tx:
            await self._mark_done(tx, registration)
            snapshot = await read_snapshot(tx, lock, session=self.deed.session_id)
            if snapshot.registration().request.session.id != self.deed.session_id:
                return  # it has left the session since
            change_set = self._change(snapshot, RegistrationId(registration), context)
            if self.deed.kind is SessionDeed.MOVE and snapshot.session is not None:
                read = snapshot.session
                await registrations.change_venue(tx, registration, read.place, read.reference)
            if change_set is not None:
                await write_change_sets(tx, change_set)

    async def _mark_done(self, tx: Transaction, registration: UUID) -> None:
        if not await session_deeds.mark_done(tx, self.deed.id, registration, self.now):
            raise _DoneByAnother

    async def _pass_over(self, registration: UUID) -> None:
        """Nothing about an anonymised adviser changes any more."""
        async with self.database.transaction() as tx:
            await session_deeds.mark_done(tx, self.deed.id, registration, self.now)

    def _change(
        self, snapshot: AdviserSnapshot, registration: RegistrationId, context: RequestContext
    ) -> ChangeSet | None:
        day = civil_date(self.deed.requested_at)
        match self.deed.kind:
            case SessionDeed.CONFIRMATION:
                return summon(snapshot, registration, context)
            case SessionDeed.CANCELLATION:
                present = snapshot.registration(registration)
                return cancel_with_session(snapshot, present, CancellationCause.SESSION_CANCELLED, day, context)
            case SessionDeed.MOVE:  # pragma: no branch  # the last one
                return move_with_session(snapshot, registration, day, context) if self.deed.tells else None

    async def _record_progress(self) -> None:
        async with self.database.transaction() as tx:
            finished = await session_deeds.finish(tx, self.deed.id, self.now)
            if finished is None:
                await session_deeds.record_progress(tx, self.deed.id)
                return
            row = await sessions.read(tx, self.deed.session_id)
            await registrations.write(tx, Changes(events=self._summary(row, finished)))
        self.database.changed.set()

    def _summary(self, row: Row | None, finished: Row) -> list[Row]:
        if row is None or not self.deed.tells:
            return []
        said = {"concerned": finished["concerned"]}
        return [event_row(session_event(EVENT_TYPES[self.deed.kind], row, said, told=True), self.now)]


class _DoneByAnother(Exception):  # noqa: N818  # what happened, not a mistake
    """Another worker has done it: this transaction is undone."""


def _no_response(_: object) -> ReplayableResponse:
    return ReplayableResponse(204, b"", {})
