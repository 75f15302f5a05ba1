"""Decide a registration request and store it with its decision (sections 3 and 4)."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.admission import Decision
from app.domain.decisions.decision_consequences import DecisionCascade
from app.domain.decisions.reconsideration import apply_consequences
from app.domain.decisions.recorded_decisions import Cause
from app.domain.errors import AdviserAnonymised
from app.domain.events import event_type_of_decision
from app.domain.facts.module import ModuleCode
from app.domain.facts.plausible_dates import check_fact, check_first_day
from app.domain.facts.registration import Registration, Request, check_regularisation, new_registration
from app.domain.facts.registration_terms import RegistrationId, Seat
from app.domain.facts.session import Session
from app.persistence.advisers.adviser_files import AdviserSnapshot, read_snapshot
from app.persistence.catalogue import MODULES, TRAINING_ORGANISATIONS
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.transactions.adviser_locks import AdviserLock, LockTarget, NotFound
from app.persistence.engine.transactions.idempotency import ReplayableResponse
from app.use_cases.changes.change_sets import ChangeSet, DirectChange, data_after_the_fact
from app.use_cases.changes.write_changes import write_direct_change
from app.use_cases.errors import UnknownReference
from app.use_cases.registrations.session_venue import NO_VENUE, Venue
from app.use_cases.request_context import RequestContext
from app.use_cases.unknown_references import NamedReferences, unknown_references


@dataclass(frozen=True, slots=True)
class NewRegistration:
    """A registration request as a client states it; `requested_on` None: today in Paris. `regularisation`: the session
    has started, and the past is recorded.

    Only the demonstration chooses `id` (a UUID of version 7), so that its identifiers are the same at each loading.
    """

    adviser_id: UUID
    module_code: ModuleCode
    training_organisation_id: UUID
    session: Session
    requested_on: date | None
    employer_agreement: bool
    venue: Venue = NO_VENUE
    regularisation: bool = False
    id: UUID = field(default_factory=uuid7)


def _to_registration(requested: NewRegistration, snapshot: AdviserSnapshot, context: RequestContext) -> Registration:
    """Raise UnknownReference when the module or the organisation does not exist, ImplausibleDate,
    RegularisationNeeded."""
    if snapshot.module is None or snapshot.organisation is None:
        found = {"/module_code": snapshot.module, "/training_organisation_id": snapshot.organisation}
        raise UnknownReference(*(pointer for pointer, fact in found.items() if fact is None))
    today, first_day = context.today, requested.session.starts_on
    pointer = "/session/starts_on" if requested.session.id is None else "/session_id"
    check_fact("/requested_on", requested.requested_on, today)
    check_first_day(pointer, first_day, snapshot.policies, today)
    check_regularisation(pointer, first_day, today, regularisation=requested.regularisation)
    request = Request(
        module=snapshot.module,
        organisation=snapshot.organisation,
        session=requested.session,
        requested_on=requested.requested_on or today,
        employer_agreement=requested.employer_agreement,
    )
    return new_registration(RegistrationId(requested.id), request, context.now)


async def _unknown_references_error(reader: Reader, requested: NewRegistration) -> UnknownReference:
    """It names the adviser, and whatever else of the request does not exist."""
    named: NamedReferences = {
        "/module_code": (MODULES, requested.module_code),
        "/training_organisation_id": (TRAINING_ORGANISATIONS, requested.training_organisation_id),
    }
    return UnknownReference("/adviser_id", *await unknown_references(reader, named))


def _lock(requested: NewRegistration) -> AdviserLock:
    return AdviserLock(LockTarget.ADVISER, requested.adviser_id)


async def register(database: Database, requested: NewRegistration, context: RequestContext) -> ReplayableResponse:
    """Decide under the adviser's lock; an accepted initial training has the adviser's others decided again.

    Raise UnknownReference, AdviserAnonymised, ImplausibleDate, RegularisationNeeded, DuplicateRegistration.
    """
    lock = _lock(requested)
    try:
        async with database.transaction(lock, context.idempotency, context.audit_entry) as tx:
            tx.add_audit_subjects(requested.id)
            snapshot = await read_snapshot(
                tx,
                lock,
                idempotency=context.idempotency,
                module=requested.module_code,
                organisation=requested.training_organisation_id,
            )
            return await write_direct_change(tx, decide_registration(requested, snapshot, context))
    except NotFound as missing:
        raise await _unknown_references_error(database, requested) from missing


def decide_registration(requested: NewRegistration, snapshot: AdviserSnapshot, context: RequestContext) -> ChangeSet:
    """What registering changes in the file. Of a published session, a seat goes with it.

    Raise UnknownReference, ImplausibleDate, RegularisationNeeded, DuplicateRegistration.
    """
    new = _to_registration(requested, snapshot, context)
    cascade = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(new, Cause.REQUEST)
    cascade = apply_consequences(cascade, snapshot.file, today=context.today, apart_from=new.id)
    event_type = event_type_of_decision(cascade.registration(new.id))
    data = data_after_the_fact(new.first_day, context)
    version = snapshot.session.version if snapshot.session else None
    columns = requested.venue.columns()
    change = DirectChange(new.id, (event_type,), columns=columns, event_data=data, session_version=version)
    return ChangeSet(snapshot.file, cascade, context, (change,))


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would get, and the adviser's registrations that share a day with it. `seat` is that of a published
    session, None when it would get none; `place` that of one that would wait, from 1."""

    decision: Decision
    overlapping: tuple[Registration, ...]
    seat: Seat | None = None
    place: int | None = None


async def preview(database: Database, requested: NewRegistration, context: RequestContext) -> Preview:
    """Decide on the present facts, without storing or announcing anything.

    Raise UnknownReference, AdviserAnonymised, ImplausibleDate, RegularisationNeeded, DuplicateRegistration.
    """
    try:
        snapshot = await read_snapshot(
            database,
            _lock(requested),
            module=requested.module_code,
            organisation=requested.training_organisation_id,
        )
    except NotFound as missing:
        raise await _unknown_references_error(database, requested) from missing
    if snapshot.is_anonymised:
        raise AdviserAnonymised
    return preview_of(requested, snapshot, context)


def preview_of(requested: NewRegistration, snapshot: AdviserSnapshot, context: RequestContext) -> Preview:
    """Raise UnknownReference, ImplausibleDate, RegularisationNeeded, DuplicateRegistration."""
    new = _to_registration(requested, snapshot, context)
    cascade = DecisionCascade(snapshot.file, snapshot.policies).decide_registration(new, Cause.REQUEST)
    return Preview(cascade.decisions[-1].decision, cascade.file.overlapping(cascade.registration(new.id)))
