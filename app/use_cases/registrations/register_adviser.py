"""Decide a registration request and remember it (sections 3 and 4)."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.decisions.decision_cascade import Cause, Proceedings, Ruling
from app.domain.errors import AdviserAnonymised
from app.domain.events import decision_event
from app.domain.facts.module import ModuleCode
from app.domain.facts.registration import Registration, RegistrationId, Request, submitted
from app.domain.facts.session import Session
from app.persistence.advisers.adviser_files import Dossier, read_dossier
from app.persistence.engine.database import Database, Reader
from app.persistence.engine.transactions.adviser_locks import Lock, Missing, Target
from app.persistence.engine.transactions.idempotency import Answer
from app.persistence.engine.upsert import MODULES, TRAINING_ORGANISATIONS
from app.use_cases.errors import UnknownReference
from app.use_cases.registrations.session_venue import NOWHERE, Venue
from app.use_cases.request_context import Asked
from app.use_cases.unknown_references import Named, unknown_among
from app.use_cases.write_outcome import Deed, conclude_deed


@dataclass(frozen=True, slots=True)
class Demand:
    """A registration request as a client states it; `requested_on` defaults to today in Paris.

    `id`, of version 7, is chosen by nobody but the demonstration, whose identifiers are the same at each loading.
    """

    adviser_id: UUID
    module_code: ModuleCode
    training_organisation_id: UUID
    session: Session
    requested_on: date | None
    employer_agreement: bool
    venue: Venue = NOWHERE
    id: UUID = field(default_factory=uuid7)


def _submitted(demand: Demand, dossier: Dossier, asked: Asked) -> Registration:
    """Raise UnknownReference when the module or the organisation does not exist."""
    unknown = [
        pointer
        for pointer, found in (("/module_code", dossier.module), ("/training_organisation_id", dossier.organisation))
        if found is None
    ]
    if dossier.module is None or dossier.organisation is None:
        raise UnknownReference(*unknown)
    request = Request(
        module=dossier.module,
        organisation=dossier.organisation,
        session=demand.session,
        requested_on=demand.requested_on or asked.today,
        employer_agreement=demand.employer_agreement,
    )
    return submitted(RegistrationId(demand.id), request, asked.now)


async def _unknown(reader: Reader, demand: Demand) -> UnknownReference:
    """The adviser, and what else the demand names that does not exist."""
    named: Named = {
        "/module_code": (MODULES, demand.module_code),
        "/training_organisation_id": (TRAINING_ORGANISATIONS, demand.training_organisation_id),
    }
    return UnknownReference("/adviser_id", *await unknown_among(reader, named))


def _lock(demand: Demand) -> Lock:
    return Lock(Target.ADVISER, demand.adviser_id)


async def register(database: Database, demand: Demand, asked: Asked) -> Answer:
    """Decide at once, under the adviser's lock; an accepted initial training has the others decided again.

    Raises UnknownReference, AdviserAnonymised, DuplicateRegistration.
    """
    lock = _lock(demand)
    try:
        async with database.transaction(lock, asked.attempt, asked.trace) as tx:
            tx.concerns(demand.id)
            dossier = await read_dossier(
                tx,
                lock,
                attempt=asked.attempt,
                module=demand.module_code,
                organisation=demand.training_organisation_id,
            )
            new = _submitted(demand, dossier, asked)
            proceedings = Proceedings(dossier.file, dossier.policies).ruled(new, Cause.REQUEST)
            proceedings = proceedings.settled(dossier.file, today=asked.today, apart_from=new.id)
            told = decision_event(proceedings.registration(new.id))
            deed = Deed(new.id, (told,), columns=demand.venue.columns())
            return await conclude_deed(tx, dossier.file, proceedings, deed, asked)
    except Missing as missing:
        raise await _unknown(database, demand) from missing


async def preview(database: Database, demand: Demand, asked: Asked) -> Ruling:
    """Decide without storing anything or telling anybody, on the facts of the moment.

    Raises UnknownReference, AdviserAnonymised, DuplicateRegistration.
    """
    try:
        dossier = await read_dossier(
            database, _lock(demand), module=demand.module_code, organisation=demand.training_organisation_id
        )
    except Missing as missing:
        raise await _unknown(database, demand) from missing
    if dossier.is_anonymised:
        raise AdviserAnonymised
    new = _submitted(demand, dossier, asked)
    return Proceedings(dossier.file, dossier.policies).ruled(new, Cause.REQUEST).rulings[-1]
