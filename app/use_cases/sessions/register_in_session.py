"""Register to a published session: decided by the rules as ever, and given a seat, or a place among those who wait."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.admission import Outcome
from app.domain.errors import AdviserAnonymised
from app.domain.facts.module import ModuleCode
from app.domain.facts.registration_terms import Seat
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.persistence.sessions.seats import SessionChangedMeanwhile
from app.persistence.sessions.sessions import SESSIONS
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.errors import MismatchedFields, UnknownReference
from app.use_cases.registrations.register_adviser import NewRegistration, Preview, decide_registration, preview_of
from app.use_cases.registrations.session_venue import Venue
from app.use_cases.request_context import RequestContext
from app.use_cases.sessions.change_session import check_own
from app.use_cases.unknown_references import unknown_references

MAX_READINGS = 5  # of a session that changes while it is registered to: each of its changes is somebody's request


@dataclass(frozen=True, slots=True)
class SessionRegistration:
    """A request as a client states it. Module and organisation are the session's; named, they must be the same.
    `requested_on` None: today in Paris. `regularisation`: the session has started, and the past is recorded."""

    adviser_id: UUID
    session_id: UUID
    module_code: ModuleCode | None = None
    training_organisation_id: UUID | None = None
    requested_on: date | None = None
    employer_agreement: bool = False
    regularisation: bool = False
    id: UUID = field(default_factory=uuid7)

    @property
    def lock(self) -> AdviserLock:
        return AdviserLock(LockTarget.ADVISER, self.adviser_id)


async def register_in_session(
    database: Database, requested: SessionRegistration, context: RequestContext
) -> ReplayableResponse:
    """Decide under the adviser's lock, take the seat under that of the session: one round trip more than without.

    Raise UnknownReference, MismatchedFields, AdviserAnonymised, ImplausibleDate, RegularisationNeeded,
    DuplicateRegistration, SessionCancelled, SessionClosed.
    """
    return await on_the_session_as_it_is(lambda: _register(database, requested, context))


async def on_the_session_as_it_is(attempt: Callable[[], Awaitable[ReplayableResponse]]) -> ReplayableResponse:
    """Try again on a session that was changed meanwhile, MAX_READINGS times in all. Raise SessionChangedMeanwhile, and
    what the attempt raises."""
    for _ in range(MAX_READINGS - 1):
        with suppress(SessionChangedMeanwhile):
            return await attempt()
    return await attempt()


async def _register(database: Database, requested: SessionRegistration, context: RequestContext) -> ReplayableResponse:
    lock = requested.lock
    try:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            tx.add_audit_subjects(requested.id)
            snapshot = await read_snapshot(tx, lock, idempotency=context.idempotency, session=requested.session_id)
            named = _as_carried(requested, snapshot, context)
            return await write_direct_change(tx, decide_registration(named, snapshot, context))
    except NotFound as missing:
        raise await _unknown_references_error(database, requested) from missing


async def preview_in_session(database: Database, requested: SessionRegistration, context: RequestContext) -> Preview:
    """Decide on the present facts, without storing or announcing anything. Raise as `register_in_session`."""
    try:
        snapshot = await read_snapshot(database, requested.lock, session=requested.session_id)
    except NotFound as missing:
        raise await _unknown_references_error(database, requested) from missing
    if snapshot.is_anonymised:
        raise AdviserAnonymised
    previewed = preview_of(_as_carried(requested, snapshot, context), snapshot, context)
    if snapshot.session is None or previewed.decision.outcome is not Outcome.ACCEPTED:
        return previewed
    published = snapshot.session.published
    place = published.waiting + 1 if published.next_seat is Seat.WAITING else None
    return replace(previewed, seat=published.next_seat, place=place)


def _as_carried(requested: SessionRegistration, snapshot: AdviserSnapshot, context: RequestContext) -> NewRegistration:
    """The request with the session's dates, module and organisation.

    Raise UnknownReference, ForeignSession, MismatchedFields, SessionCancelled, SessionClosed.
    """
    read = snapshot.session
    if read is None:
        raise UnknownReference("/session_id")
    published = read.published
    check_own({"training_organisation_id": published.organisation}, context)
    named = {"/module_code": requested.module_code, "/training_organisation_id": requested.training_organisation_id}
    own = {"/module_code": published.module, "/training_organisation_id": published.organisation}
    if differing := [pointer for pointer, value in named.items() if value not in {None, own[pointer]}]:
        raise MismatchedFields(*differing)
    published.check_registration(context.today, regularisation=requested.regularisation)
    return NewRegistration(
        adviser_id=requested.adviser_id,
        module_code=published.module,
        training_organisation_id=published.organisation,
        session=published.session,
        requested_on=requested.requested_on,
        employer_agreement=requested.employer_agreement,
        venue=Venue(read.place, read.reference),
        regularisation=requested.regularisation,
        id=requested.id,
    )


async def _unknown_references_error(reader: Reader, requested: SessionRegistration) -> UnknownReference:
    """It names the adviser, and whatever else of the request does not exist."""
    named = {
        "/session_id": (SESSIONS, requested.session_id),
        "/module_code": (MODULES, requested.module_code),
        "/training_organisation_id": (TRAINING_ORGANISATIONS, requested.training_organisation_id),
    }
    return UnknownReference("/adviser_id", *await unknown_references(reader, named))
